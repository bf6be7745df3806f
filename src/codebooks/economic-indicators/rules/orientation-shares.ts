/** The rules for the orientation of shares. */
import type { Orientation } from '../types.ts'
import type { Rule, TypedContext } from './context.ts'
import { BAD, BAD_SHARE_EXCLUDED, OTHER_SHARE_UNSURE } from './orientation-words.ts'

const isShare = (s: TypedContext) => s.type === 'share'

/** The rules for indicators of type share, tried in order. The last rule fits every share. */
export const SHARE_ORIENTATION_RULES: readonly Rule<Orientation, TypedContext>[] = [
  {
    rule: 'bad-share',
    value: 'lower-is-positive',
    when: (s) => isShare(s) && BAD.test(s.head) && !BAD_SHARE_EXCLUDED.test(s.head),
    because: 'It is the share of something bad.',
  },
  {
    rule: 'child-labour',
    value: 'lower-is-positive',
    when: (s) => isShare(s) && /\bchild(?:ren)? (?:employment|in employment)\b/.test(s.head),
    because: 'Child labour is bad (ruling 12).',
  },
  {
    rule: 'time-lost',
    value: 'lower-is-positive',
    when: (s) => isShare(s) && /\btime spent\b|\blosses\b|\bvalue lost\b/.test(s.head),
    because: 'A loss is bad.',
  },
  {
    rule: 'women-in-power',
    value: 'higher-is-positive',
    when: (s) => isShare(s) && /\bheld by women\b|\bfemale share of\b|\bwomen in parliament\b/.test(s.head),
    because: 'More women in such posts is progress.',
  },
  {
    rule: 'grant-element',
    value: 'higher-is-positive',
    when: (s) => isShare(s) && s.head.includes('grant element'),
    because: 'A higher grant element is better (ruling 3).',
  },
  {
    rule: 'protected-part',
    value: 'higher-is-positive',
    when: (s) => isShare(s) && /\bprotected\b/.test(s.head),
    sure: false,
    because: 'More protection is better.',
  },
  {
    rule: 'part-of-income',
    value: 'higher-is-positive',
    when: (s) => isShare(s) && /\bsavings?\b/.test(s.head),
    sure: false,
    because: 'Saving is counted as good (ruling 33).',
  },
  {
    rule: 'other-share',
    value: 'neutral',
    when: isShare,
    sure: (s) =>
      (s.whole !== '' || /\bshare (?:of|held)\b|\bcomposition\b/.test(s.head)) && !OTHER_SHARE_UNSURE.test(s.head),
    because: 'Most shares are neutral.',
  },
]
