/** The rules for the types that are amounts or have none of the earlier types: durations, capacities, balances, stocks, volumes, counts and flows. */
import { NAMES_AMOUNT } from '../readers/unit-words.ts'
import type { IndicatorType } from '../types.ts'
import {
  CAPACITY_SURE,
  EXTERNAL_FINANCE_NET,
  FLOW,
  GRANTED,
  LEDGER_FLOW,
  LEDGER_NET,
  LEDGER_STOCK,
  MEDIAN_INCOME,
  MONEY_PER_OTHER,
  MONEY_PER_OTHER_SURE,
  NAME_TIME,
  NET,
  NET_IN_DESCRIPTION,
  NET_OF_TWO_FLOWS_UNSURE,
  NET_POSITION,
  NET_POSITION_EXCLUDED,
  NET_STOCK,
  PRODUCED,
  STOCK,
  STOCK_OF_MONEY_UNSURE,
  STOCK_OF_THINGS,
} from './amount-words.ts'
import type { Rule, RuleContext } from './context.ts'
import { CHANGE, COUNTED_EVENT, COUNTED_STATE } from './shared-words.ts'

const isAmount = (c: RuleContext) => c.isMoney || c.unit.kind === 'physical' || c.unit.kind === 'unknown'
/** The credits of a balance of payments are flows, unlike credit that is owed. */
const CREDITS_AND_DEBITS = /^(?:credits|debits)\b(?! to\b)/
const namesStock = (c: RuleContext) => STOCK.test(c.head) && !GRANTED.test(c.head) && !CREDITS_AND_DEBITS.test(c.head)

/** The rules for amounts, tried in order after all other rules for the type. The last rule fits every indicator. */
export const AMOUNT_TYPE_RULES: readonly Rule<IndicatorType>[] = [
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
    rule: 'money-per-other',
    value: 'ratio',
    when: (c) =>
      (c.isMoney || c.unit.kind === 'physical') &&
      ((c.unit.per !== null && !/^(?:day|week|month|quarter|year|annum)$/.test(c.unit.per)) ||
        MONEY_PER_OTHER.test(c.head)),
    sure: (c) => MONEY_PER_OTHER_SURE.test(c.head),
    because: 'The amount is divided by a different quantity.',
  },
  {
    rule: 'capacity',
    value: 'capacity',
    when: (c) =>
      /\bcapacity\b/.test(c.head) &&
      !/\bcapacity to\b|\butili[sz]ation\b|\bstatistical\b|\bused\b/.test(c.head) &&
      !c.isPercent &&
      c.unit.kind !== 'rate',
    sure: (c) => CAPACITY_SURE.test(c.head),
    because: 'The name says the most that can be produced, held or served.',
  },
  {
    rule: 'net-of-people',
    value: 'balance',
    when: (c) => c.unit.kind === 'count' && /^net (?:\w+ )?migration\b/.test(c.head),
    sure: false,
    because: 'Arrivals minus departures of people are a net of two flows.',
  },
  {
    rule: 'ledger-stock',
    value: 'stock',
    when: (c) => c.isMoney && LEDGER_STOCK.test(c.units),
    sure: (c) => c.units.startsWith('dod'),
    because: 'The units are those of outstanding debt.',
  },
  {
    rule: 'ledger-net',
    value: 'balance',
    when: (c) => c.isMoney && LEDGER_NET.test(c.units),
    because: 'The units are those of net flows or net transfers.',
  },
  {
    rule: 'ledger-flow',
    value: 'flow',
    when: (c) => c.isMoney && LEDGER_FLOW.test(c.units) && !/\bnet\b/.test(c.head),
    because: 'The units are those of gross disbursements, commitments or payments.',
  },
  {
    rule: 'median-income',
    value: 'ratio',
    when: (c) => c.isMoney && MEDIAN_INCOME.test(c.head),
    sure: false,
    because: 'Income of one person of a population is a ratio.',
  },
  {
    rule: 'change-of-amount',
    value: 'balance',
    when: (c) => isAmount(c) && CHANGE.test(c.head) && c.unit.kind !== 'unknown',
    sure: (c) =>
      /^(?:net |total )?changes? in\b|\binventor|\bstocks? change\b|\bchange in (?:stocks|reserves)/.test(c.head),
    because: 'A change of an amount of money or volume is a balance (ruling 4).',
  },
  {
    rule: 'net-position',
    value: 'balance',
    when: (c) => c.isMoney && NET_POSITION.test(c.head) && !NET_POSITION_EXCLUDED.test(c.head),
    sure: (c) => /\bposition\b|\bnet foreign assets\b|\bnet financial assets\b/.test(c.head),
    because: 'It is a net of two opposing positions.',
  },
  {
    rule: 'net-of-two-flows',
    value: 'balance',
    when: (c) =>
      isAmount(c) &&
      c.unit.kind !== 'unknown' &&
      (NET.test(c.head) || (c.isMoney && NET_IN_DESCRIPTION.test(c.description))) &&
      !NET_STOCK.test(c.head) &&
      !/\bfinancing\b/.test(c.head) &&
      !(/\bbudget\b/.test(c.head) && /\b(?:revenues?|expenditures?|spending|income|outlays|receipts)\b/.test(c.head)),
    sure: (c) => !NET_OF_TWO_FLOWS_UNSURE.test(c.head) || /\bnational account/.test(c.head),
    because: 'The name says a net of two opposing flows.',
  },
  {
    rule: 'external-finance-net',
    value: 'balance',
    when: (c) => c.isMoney && EXTERNAL_FINANCE_NET.test(c.head),
    sure: false,
    because: 'It is published as a net figure.',
  },
  {
    rule: 'stock-of-money',
    value: 'stock',
    when: (c) => c.isMoney && namesStock(c),
    sure: (c) => !c.units.startsWith('bop') && !STOCK_OF_MONEY_UNSURE.test(c.head),
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
      (((namesStock(c) || /\bcropland\b|\bforest\b|\bsurface\b/.test(c.head)) && !PRODUCED.test(c.head)) ||
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
    when: (c) => c.unit.kind === 'count' && (c.unitSure || !NAMES_AMOUNT.test(c.head)),
    sure: (c) =>
      c.unitSure &&
      (COUNTED_STATE.test(c.head) || COUNTED_EVENT.test(c.head) || /\bprocedures\b|\bnumber\b/.test(c.head)) &&
      !/\bmigration\b|\bcapacity\b|\bteu\b|\bweapons\b/.test(`${c.head} ${c.units}`),
    because: 'The units or the name count people, things or events.',
  },
  {
    rule: 'flow',
    value: 'flow',
    when: (c) => c.isMoney,
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
