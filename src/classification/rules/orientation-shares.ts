import type { Orientation } from '../types.ts'
import type { Rule, TypedContext } from './context.ts'
import { BAD, BAD_SHARE_EXCLUDED, OTHER_SHARE_UNSURE } from './orientation-words.ts'

const share = (s: TypedContext) => s.type === 'share'

export const SHARE_ORIENTATION_RULES: readonly Rule<Orientation, TypedContext>[] = [
  {
    rule: 'bad-share',
    value: 'lower-is-positive',
    when: (s) => share(s) && BAD.test(s.head) && !BAD_SHARE_EXCLUDED.test(s.head),
    because: 'The part that is counted is bad.',
  },
  {
    rule: 'child-labour',
    value: 'lower-is-positive',
    when: (s) => share(s) && /\bchild(?:ren)? (?:employment|in employment)\b/.test(s.head),
    because: 'Child labour is bad (ruling 12).',
  },
  {
    rule: 'time-lost',
    value: 'lower-is-positive',
    when: (s) => share(s) && /\btime spent\b|\blosses\b|\bvalue lost\b/.test(s.head),
    because: 'What is lost is bad.',
  },
  {
    rule: 'women-in-power',
    value: 'higher-is-positive',
    when: (s) => share(s) && /\bheld by women\b|\bfemale share of\b|\bwomen in parliament\b/.test(s.head),
    because: 'More women in such posts is progress.',
  },
  {
    rule: 'grant-element',
    value: 'higher-is-positive',
    when: (s) => share(s) && s.head.includes('grant element'),
    because: 'A higher grant element is better (ruling 3).',
  },
  {
    rule: 'protected-part',
    value: 'higher-is-positive',
    when: (s) => share(s) && /\bprotected\b/.test(s.head),
    sure: false,
    because: 'What is protected is kept for the people.',
  },
  {
    rule: 'part-of-income',
    value: 'higher-is-positive',
    when: (s) => share(s) && /\bsavings?\b|\binvestment\b|\bcapital formation\b/.test(s.head),
    sure: false,
    because: 'Saving and investing is taken as good.',
  },
  {
    rule: 'other-share',
    value: 'neutral',
    when: share,
    sure: (s) =>
      (s.whole !== '' || /\bshare (?:of|held)\b|\bcomposition\b/.test(s.head)) && !OTHER_SHARE_UNSURE.test(s.head),
    because: 'Most shares are neutral.',
  },
]
