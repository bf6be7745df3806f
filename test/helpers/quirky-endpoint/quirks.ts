/** All quirks by name. Each kind stands in a file of its own; a new file is added to the list below. */
import type { Quirk } from './types.ts'
import { USAGE } from './usage.ts'
import { WRAPPED } from './wrapped.ts'

const CLEAN = {
  clean: (seen) => ({ body: seen.completion({ role: 'assistant', content: seen.text, refusal: null }) }),
} as const satisfies Readonly<Record<string, Quirk>>

const ALL = { ...CLEAN, ...WRAPPED, ...USAGE }

export type QuirkName = keyof typeof ALL

export const QUIRKS: Readonly<Record<QuirkName, Quirk>> = ALL
