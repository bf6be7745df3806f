/** Checks the JSON that a model answered, which may be anything, and turns it into one decision for each key asked. */
import { z } from 'zod'
import { cleanText, cutText } from './clean-text.ts'
import { AGGREGATIONS, DECIDED_FIELDS, ORIENTATIONS, TYPES } from './codebook.ts'
import type { Decision } from './types.ts'

export const MAX_REASON_LENGTH = 300
const MAX_UNKNOWN_KEY_LENGTH = 40

/**
 * The schema that turns a percentage into a number from 0 to 1. A fraction between 0 and 1 is refused, because 0.9 may mean
 * 90 % or 0.9 %.
 */
const percent = z
  .number()
  .refine((value) => value <= 0 || value >= 1, { error: 'must be 0 to 100, got a fraction' })
  .transform((value) => Math.min(100, Math.max(0, value)) / 100)

const answerSchema = z.object({
  // The reason becomes one line, because a second line would look like output of this program where the reason is printed.
  reason: z
    .string()
    .transform((reason) => cutText(cleanText(reason.slice(0, 10_000)).replace(/\s+/g, ' '), MAX_REASON_LENGTH)),
  type: z.enum(TYPES),
  temporal_aggregation: z.enum(AGGREGATIONS),
  orientation: z.enum(ORIENTATIONS),
  confidence: z.object({ type: percent, temporal_aggregation: percent, orientation: percent }),
})

/** The faults of one answer, by the keys of the indicators at fault. The journal fixes the property names. */
export interface AnswerProblems {
  /** Keys of indicators that the request asked about and the answer left out. */
  readonly missing: readonly string[]
  /** Keys that have several answers with different labels, so that none of these answers counts. */
  readonly doubled: readonly string[]
  /** Keys that the answer holds although the request did not, cut to 40 characters; "" stands for an element without a key. */
  readonly unknown: readonly string[]
  /** Keys whose answer has a label or a confidence that the codebook does not allow. */
  readonly invalid: readonly { readonly key: string; readonly message: string }[]
}

export interface ParsedAnswers {
  readonly decisions: ReadonlyMap<string, Decision>
  readonly problems: AnswerProblems
}

/**
 * Reads an answer of the form `{answers: [...]}` without ever throwing. Every key of `keys` ends in exactly one of
 * `decisions`, `missing`, `doubled` and `invalid`, and one bad element leaves the other elements valid.
 */
export function parseAnswers(answer: unknown, keys: readonly string[]): ParsedAnswers {
  const elementsByKey = new Map<string, unknown[]>(keys.map((key) => [key, []]))
  const unknown: string[] = []
  for (const element of elementsOf(answer)) {
    const key = keyOf(element)
    const elements = elementsByKey.get(key)
    if (elements === undefined) unknown.push(cutText(cleanText(key.slice(0, 100)), MAX_UNKNOWN_KEY_LENGTH))
    else elements.push(element)
  }

  const decisions = new Map<string, Decision>()
  const missing: string[] = []
  const doubled: string[] = []
  const invalid: { key: string; message: string }[] = []
  for (const [key, elements] of elementsByKey) {
    if (elements.length === 0) {
      missing.push(key)
      continue
    }
    const parsed = elements.map((element) => answerSchema.safeParse(element))
    const [first] = parsed
    if (first === undefined || !parsed.every((other) => isSameAnswer(first, other))) doubled.push(key)
    else if (first.success) decisions.set(key, first.data)
    else invalid.push({ key, message: messageOf(first.error) })
  }
  return { decisions, problems: { missing, doubled, unknown, invalid } }
}

type Checked = z.ZodSafeParseResult<Decision>

/**
 * Whether two answers to one key have the same labels and confidences; their reasons may differ. Two invalid answers count as
 * the same answer.
 */
function isSameAnswer(one: Checked, other: Checked): boolean {
  if (!one.success || !other.success) return one.success === other.success
  const [a, b] = [one.data, other.data]
  return DECIDED_FIELDS.every((field) => a[field] === b[field] && a.confidence[field] === b.confidence[field])
}

function elementsOf(answer: unknown): readonly unknown[] {
  if (typeof answer !== 'object' || answer === null || !('answers' in answer)) return []
  return Array.isArray(answer.answers) ? answer.answers : []
}

function keyOf(element: unknown): string {
  if (typeof element !== 'object' || element === null || !('key' in element)) return ''
  return typeof element.key === 'string' ? element.key : ''
}

/**
 * Returns the first fault of an answer with its path. The faulty value is left out, because a model wrote it and it may be
 * long.
 */
function messageOf(error: z.ZodError): string {
  const [issue] = error.issues
  if (issue === undefined) return 'not an answer'
  return `${issue.path.join('.') || 'answer'}: ${issue.message}`
}
