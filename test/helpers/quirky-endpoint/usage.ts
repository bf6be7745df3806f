/** Quirks of endpoints that answer rightly, but say of the tokens what no bill could say; and of one that is paid for nothing. */
import { message, type Quirk, type Seen } from './types.ts'

const withUsage =
  (usage: (seen: Seen) => unknown): Quirk =>
  (seen) =>
    message(seen, { content: seen.text }, {}, { usage: usage(seen) })
const tokens = (input: unknown, output: unknown) =>
  withUsage(() => ({ prompt_tokens: input, completion_tokens: output, total_tokens: 1 }))

export const USAGE = {
  'usage-missing': withUsage(() => undefined),
  'usage-null': withUsage(() => null),
  'usage-empty': withUsage(() => ({})),
  'usage-text': tokens('1200', '80'),
  'usage-words': withUsage(() => 'many'),
  'usage-negative': tokens(-5, -1),
  'usage-zero': tokens(0, 0),
  'usage-fraction': tokens(1_000.5, 80.25),
  'usage-1e308': withUsage((seen) => ({ prompt_tokens: 1e308, completion_tokens: 1e308, seen: seen.index })),
  'usage-9e18': tokens(9e18, 9e18),
  'usage-9e15': tokens(9e15, 9e15),
  'usage-output-only-wild': withUsage(({ tokens: { input } }) => ({ prompt_tokens: input, completion_tokens: 1e9 })),
  'usage-cached-wild': withUsage(({ tokens: { input, output } }) => ({
    prompt_tokens: input,
    completion_tokens: output,
    prompt_tokens_details: { cached_tokens: 9e15, cache_write_tokens: -1 },
  })),
  /** Words that are no answer, as long as a clean one, which the provider bills. */
  nonsense: (seen) => message(seen, { content: 'lorem ipsum '.repeat(Math.ceil(seen.text.length / 12)) }),
  'nonsense-without-usage': (seen) =>
    message(seen, { content: 'lorem ipsum '.repeat(Math.ceil(seen.text.length / 12)) }, {}, { usage: undefined }),
} as const satisfies Readonly<Record<string, Quirk>>
