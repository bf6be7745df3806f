/** Checks the JSON that a model answered, which may be anything, and turns it into labels for each key and field asked. */
import { type Codebook, type Field, isValueOf, type LabelValue } from '../codebooks/codebook.ts'
import { isRecord } from '../lib/json.ts'
import { cleanText, cutText, oneLine } from './clean-text.ts'
import { isRuledOut, isSameLabel } from './fields.ts'
import { NONE_OF_THESE } from './prompt.ts'
import type { Decision, Labels } from './types.ts'

export const MAX_REASON_LENGTH = 300
const MAX_TEXT_READ = 10_000
const MAX_UNKNOWN_KEY_LENGTH = 40

/** What was asked of one key. */
export interface AskedKey {
  readonly key: string
  readonly fields: readonly string[]
  /** Labels that were decided before. */
  readonly known?: Labels
}

/** Fields of one key without a usable label, with the reason. */
export interface Unanswered {
  readonly key: string
  readonly fields: readonly string[]
  readonly code: 'no-answer' | 'doubled-answer' | 'invalid-answer' | 'none-of-these'
  readonly message: string
}

export interface ParsedAnswers {
  /** Keys with at least one usable label. */
  readonly decisions: ReadonlyMap<string, Decision>
  readonly unanswered: readonly Unanswered[]
  /** Keys that were answered and never asked; "" for an element without a key. */
  readonly unknown: readonly string[]
}

type Element = Readonly<Record<string, unknown>>

/**
 * Reads an answer of the form `{answers: [...]}` without ever throwing. Each field asked of a key ends either in the key's
 * decision or in `unanswered`, and one bad element or label leaves the others valid.
 */
export function parseAnswers(codebook: Codebook, answer: unknown, asked: readonly AskedKey[]): ParsedAnswers {
  const elementsByKey = new Map<string, Element[]>(asked.map(({ key }) => [key, []]))
  const unknown: string[] = []
  for (const element of elementsOf(answer)) {
    const key = typeof element.key === 'string' ? element.key : ''
    const elements = elementsByKey.get(key)
    if (elements === undefined) unknown.push(cutText(cleanText(key.slice(0, 100)), MAX_UNKNOWN_KEY_LENGTH))
    else elements.push(element)
  }
  const decisions = new Map<string, Decision>()
  const unanswered: Unanswered[] = []
  for (const one of asked) {
    const { key } = one
    const { decision, open } = readElements(codebook, one, elementsByKey.get(key) ?? [])
    if (decision !== null) decisions.set(key, decision)
    const byReason = Map.groupBy(open, ({ code, message }) => JSON.stringify([code, message]))
    for (const group of byReason.values()) {
      const [{ code, message } = { code: 'no-answer' as const, message: '' }] = group
      unanswered.push({ key, fields: group.map(({ field }) => field), code, message })
    }
  }
  return { decisions, unanswered, unknown }
}

interface Open {
  readonly field: string
  readonly code: Unanswered['code']
  readonly message: string
}

function readElements(codebook: Codebook, { fields, known = {} }: AskedKey, elements: readonly Element[]) {
  const labels: Record<string, LabelValue> = {}
  const confidence: Record<string, number> = {}
  const open: Open[] = []
  const leftOut: string[] = []
  for (const field of fields) {
    const found = elements.flatMap((element) => labelsOf(element).filter((one) => one.field === field))
    const read = found.map((one) => readLabel(codebook, field, one))
    const [first] = read
    if (first === undefined) leftOut.push(field)
    else if (!read.every((other) => isAlike(first, other))) {
      open.push({ field, code: 'doubled-answer', message: 'the model answered twice, differently' })
    } else if ('code' in first) open.push({ field, ...first })
    else {
      labels[field] = first.value
      confidence[field] = first.confidence
    }
  }
  for (const field of leftOut) {
    const conditions = codebook.field.get(field)?.appliesWhen ?? {}
    // A field that the other labels rule out has the label null, whether or not the model says so.
    if (isRuledOut({ ...known, ...labels }, conditions)) {
      labels[field] = null
      confidence[field] = Math.min(...Object.keys(conditions).map((name) => confidence[name] ?? 1))
    } else open.push({ field, code: 'no-answer', message: 'the model left it out' })
  }
  const decision = Object.keys(labels).length === 0 ? null : { labels, confidence, reason: reasonOf(elements) }
  return { decision, open }
}

type ReadLabel = { readonly value: LabelValue; readonly confidence: number } | Pick<Open, 'code' | 'message'>

function readLabel(codebook: Codebook, name: string, { value, confidence }: Element): ReadLabel {
  const field = codebook.field.get(name)
  if (field === undefined) return { code: 'invalid-answer', message: `there is no field ${name}` }
  const normal = normalValue(field, value)
  const isNone =
    normal === NONE_OF_THESE || (Array.isArray(normal) && normal.length === 1 && normal[0] === NONE_OF_THESE)
  if (isNone && field.type.kind === 'codes') {
    return { code: 'none-of-these', message: `${name}: none of the codes shown fits` }
  }
  if (!isValueOf(field, normal)) return { code: 'invalid-answer', message: `${name}: not a value of the codebook` }
  const sure = readPercent(confidence)
  if (sure === null) return { code: 'invalid-answer', message: `${name}: the confidence must be 0 to 100` }
  return { value: normal, confidence: sure }
}

/** Drops repeated values of a list, and makes a text of the model's own safe to store and to print. */
function normalValue({ multi, type }: Field, value: unknown): unknown {
  if (multi !== null && Array.isArray(value)) return [...new Set(value as unknown[])]
  const isOwnText = type.kind === 'text' || type.kind === 'pattern'
  return isOwnText && typeof value === 'string' ? oneLine(value.slice(0, MAX_TEXT_READ)) : value
}

/**
 * Turns a percentage into a number from 0 to 1; null for anything else. A fraction between 0 and 1 is refused, because 0.9 may
 * mean 90 % or 0.9 %.
 */
export function readPercent(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value) || (value > 0 && value < 1)) return null
  return Math.min(100, Math.max(0, value)) / 100
}

function isAlike(one: ReadLabel, other: ReadLabel): boolean {
  if ('code' in one || 'code' in other) return 'code' in one && 'code' in other && one.code === other.code
  return isSameLabel(one.value, other.value) && one.confidence === other.confidence
}

function reasonOf(elements: readonly Element[]): string {
  const said = elements.map(({ reason }) => reason).find((reason) => typeof reason === 'string') ?? ''
  return cutText(oneLine(said.slice(0, MAX_TEXT_READ)), MAX_REASON_LENGTH)
}

function elementsOf(answer: unknown): readonly Element[] {
  return isRecord(answer) && Array.isArray(answer.answers)
    ? answer.answers.map((one) => (isRecord(one) ? one : {}))
    : []
}

function labelsOf({ labels }: Element): readonly Element[] {
  return Array.isArray(labels) ? labels.filter(isRecord) : []
}
