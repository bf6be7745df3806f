import { pattern } from '../readers/pattern.ts'
import type { IndicatorType } from '../types.ts'
import type { Context, Rule } from './context.ts'
import { CHANGE, COUNTED_EVENT, COUNTED_STATE } from './shared-words.ts'

const NAME_TIME = pattern`
  \blife expectancy\b|\byears of schooling\b|\bworking hours\b|\bhours worked\b|\blead time\b
`
const CAPACITY_SURE = pattern`
  \b(?:installed|refin\w+|generat\w+|production|storage|hospital(?:-bed)?|power|nameplate|port) capacity\b
`
const MONEY_PER_OTHER = pattern`
  \bproductivity\b|\bper (?:person|worker|unit|hectare|capita|hour)\b
`
const MONEY_PER_OTHER_SURE = pattern`
  \bproductivity\b|\bintensity\b|\bper\b|\byield\b|\bemissions\b
`
const MEDIAN_INCOME = pattern`
  \b(?:median|average|mean) (?:\w+ )?income\b|\bmean consumption\b
`
const NET_POSITION = pattern`
  \bnet (?:foreign|external|international|open|worth)|\binvestment position\b
`
const NET_POSITION_NOT = pattern`
  \binflow|\boutflow|\bflows\b|\bdirect\b|\bportfolio\b|\bpurchases\b
`
const NET_OF_TWO_FLOWS_DOUBT = pattern`
  \bnet (?:primary|secondary|current|taxes|acquisition|incurrence|profit|income|sales|savings
  |investment in nonfinancial)|\badjusted\b|\bnational\b|\bdiscrepancy\b|\bcash\b|\bemissions\b
  |\bnet (?:premium|interest)
`
const EXTERNAL_FINANCE_NET = pattern`
  \bterms of trade adjustment\b|\bforeign (?:bond|stock|securities) investment\b|\btic flows\b
`
const STOCK_OF_MONEY_DOUBT = pattern`
  \bresidual\b|\blending\b|\bcredit cards?\b|\bspending\b|\bdebt (?:stock )?(?:reduction|rescheduled)\b|\brevenue\b
  |\bcredits\b
`
const STOCK_OF_THINGS = pattern`
  ^(?:sq\.? ?km|hectares?|km2|acres?|(?:thousand|million) hectares)
`

const NET = pattern`
  \bnet\b(?! of tax)|\bbalance\b(?! sheets?)|\bcurrent account\b|\bcapital account\b|\bfinancial account\b
  |\bbudget\b|\bcapital flows?\b|\bdeficit\b|\bsurplus\b|\berrors and omissions\b|\bcapital and financial\b
  |\bbop\b|\bfiscal balance\b|\bdiscrepancy\b|\bnet\/|\blending\/borrowing\b
`
/** What a description says of a series whose name does not say net (ruling 4). */
const NET_IN_DESCRIPTION = pattern`
  \bdisbursements minus\b|\b(?:minus|net of) (?:principal )?repayments\b
`
const NET_STOCK = pattern`
  \bnet (?:foreign|domestic|external|international|claims|reserves|open|debt|worth|credit)
  |\bnet .{0,20}(?:position|assets|debt|credit)\b
`
const STOCK = pattern`
  \bdebts?\b(?! service| forgiveness| buyback)|\bmoney supply\b|\bm[0-4]\b|\bbroad money\b|\breserves?\b
  |\bloans?\b|\bcredits?\b|\bbalance sheets?\b|\bstocks?\b(?! traded| market trading)|\binventories\b
  |\bmarket capitali[sz]ation\b|\bdeposits\b|\bassets\b|\bliabilities\b|\barrears\b|\bclaims (?:on|of)\b
  |\bholdings?\b|\bland\b|\barea\b|\bmonetary base\b|\bcurrency in circulation\b|\bcash in circulation\b
  |\boutstanding\b|\bpublic debt\b|\binternational investment position\b|\bmortgages?\b|\bexposures?\b
  |\bsavings deposits\b|\bnet worth\b|\bcapital stock\b|\brail lines\b|\bundisbursed\b|\bloan portfolio\b
  |\bin storage\b|\bgas storage\b|\bbills outstanding\b|\bgovernment bonds\b
`
const GRANTED = pattern`
  \b(?:new|granted|originations?|disbursements?|commitments?|forgiven|forgiveness|rescheduled|buyback
  |reduction|issued|issuance|purchases|repurchases|service|repayments?|charges|payments?)\b
`
const PRODUCED = pattern`
  \bproduction\b|\bproduced\b|\boutput\b|\bconsumption\b|\bexports?\b|\bimports?\b|\bgenerat|\bemissions?\b
  |\bprecipitation\b|\brainfall\b|\bfreight\b|\bwithdrawals?\b|\bdemand\b|\bsupply\b|\bsales\b|\bdeliveries\b
  |\bshipments?\b|\bcatch\b|\bharvest\b|\btraffic\b|\bgoods transported\b|\bpassengers carried\b|\bremovals\b
  |\bthroughput\b|\bcargo\b|\bdischarge\b|\bwaste\b|\buse\b|\bslaughter|\brefin
`
const FLOW = pattern`
  \bgdp\b|\bgni\b|\bgnp\b|\bgross (?:domestic|national)\b|\bexports?\b|\bimports?\b|\bspending\b
  |\bexpenditures?\b|\bexpenses?\b|\brevenues?\b|\binvestments?\b|\bcapital formation\b|\bremittances\b
  |\bdirect investment\b|\baid\b|\bgrants?\b|\bsales\b|\bturnover\b|\bprofits?\b|\bincome\b|\bvalue added\b
  |\bconsumption\b|\boutput\b|\bproduction\b|\breceipts\b|\bpayments?\b|\bdisbursements\b|\bcommitments\b
  |\btax(?:es)?\b|\bsavings?\b|\borders\b|\bcompensation\b|\bsubsidies\b|\binterest\b|\btourism\b|\bcharges\b
  |\bduties\b|\bcontributions\b|\btrade\b|\bconstruction\b|\btransfers\b|\bdebt service\b|\brents\b|\bdamage\b
  |\bdepletion\b|\bforgiven|\brescheduled\b|\bbuyback\b|\bstocks traded\b|\bwages\b|\bdividends\b
  |\bshipments\b|\bweapons\b|\bbenefits\b|\bprincipal\b|\bremitt|\bfdi\b|\bdemand\b|\bpurchases\b|\bcosts\b
  |\bbonuses\b|\bissuance\b|\btransactions\b
`
/** What the World Bank's debt tables put before the currency: stock, net flows, and gross flows either way. */
const LEDGER_STOCK = /^(?:dod|und)\b/
const LEDGER_NET = /^(?:nfl|ntr)\b/
const LEDGER_FLOW = /^(?:dis|com|amt|int|tds)\b/

