/** The rules for the types share, ratio and percentage, which differ by what an amount is divided by. */
import type { IndicatorType } from '../types.ts'
import type { Rule } from './context.ts'
import {
  CONDITION,
  CONDITION_IN_PERCENT_UNSURE,
  CONDITION_OF_PEOPLE_UNSURE,
  CROSSES_GROUPS,
  DEPENDENCY_RATIO,
  GDP,
  KIND_OF_PEOPLE,
  MONEY_WHOLE,
  NAME_RATIO,
  NET_OF_FLOWS,
  NOT_PART_OF_GDP,
  NOT_PART_OF_GDP_UNSURE,
  PART_OF_FLOW_UNSURE,
  PART_OF_GDP,
  PER_HEAD,
  STATE_WHOLE,
} from './portion-words.ts'
import { DEBT, DEBT_SERVICE } from './shared-words.ts'
import { isOfPeople, RATE_TYPE_RULES } from './type-rates.ts'

/** The rules for shares, ratios and percentages, tried in order after the rules for prices and before those for amounts. */
export const PORTION_TYPE_RULES: readonly Rule<IndicatorType>[] = [
  ...RATE_TYPE_RULES,
  {
    rule: 'per-head',
    value: 'ratio',
    when: (c) =>
      PER_HEAD.test(c.head) &&
      !c.isBarePercent &&
      !/^(?:index|duration)$/.test(c.unit.kind) &&
      !/\bper capita income tax\b/.test(c.head),
    because: 'An amount per head is a ratio.',
  },
  {
    rule: 'per-gdp-per-head',
    value: 'ratio',
    when: (c) => c.isPercent && PER_HEAD.test(c.whole),
    because: 'It is divided by income per head, which does not contain it.',
  },
  {
    rule: 'not-part-of-gdp',
    value: 'ratio',
    when: (c) =>
      c.isPercent &&
      (GDP.test(c.whole) || / as (?:a )?(?:share|percent(?:age)?|proportion) of (?:gdp|gni)$/.test(c.head)) &&
      NOT_PART_OF_GDP.test(c.head) &&
      !/\bconsumption expenditure\b/.test(c.head),
    sure: (c) => !NOT_PART_OF_GDP_UNSURE.test(c.head),
    because: 'It is divided by GDP, which does not contain it.',
  },
  {
    rule: 'trade-to-gdp',
    value: 'ratio',
    when: (c) => c.isPercent && GDP.test(c.whole) && /\bexports?\b|\bimports?\b|\btrade\b/.test(c.head),
    sure: (c) => /\bimports\b|\btrade\b/.test(c.head) && !/\bgdp from\b/.test(c.head),
    because: 'Trade is divided by GDP, which does not contain it.',
  },
  {
    rule: 'part-of-gdp',
    value: 'share',
    when: (c) => c.isPercent && GDP.test(c.whole) && PART_OF_GDP.test(c.head),
    because: 'It is a part of the GDP it is divided by.',
  },
  {
    rule: 'saving-to-gdp',
    value: 'ratio',
    when: (c) => c.isPercent && GDP.test(c.whole) && /\bsavings?\b/.test(c.head),
    because: 'Saving to GDP is a ratio (ruling 33).',
  },
  {
    rule: 'divided-by-gdp',
    value: 'ratio',
    when: (c) => c.isPercent && GDP.test(c.whole),
    sure: false,
    because: 'It is divided by GDP, and the name does not tell whether GDP contains it.',
  },
  {
    rule: 'debt-service-to-something',
    value: 'ratio',
    when: (c) =>
      c.isPercent &&
      c.whole !== '' &&
      (DEBT_SERVICE.test(c.head) || DEBT.test(c.head) || CROSSES_GROUPS.test(c.head)) &&
      !/\bdebt\b|\bloans\b|\bdebt service\b|\bsector\b/.test(c.whole) &&
      !(/\binterest\b/.test(c.head) && /\bexpense\b/.test(c.whole)),
    sure: (c) => !isOfPeople(c),
    because: 'It is divided by a different quantity.',
  },
  {
    rule: 'reserves-to-debt',
    value: 'ratio',
    when: (c) => c.isPercent && /\breserves\b/.test(c.head) && /\bdebt\b|\bimports\b|\bgdp\b/.test(c.whole),
    because: 'Reserves are divided by a different quantity.',
  },
  {
    rule: 'dependency-ratio',
    value: 'ratio',
    when: (c) => DEPENDENCY_RATIO.test(c.name),
    sure: (c) => c.unit.kind !== 'count' && !/\bmargin\b|\breturn on\b/.test(c.name),
    because: 'The name divides one quantity by a different one.',
  },
  {
    rule: 'npl-share',
    value: 'share',
    when: (c) => c.isPercent && /\bnon-?performing loans?\b|\bnpls?\b/.test(c.head),
    sure: false,
    because: 'Bad loans are a part of the loans they are divided by.',
  },
  {
    rule: 'kind-of-people',
    value: 'share',
    when: (c) =>
      c.isPercent &&
      (isOfPeople(c) || /\btotal\b/.test(c.whole) || c.isBarePercent) &&
      KIND_OF_PEOPLE.test(c.head) &&
      !/^trained\b|\bexposed\b|\bneet\b|\bnot in (?:employment|education)\b|\bslums\b|\bat risk\b|\bsavings?\b/.test(
        c.head,
      ),
    sure: (c) =>
      !/\bpersistence\b/.test(c.head) && (isOfPeople(c) || c.whole !== '' || /share|held by|women in/.test(c.head)),
    because: 'It says which kind the people are (ruling 3).',
  },
  {
    rule: 'condition-of-people',
    value: 'percentage',
    when: (c) =>
      (isOfPeople(c) && !/^(?:extent|degree) (?:of|to which)\b/.test(c.head)) ||
      (c.isPercent && /\bbirths attended\b|\bexposed\b/.test(c.head)),
    sure: (c) => !CONDITION_OF_PEOPLE_UNSURE.test(c.head),
    because: 'It is the portion of people or firms with a condition, experience or achievement.',
  },
  {
    rule: 'condition-in-percent',
    value: 'percentage',
    when: (c) =>
      (c.isBarePercent || (c.unit.kind === 'unknown' && /\bprevalence\b|\bliteracy\b/.test(c.head))) &&
      CONDITION.test(c.head) &&
      !/\bbinding\b|\bshare held\b/.test(c.head),
    sure: (c) => !CONDITION_IN_PERCENT_UNSURE.test(c.head),
    because: 'The name says a condition or achievement of people, measured in percent.',
  },
  {
    rule: 'part-of-state',
    value: 'share',
    when: (c) => c.isPercent && STATE_WHOLE.test(c.whole) && !/\bexpenditure\b/.test(c.whole),
    sure: (c) => !/\bmortality\b|\bwithdrawals?\b|\breserves\b/.test(c.head),
    because: 'It is a part of the stock it is divided by.',
  },
  {
    rule: 'net-of-flows-to-something',
    value: 'ratio',
    when: (c) => c.isPercent && c.whole !== '' && NET_OF_FLOWS.test(c.head),
    sure: false,
    because: 'A net of two flows can go below zero, so it is no part of a whole.',
  },
  {
    rule: 'part-of-flow',
    value: 'share',
    when: (c) => c.isPercent && MONEY_WHOLE.test(c.whole),
    sure: (c) => !PART_OF_FLOW_UNSURE.test(`${c.head} ${c.whole}`),
    because: 'It is a part of the whole it is divided by.',
  },
  {
    rule: 'name-share',
    value: 'share',
    // A turnover ratio of shares is excluded, because those shares are securities and no part of a total.
    when: (c) =>
      c.isPercent && /\bshares?\b|\bcomposition\b|\bproportion\b/.test(c.head) && !/\bturnover ratio\b/.test(c.head),
    sure: (c) =>
      /\bshare of\b|\bincome share\b|\bcomposition\b/.test(c.head) &&
      !/\btariff lines\b|\byouth not\b|\b(?:imports|exports) in gdp\b/.test(c.head),
    because: 'The name says share or composition.',
  },
  {
    rule: 'savings-rate',
    value: 'share',
    when: (c) => c.isBarePercent && /\bsavings?\b/.test(c.head),
    sure: false,
    because: 'Savings are a part of the income they are divided by.',
  },
  {
    rule: 'units-per-number',
    value: 'ratio',
    when: (c) => c.unit.kind === 'rate' || c.unit.kind === 'ratio',
    sure: (c) => !/\bindex\b|\bmortality rate, adult/.test(c.head),
    because: 'It is divided by a different quantity or counted per number of people.',
  },
  {
    rule: 'name-ratio',
    value: 'ratio',
    when: (c) =>
      (c.isPercent ||
        c.unit.kind === 'unknown' ||
        (c.unit.kind === 'duration' && /\bimport cover\b|\b(?:days|months) of (?:net )?imports\b/.test(c.head))) &&
      NAME_RATIO.test(c.head),
    sure: (c) => /\bratio\b/.test(c.head) && / to /.test(c.head),
    because: 'The name divides one quantity by another.',
  },
  {
    rule: 'degree-of-implementation',
    value: 'index',
    when: (c) => c.isPercent && /^(?:\([\w.]+\) ?)?(?:degree|extent) (?:of|to which)\b/.test(c.head),
    sure: false,
    because: 'A degree of implementation or readiness is a score (ruling 38).',
  },
  {
    rule: 'percent-of-something',
    value: 'percentage',
    when: (c) => c.isPercent,
    sure: false,
    because: 'It is measured in percent and nothing more is known.',
  },
]
