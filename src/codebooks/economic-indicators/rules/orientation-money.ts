/** The rules for the orientation of debt, aid, balances and other money that some pay and others receive. */
import { pattern } from '../readers/pattern.ts'
import type { Orientation } from '../types.ts'
import { PROCEDURES } from './aggregation-words.ts'
import type { Rule, TypedContext } from './context.ts'
import { AID, BAD, BALANCE_GOOD } from './orientation-words.ts'
import { DEBT_SERVICE } from './shared-words.ts'

/** Names of the use of energy, of a fuel or of electricity, also where the fuel stands behind ("consumption from coal"). */
const ENERGY_USE = pattern`
  \b(?:energy|electricity|power|fuels?|coal|oil|gas|petroleum|gasoline|diesel|biofuels?|hydropower|nuclear|solar|wind
  |renewables)\b.{0,20}\b(?:consumption|use|demand)\b|\bconsumption of (?:\w+ )?(?:energy|electricity|fuels?|coal|oil|gas|petroleum)\b
`
/** The rules for money, tried in order for indicators of every type. */
export const MONEY_ORIENTATION_RULES: readonly Rule<Orientation, TypedContext>[] = [
  {
    rule: 'energy-use',
    value: 'neutral',
    when: (s) => ENERGY_USE.test(s.head) && !/\bgdp per\b|\bintensity\b|\bemissions\b/.test(s.head),
    because: 'Use of energy is neutral, in all, per head and as a change (ruling 22).',
  },
  {
    rule: 'red-tape',
    value: 'lower-is-positive',
    when: (s) => s.type === 'count' && PROCEDURES.test(s.head),
    because: 'Every further step costs people time.',
  },
  {
    rule: 'borrowed-by-the-state',
    value: 'lower-is-positive',
    when: (s) =>
      s.type === 'balance' && /\bnet (?:borrowing|cash requirement)\b|\bborrowing requirement\b/.test(s.head),
    because: 'It is a deficit stated as a positive number.',
  },
  {
    rule: 'debt-relief',
    value: 'higher-is-positive',
    when: (s) => /\bforgiven?|\bforgiveness\b|\bdebt (?:stock )?reduction\b/.test(s.head),
    sure: false,
    because: 'Debt that is forgiven does not have to be paid.',
  },
  {
    rule: 'rescheduled',
    value: 'neutral',
    when: (s) => /\breschedul/.test(s.head),
    sure: false,
    because: 'Rescheduling moves a burden to a later time.',
  },
  {
    rule: 'aid',
    value: 'neutral',
    when: (s) => AID.test(s.head),
    sure: (s) => !/\bgrants?\b/.test(s.head),
    because: 'Aid given and external financing are neutral (ruling 12).',
  },
  {
    rule: 'debt-service',
    value: 'lower-is-positive',
    when: (s) => DEBT_SERVICE.test(s.head) || (s.isMoney && /^(?:tds|amt|int)\b/.test(s.units)),
    because: 'Debt service is paid by the people.',
  },
  {
    rule: 'net-debt-flows',
    value: 'neutral',
    when: (s) => s.isMoney && /^(?:nfl|ntr|dis|com|und)\b/.test(s.units),
    because: 'External financing is neutral (ruling 12).',
  },
  {
    rule: 'debt-outstanding',
    value: 'lower-is-positive',
    when: (s) => s.isMoney && /^(?:dod)\b/.test(s.units),
    because: 'Debt owed is a burden (ruling 12).',
  },
  {
    rule: 'change-in-inventories',
    value: 'neutral',
    when: (s) => /\binventor/.test(s.head) && !/\bsales\b/.test(s.head) && s.type !== 'growth-rate',
    because: 'Inventories are neither good nor bad.',
  },
  {
    rule: 'balance-good',
    value: 'higher-is-positive',
    when: (s) =>
      BALANCE_GOOD.test(s.head) &&
      !/\bgross debt\b|\bdebt$/.test(s.head) &&
      (!/\bdeficit\b/.test(s.head) || /\bsurplus\b/.test(s.head)),
    because: 'Surpluses of trade, current account and budget are good.',
  },
  {
    rule: 'tourism-earned',
    value: 'higher-is-positive',
    when: (s) => /\btourism\b/.test(s.head) && /\brevenues?\b|\breceipts\b|\barrivals\b/.test(s.head),
    because: 'Tourists bring income.',
  },
  {
    rule: 'reserves-to-imports',
    value: 'higher-is-positive',
    when: (s) => /\bimport cover\b|\b(?:days|months) of (?:net )?imports\b/.test(s.head),
    sure: false,
    because: 'Reserves that last longer are better.',
  },
  {
    rule: 'reserves-to-debt',
    value: 'higher-is-positive',
    when: (s) => s.type === 'ratio' && /\breserves to\b/.test(s.head),
    sure: false,
    because: 'More reserves for the same debt are better.',
  },
  {
    rule: 'tractors',
    value: 'higher-is-positive',
    when: (s) => /\btractors\b/.test(s.head) && !/\bimports?\b|\bprices?\b|\bstocks\b|\bloans\b/.test(s.head),
    because: 'Tractors are good (ruling 12).',
  },
  {
    rule: 'fdi-in',
    value: 'higher-is-positive',
    when: (s) =>
      /\bforeign direct\b|\bfdi\b|\bdirect investment\b/.test(s.head) && !/\boutflow|\babroad\b/.test(s.head),
    sure: (s) => !/, net$|\bincome on\b/.test(s.head),
    because: 'FDI inflow is good (ruling 12).',
  },
  {
    rule: 'remittances-in',
    value: 'higher-is-positive',
    when: (s) => /\bremittances\b/.test(s.head) && !/\bpaid\b|\boutflow|\bcost\b|\bsending\b/.test(s.head),
    because: 'Remittances received are income.',
  },
  {
    rule: 'claims-held',
    value: 'neutral',
    when: (s) => s.isMoney && s.type === 'stock' && /\bclaims\b/.test(s.head),
    sure: (s) => /\bclaims (?:on|of)\b/.test(s.head),
    because: 'Claims of banks are assets of one side (ruling 19).',
  },
  {
    rule: 'securities-issued',
    value: 'neutral',
    when: (s) =>
      s.isMoney &&
      /^(?:flow|balance)$/.test(s.type) &&
      /\b(?:issues|issuance)\b/.test(s.head) &&
      /\b(?:securities|bonds?|debt)\b/.test(s.head),
    sure: false,
    because: 'What is raised on markets is external financing (ruling 12).',
  },
  {
    rule: 'forest-area',
    value: 'higher-is-positive',
    when: (s) => s.type === 'stock' && /\bforest\b/.test(s.head),
    sure: (s) => /\bforest area\b/.test(s.head),
    because: 'More forest is better (ruling 35).',
  },
  {
    rule: 'exports-and-imports-of-a-ledger',
    value: 'higher-is-positive',
    when: (s) => s.type === 'flow' && /^credits\b(?! to\b)/.test(s.head),
    sure: false,
    because: 'The credits of a balance of payments are exports.',
  },
  {
    rule: 'spending-for-a-purpose',
    value: 'neutral',
    when: (s) =>
      /\b(?:health|education|research)\b.{0,20}\b(?:expenditures?|spending)\b|\bgerd\b|\bexpenditures? on r&d\b/.test(
        s.head,
      ) && !BAD.test(s.head),
    sure: (s) => !/\bresearch\b|\bgerd\b|r&d/.test(s.head),
    because: 'Spending for whatever purpose is neutral (rulings 23 and 33).',
  },
]
