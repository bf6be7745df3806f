/** All quirks by name. Each kind stands in a file of its own; a new file is added to the list below. */
import { CLOSED_ACCOUNTS, WAITS } from './accounts.ts'
import { BODIES } from './bodies.ts'
import { ERRORS_IN_200 } from './errors-in-200.ts'
import { FORMS } from './forms.ts'
import { TIERS } from './tiers.ts'
import { TRANSPORT } from './transport.ts'
import type { Quirk } from './types.ts'
import { USAGE } from './usage.ts'
import { USELESS } from './useless.ts'
import { WRAPPED } from './wrapped.ts'

const CLEAN = {
  clean: (seen) => ({ body: seen.completion({ role: 'assistant', content: seen.text, refusal: null }) }),
} as const satisfies Readonly<Record<string, Quirk>>

const ALL = {
  ...CLEAN,
  ...WRAPPED,
  ...BODIES,
  ...ERRORS_IN_200,
  ...FORMS,
  ...TRANSPORT,
  ...CLOSED_ACCOUNTS,
  ...WAITS,
  ...USAGE,
  ...TIERS,
  ...USELESS,
}

export type QuirkName = keyof typeof ALL

export const QUIRKS: Readonly<Record<QuirkName, Quirk>> = ALL