const amount = (c: Context) => c.money || c.unit.kind === 'physical' || c.unit.kind === 'unknown'
const stockHead = (c: Context) => STOCK.test(c.head) && !GRANTED.test(c.head)

export const AMOUNT_RULES: readonly Rule<IndicatorType>[] = [
  {
    rule: 'units-time',
    value: 'duration',
    when: (c) => c.unit.kind === 'duration' && !/\bimports\b|\bimport cover\b/.test(c.head),
    because: 'The units are a length of time.',
  },
  {
    rule: 'name-time',
    value: 'duration',
    when: (c) => c.unit.kind === 'unknown' && NAME_TIME.test(c.head),
    because: 'The name says a length of time.',
  },
  {
    rule: 'capacity',
    value: 'capacity',
    when: (c) =>
      /\bcapacity\b/.test(c.head) &&
      !/\bcapacity to\b|\butili[sz]ation\b|\bstatistical\b|\bused\b/.test(c.head) &&
      !c.percent &&
      c.unit.kind !== 'rate',
    sure: (c) => CAPACITY_SURE.test(c.head),
    because: 'The name says the most that can be produced, held or served.',
  },
  {
    rule: 'net-of-people',
    value: 'balance',
    when: (c) => c.unit.kind === 'count' && /^net (?:\w+ )?migration\b/.test(c.head),
    sure: false,
    because: 'People who come less people who go are a net of two flows.',
  },
  {
    rule: 'ledger-stock',
    value: 'stock',
    when: (c) => c.money && LEDGER_STOCK.test(c.units),
    sure: (c) => c.units.startsWith('dod'),
    because: 'The units say debt outstanding.',
  },
  {
    rule: 'ledger-net',
    value: 'balance',
    when: (c) => c.money && LEDGER_NET.test(c.units),
    because: 'The units say net flows or net transfers.',
  },
  {
    rule: 'ledger-flow',
    value: 'flow',
    when: (c) => c.money && LEDGER_FLOW.test(c.units) && !/\bnet\b/.test(c.head),
    because: 'The units say gross disbursements, commitments or payments.',
  },
  {
    rule: 'money-per-other',
    value: 'ratio',
    when: (c) =>
      (c.money || c.unit.kind === 'physical') &&
      ((c.unit.per !== null && !/^(?:day|week|month|quarter|year|annum)$/.test(c.unit.per)) ||
        MONEY_PER_OTHER.test(c.head)),
    sure: (c) => MONEY_PER_OTHER_SURE.test(c.head),
    because: 'The amount is divided by a different quantity.',
  },
  {
    rule: 'median-income',
    value: 'ratio',
    when: (c) => c.money && MEDIAN_INCOME.test(c.head),
    sure: false,
    because: 'Income of one person of a population is a ratio.',
  },
  {
    rule: 'change-of-amount',
    value: 'balance',
    when: (c) => amount(c) && CHANGE.test(c.head) && c.unit.kind !== 'unknown',
    sure: (c) =>
      /^(?:net |total )?changes? in\b|\binventor|\bstocks? change\b|\bchange in (?:stocks|reserves)/.test(c.head),
    because: 'A change of an amount of money or volume is a balance (ruling 4).',
  },
  {
    rule: 'net-position',
    value: 'balance',
    when: (c) => c.money && NET_POSITION.test(c.head) && !NET_POSITION_NOT.test(c.head),
    sure: (c) => /\bposition\b/.test(c.head),
    because: 'It is a net of two opposing positions.',
  },
  {
    rule: 'net-of-two-flows',
    value: 'balance',
    when: (c) =>
      amount(c) &&
      c.unit.kind !== 'unknown' &&
      (NET.test(c.head) || (c.money && NET_IN_DESCRIPTION.test(c.description))) &&
      !NET_STOCK.test(c.head) &&
      !/\bfinancing\b/.test(c.head) &&
      !(/\bbudget\b/.test(c.head) && /\b(?:revenues?|expenditures?|spending|income|outlays|receipts)\b/.test(c.head)),
    sure: (c) => !NET_OF_TWO_FLOWS_DOUBT.test(c.head) || /\bnational account/.test(c.head),
    because: 'The name says a net of two opposing flows.',
  },
  {
    rule: 'external-finance-net',
    value: 'balance',
    when: (c) => c.money && EXTERNAL_FINANCE_NET.test(c.head),
    sure: false,
    because: 'It is published as a net figure.',
  },
  {
    rule: 'stock-of-money',
    value: 'stock',
    when: (c) => c.money && stockHead(c),
    sure: (c) => !c.units.startsWith('bop') && !STOCK_OF_MONEY_DOUBT.test(c.head),
    because: 'The name says an amount of money that exists at a date.',
  },
  {
    rule: 'stock-of-things',
    value: 'stock',
    when: (c) =>
      (c.unit.kind === 'physical' ||
        (c.unit.kind === 'count' &&
          /\bstocks?\b|\binventor/.test(c.head) &&
          !/\bmigrant\b|\btrading\b/.test(c.head))) &&
      (((stockHead(c) || /\bcropland\b|\bforest\b|\bsurface\b/.test(c.head)) && !PRODUCED.test(c.head)) ||
        (STOCK_OF_THINGS.test(c.units) && !/\bburn|\bloss|\bharvest/.test(c.head))),
    sure: (c) => !/\bresources\b/.test(c.head),
    because: 'The name says a physical amount that exists at a date.',
  },
  {
    rule: 'volume',
    value: 'volume',
    when: (c) => c.unit.kind === 'physical',
    sure: (c) => PRODUCED.test(c.head) || PRODUCED.test(c.name),
    because: 'It is a physical quantity over a period.',
  },
  {
    rule: 'count',
    value: 'count',
    when: (c) => c.unit.kind === 'count',
    sure: (c) =>
      c.unitSure &&
      (COUNTED_STATE.test(c.head) || COUNTED_EVENT.test(c.head) || /\bprocedures\b|\bnumber\b/.test(c.head)) &&
      !/\bmigration\b|\bcapacity\b|\bteu\b|\bweapons\b/.test(`${c.head} ${c.units}`),
    because: 'The units or the name count people, things or events.',
  },
  {
    rule: 'flow',
    value: 'flow',
    when: (c) => c.money,
    sure: (c) => FLOW.test(c.head) && !/\badjusted\b|\bterms of trade\b|\bincrease in\b/.test(c.head),
    because: 'It is money over a period.',
  },
  {
    rule: 'name-flow-no-units',
    value: 'flow',
    when: (c) => FLOW.test(c.head),
    sure: false,
    because: 'The name says money over a period, but there are no units.',
  },
  {
    rule: 'name-stock-no-units',
    value: 'stock',
    when: (c) => STOCK.test(c.head),
    sure: false,
    because: 'The name says an amount at a date, but there are no units.',
  },
  {
    rule: 'nothing-known',
    value: 'other',
    when: () => true,
    sure: false,
    because: 'Neither name nor units say what is measured.',
  },
]
