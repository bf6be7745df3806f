/** Checks the JSON that a model answered, which may be anything, and turns it into labels for each key and field asked. */
import { type Codebook, type Field, type FieldKind, isValueOf, type LabelValue } from '../codebooks/codebook.ts'
import { isRecord } from '../lib/json/json.ts'
import { cleanText, cutText, fold, MAX_TEXT_READ, oneLine } from './clean-text.ts'
import { isRuledOut, isSameLabel } from './fields.ts'
import { NONE_OF_THESE } from './prompt.ts'
import type { Decision, Labels } from './types.ts'

export const MAX_REASON_LENGTH = 300
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

/** How the confidences of an answer count: in percent as the schema asks, or from 0 to 1. */
type Scale = 'percent' | 'fraction'

/**
 * Reads an answer of the form `{answers: [...]}` without ever throwing. Each field asked of a key ends either in the key's
 * decision or in `unanswered`, and one bad element or label leaves the others valid. Names, values and confidences that are
 * only written in another way than the schema asks (in capitals, as texts) are read as what they mean; what they mean must
 * then be a value of the codebook.
 */
export function parseAnswers(codebook: Codebook, answer: unknown, asked: readonly AskedKey[]): ParsedAnswers {
  const elementsByKey = new Map<string, Element[]>(asked.map(({ key }) => [key, []]))
  const unknown: string[] = []
  const answered = elementsOf(answer)
  const scale = scaleOf(answered)
  for (const element of answered) {
    const key = typeof element.key === 'string' ? element.key : ''
    const elements = elementsByKey.get(key) ?? elementsByKey.get(key.slice(0, 100).trim().toLowerCase())
    if (elements === undefined) unknown.push(cutText(cleanText(key.slice(0, 100)), MAX_UNKNOWN_KEY_LENGTH))
    else elements.push(element)
  }
  const decisions = new Map<string, Decision>()
  const unanswered: Unanswered[] = []
  for (const one of asked) {
    const { key } = one
    const { decision, open } = readElements(codebook, one, elementsByKey.get(key) ?? [], scale)
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

function readElements(
  codebook: Codebook,
  { fields, known = {} }: AskedKey,
  elements: readonly Element[],
  scale: Scale,
) {
  const labels: Record<string, LabelValue> = {}
  const confidence: Record<string, number> = {}
  const open: Open[] = []
  const leftOut: string[] = []
  const labelsByName = Map.groupBy(elements.flatMap(labelsOf), (one) => fold(one.field))
  for (const field of fields) {
    const found = labelsByName.get(fold(field)) ?? []
    const read = found.map((one) => readLabel(codebook, field, one, scale))
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

function readLabel(codebook: Codebook, name: string, { value, confidence }: Element, scale: Scale): ReadLabel {
  const field = codebook.field.get(name)
  if (field === undefined) return { code: 'invalid-answer', message: `there is no field ${name}` }
  const normal = normalValue(field, value)
  const isNone =
    normal === NONE_OF_THESE || (Array.isArray(normal) && normal.length === 1 && normal[0] === NONE_OF_THESE)
  if (isNone && field.type.kind === 'codes') {
    return { code: 'none-of-these', message: `${name}: none of the codes shown fits` }
  }
  if (!isValueOf(field, normal)) return { code: 'invalid-answer', message: `${name}: not a value of the codebook` }
  const sure = readConfidence(confidence, scale)
  if (sure === null) return { code: 'invalid-answer', message: `${name}: the confidence must be 0 to 100` }
  return { value: normal, confidence: sure }
}

/**
 * Turns a value that is only written in another way into the value of the field that it means, drops repeated values of a
 * list, and makes a text of the model's own safe to store and to print. A value that means none of the field's is returned as
 * it is.
 */
function normalValue(field: Field, value: unknown): unknown {
  if (isValueOf(field, value) && !isOwnText(field.type)) return value
  if (field.nullable && fold(value) === 'null') return null
  if (field.multi === null) return normalSingle(field.type, value)
  return Array.isArray(value) ? [...new Set(value.map((one: unknown) => normalSingle(field.type, one)))] : value
}

function normalSingle(type: FieldKind, value: unknown): unknown {
  if (typeof value !== 'string') return value
  if (isOwnText(type)) return oneLine(value.slice(0, MAX_TEXT_READ))
  if (type.kind === 'number') return NUMBER.test(value) ? Number(value) : value
  const folded = fold(value)
  if (type.kind === 'codes') return folded === NONE_OF_THESE ? NONE_OF_THESE : (foldedCodes(type).get(folded) ?? value)
  const meant = type.kind === 'values' ? type.values.filter((known) => fold(known.value) === folded) : []
  return meant.length === 1 ? meant[0]?.value : value
}

const NUMBER = /^\s{0,9}[+-]?\d{1,20}(?:\.\d{1,20})?\s{0,9}$/

const isOwnText = ({ kind }: FieldKind) => kind === 'text' || kind === 'pattern'

const FOLDED_CODES = new WeakMap<FieldKind, ReadonlyMap<string, string>>()

/** The codes of a list by their folded form, without those that another code has in common. */
function foldedCodes(type: FieldKind & { readonly kind: 'codes' }): ReadonlyMap<string, string> {
  const known = FOLDED_CODES.get(type)
  if (known !== undefined) return known
  const groups = [...Map.groupBy(type.list.byCode.keys(), fold)].filter(([, codes]) => codes.length === 1)
  const folded = new Map(groups.map(([key, [code = '']]) => [key, code]))
  FOLDED_CODES.set(type, folded)
  return folded
}

/** What words say of a confidence, in percent. A medium one is too low to stand. */
const WORDS: Readonly<Record<string, number>> = {
  'very-high': 95,
  high: 90,
  medium: 50,
  moderate: 50,
  low: 20,
  'very-low': 5,
}

/** A confidence as text: a number, which may be a part of a hundred by its own words. */
const CONFIDENCE = /^([+-]?\d{1,20}(?:[.,]\d{1,20})?)\s{0,9}(%|\uff05|percent|per cent|pct\.?|\/\s?100)?$/i

/** What a confidence states. `isPercent`: it says by itself that it is a percentage, by a sign or a word. */
interface Stated {
  readonly number: number
  readonly isPercent: boolean
}

/** What a confidence states as a number, a text or a word; undefined where it states none. */
function statedBy(value: unknown): Stated | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? { number: value, isPercent: false } : undefined
  if (typeof value !== 'string') return undefined
  const [, number, sign] = CONFIDENCE.exec(value.slice(0, 60).trim()) ?? []
  if (number !== undefined) return { number: Number(number.replace(',', '.')), isPercent: sign !== undefined }
  const word = fold(value)
  const percent = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined
  return percent === undefined ? undefined : { number: percent, isPercent: true }
}

/** The scale of an answer's bare confidences: beside nothing greater than 1, a number between 0 and 1 is no percentage. */
function scaleOf(elements: readonly Element[]): Scale {
  const stated = elements.flatMap(labelsOf).flatMap(({ confidence }) => statedBy(confidence) ?? [])
  const isFraction = stated.every((one) => one.number <= 1 && !one.isPercent) && stated.some(isUnclear)
  return isFraction ? 'fraction' : 'percent'
}

/** Whether nothing but the scale of the answer tells what a confidence means. */
const isUnclear = ({ number, isPercent }: Stated) => number > 0 && number < 1 && !isPercent

function readConfidence(value: unknown, scale: Scale): number | null {
  if (scale === 'percent') return readPercent(value)
  const stated = statedBy(value)
  return stated === undefined ? null : within01(stated.number)
}

const within01 = (share: number) => Math.round(Math.min(1, Math.max(0, share)) * 1e6) / 1e6

/**
 * Turns a percentage, which may be a text such as "95 %" or a word such as "high", into a number from 0 to 1; null for anything
 * else. A bare fraction between 0 and 1 is refused, because 0.9 may mean 90 % or 0.9 %.
 */
export function readPercent(value: unknown): number | null {
  const stated = statedBy(value)
  return stated === undefined || isUnclear(stated) ? null : within01(stated.number / 100)
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

/** The labels of an element: a list, or an object with a label under the name of each field. */
function labelsOf({ labels }: Element): readonly Element[] {
  if (Array.isArray(labels)) return labels.filter(isRecord)
  if (!isRecord(labels)) return []
  return Object.entries(labels).flatMap(([field, label]) => (isRecord(label) ? [{ ...label, field }] : []))
}
