/** Names that the parts of the checker share. */

/** The catalogues that are driven at the same time: one is new in every run, the other is the same one again and again. */
export const DRIVERS = ['fresh', 'same'] as const
export type Driver = (typeof DRIVERS)[number]

/** The version of the prompt of the other release, which also stands in its prompt. */
export const PROMPT_MARK = 'pchaos'
