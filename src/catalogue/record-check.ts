/** Checks one raw record against the schema of an indicator, with messages that name the field and quote its value. */
import { type NormalisedIndicator, parseIndicator } from '../classification/indicator.ts'
import type { Problem } from './problem-report.ts'
import { showValue } from './problem-report.ts'

const MAX_FIELDS_SHOWN = 8

export type Checked =
  | { readonly ok: true; readonly normalised: NormalisedIndicator }
  | { readonly ok: false; readonly problems: readonly Problem[] }

/**
 * Returns the normalised indicator of a record, or the problems of the record. Where the `names` of what the record has are given, the
 * message about a missing field lists them.
 */
export function checkRecord(
  value: Readonly<Record<string, unknown>>,
  line: number,
  names: readonly string[] | undefined,
): Checked {
  const parsed = parseIndicator(value)
  if (parsed.ok) return { ok: true, normalised: parsed }
  const problems = parsed.problems.map(({ path, message }) => {
    const got = valueAt(value, path)
    return { line, field: path, message: got === undefined ? missing(names) : worded(message, got) }
  })
  return { ok: false, problems }
}

/** Builds the message about a missing field, which lists the `names` that the record has, where they are given. */
function missing(names: readonly string[] | undefined): string {
  if (names === undefined) return 'is missing'
  const rest = names.length > MAX_FIELDS_SHOWN ? ` and ${names.length - MAX_FIELDS_SHOWN} more` : ''
  return `is missing; the record has ${names.slice(0, MAX_FIELDS_SHOWN).map(showValue).join(', ') || 'no field'}${rest}`
}

/** Rewords a message of the schema: replaces zod's own wording and adds the faulty value. */
function worded(message: string, got: unknown): string {
  const expected = /^Invalid input: expected (\w+)/.exec(message)?.[1]
  if (expected !== undefined) return `must be of type ${expected}, got ${showValue(got)}`
  return `${message}; the value is ${showValue(got)}`
}

/** Returns the value at a dotted path such as `sample_values.0.date`, or undefined where the path leads nowhere. */
function valueAt(value: unknown, path: string): unknown {
  let at: unknown = value
  for (const key of path === '' ? [] : path.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
    at = Reflect.get(at, key)
  }
  return at
}
