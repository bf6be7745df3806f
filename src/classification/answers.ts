/** From a model's answer, which is as hostile as any input, to one checked decision for each key asked. */
import { z } from 'zod'
import { cleanText, cutText } from './clean-text.ts'
import { AGGREGATIONS, DECIDED_FIELDS, ORIENTATIONS, TYPES } from './codebook.ts'
import type { Decision } from './types.ts'

export const MAX_REASON_LENGTH = 300
const MAX_UNKNOWN_KEY_LENGTH = 40

/** Whole percents to 0..1. What lies between 0 and 1 is a fraction from a model that misread the unit: no guess. */
const percent = z
  .number()
  .refine((value) => value <= 0 || value >= 1, { error: 'must be 0 to 100, got a fraction' })
  .transform((value) => Math.min(100, Math.max(0, value)) / 100)

const answerSchema = z.object({
  // One line: it is printed, and a second line could pass for one of ours.
  reason: z
    .string()
    .transform((reason) => cutText(cleanText(reason.slice(0, 10_000)).replace(/\s+/g, ' '), MAX_REASON_LENGTH)),
  type: z.enum(TYPES),
  temporal_aggregation: z.enum(AGGREGATIONS),
  orientation: z.enum(ORIENTATIONS),
  confidence: z.object({ type: percent, temporal_aggregation: percent, orientation: percent }),
})

export interface AnswerProblems {
  /** Asked, not answered. */
  readonly missing: readonly string[]
  /** Answered more than once, not alike: no decision. */
  readonly doubled: readonly string[]
  /** Answered, never asked; "" for an element without a key. One entry an element, cut to 40 characters. */
  readonly unknown: readonly string[]
  /** Answered with something that the codebook does not know. */
  readonly invalid: readonly { readonly key: string; readonly message: string }[]
}

export interface ParsedAnswers {
  readonly decisions: ReadonlyMap<string, Decision>
  readonly problems: AnswerProblems
}

/**
 * Reads `{answers: [...]}`. Every key asked ends in exactly one of `decisions`, `missing`, `doubled` and `invalid`, and
 * one bad element never spoils the others. Never throws, whatever JSON comes.
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

/** Alike in what they decide and how surely; the words of the reason may differ. Bad answers are alike in being bad. */
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

/** The first fault with its path. The values are left out: they may be long and are the model's words. */
function messageOf(error: z.ZodError): string {
  const [issue] = error.issues
  if (issue === undefined) return 'not an answer'
  return `${issue.path.join('.') || 'answer'}: ${issue.message}`
}
