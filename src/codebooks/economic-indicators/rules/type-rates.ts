/** The rules for rates that are percentages whatever they are divided by: rates set by law, of labour, of use, and of bad loans. */
import type { IndicatorType } from '../types.ts'
import { type Rule, type RuleContext, wholeItself } from './context.ts'
import { GDP, KIND_OF_PEOPLE, LAW_RATE, PARTICIPATION, PEOPLE } from './portion-words.ts'

/** Whether a percentage is divided by a group of people, firms or jobs. */
export const isOfPeople = (c: RuleContext) => c.isPercent && PEOPLE.test(wholeItself(c))

/** The rules for such rates, tried in order before the other rules for portions. */
export const RATE_TYPE_RULES: readonly Rule<IndicatorType>[] = [
  {
    rule: 'grant-element',
    value: 'share',
    when: (c) => c.isPercent && /\bgrant element\b/.test(c.head),
    because: 'The average grant element in % is a share (ruling 3).',
  },
  {
    rule: 'rate-set-by-law',
    value: 'percentage',
    when: (c) =>
      c.isPercent &&
      LAW_RATE.test(c.head) &&
      (c.whole === '' || /\bprofits?\b/.test(c.whole)) &&
      !/\bto gdp\b|\brevenues?\b|\bpayment systems?\b/.test(c.head),
    sure: (c) => !/\bcollected\b|\bcompliance\b|\befficiency\b|\bevasion\b/.test(c.head),
    because: 'Tax, tariff and social-security rates are percentages set by law.',
  },
  {
    rule: 'labour-or-utilisation-rate',
    value: 'percentage',
    when: (c) =>
      c.isPercent &&
      PARTICIPATION.test(c.head) &&
      !/\bratio of\b/.test(c.head) &&
      (!KIND_OF_PEOPLE.test(c.head) ||
        /\bunemployment rate\b|\binformal(?:ity)? (?:employment )?rate\b/.test(c.head)) &&
      !/\bcoverage\b|\bbenefit/.test(c.head) &&
      (c.whole === '' || isOfPeople(c) || /\bcapacity\b/.test(c.whole)),
    because: 'Unemployment, participation, employment and utilisation rates are percentages.',
  },
  {
    rule: 'bad-loans',
    value: 'percentage',
    when: (c) =>
      c.isPercent && /\bnon-?performing\b|\bnpls?\b/.test(c.head) && !/ to /.test(c.head) && !GDP.test(c.whole),
    sure: false,
    because: 'Portions of loans are percentages (ruling 37).',
  },
]
