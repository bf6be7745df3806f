/** The rules for the orientation of flags, which take that of what "yes" means (ruling 21 of the codebook). */
import { pattern } from '../readers/pattern.ts'
import type { Orientation } from '../types.ts'
import type { Rule, TypedContext } from './context.ts'
import { LAW_FOR_EQUALITY } from './orientation-words.ts'

const YES_IS_BAD = pattern`
  \brecessions?\b|\bwars?\b|\bconflicts?\b|\bcris[ie]s\b|\brestrict|\bban(?:ned|s)?\b|\bcoups?\b|\bdefaults?\b|\bsanctions?\b
`
const YES_IS_GOOD = pattern`
  \bpart(?:y|ies)\b|\btreat(?:y|ies)\b|\bprotocol\b|\bconvention\b|\brights?\b|\bplans?\b|\bpolic(?:y|ies)\b|\bstrateg(?:y|ies)\b
  |\bservices?\b|\bmechanisms?\b|\binstitutions?\b|\bframeworks?\b|\binstruments?\b|\blegislation\b
`

const isFlag = (s: TypedContext) => s.unit.kind === 'flag'

/** The rules for flags, tried in order. The last rule fits every flag. */
export const FLAG_ORIENTATION_RULES: readonly Rule<Orientation, TypedContext>[] = [
  {
    rule: 'law-for-equality',
    value: 'higher-is-positive',
    when: (s) => isFlag(s) && LAW_FOR_EQUALITY.test(s.head),
    because: 'A law for equality or protection is good for the people.',
  },
  {
    rule: 'flag-of-harm',
    value: 'lower-is-positive',
    when: (s) => isFlag(s) && YES_IS_BAD.test(s.name),
    sure: false,
    because: 'Yes means a harm, such as a recession or a restriction (ruling 21).',
  },
  {
    rule: 'flag-of-a-right',
    value: 'higher-is-positive',
    when: (s) => isFlag(s) && YES_IS_GOOD.test(s.head),
    sure: false,
    because: 'Yes means a right, a plan, a treaty or a service (ruling 21).',
  },
  {
    rule: 'flag',
    value: 'neutral',
    when: isFlag,
    sure: false,
    because: 'It is not known whether a yes is good.',
  },
]
