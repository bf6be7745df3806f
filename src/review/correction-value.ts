/** Reads the label that a person wrote for a field of a codebook, in pure functions. */
import { showValue } from '../catalogue/problem-report.ts'
import type { Shortlister } from '../classification/shortlist.ts'
import type { Field, FieldKind } from '../codebooks/codebook.ts'
import type { LabelValue } from '../codebooks/types.ts'
import { nearestName } from '../lib/nearest-name.ts'
import { isCode, readCodeText } from './code-text.ts'
import type { CorrectionText } from './decision.ts'
import { formOf } from './value-form.ts'

export type ReadLabel = { readonly label: LabelValue } | { readonly message: string }

type SingleLabel = { readonly label: string | number } | { readonly message: string }

/** What a person may write for "no label" in a field that can have none. */
const NO_LABEL = /^(?:null|none|-)$/i
/** How a text says that the field may have no label at all, in place of an empty list. */
const NULL = /^null$/i
/** How a text writes a list without labels. */
const EMPTY_LIST = /^\[\s*\]$/
/** Between the labels of a field with several. A comma separates corrections, so it cannot stand here. */
const BETWEEN_LABELS = /[+|;]/
const PLAIN_NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i
/** A message lists at most this many values of a field; of the others it gives the number. */
const MAX_ALLOWED = 60

/**
 * Reads the label of an askable field. Case, spaces and underscores do not matter in the values of the codebook. Several
 * labels are joined by + or |, and no label is null, none or -, or an empty list in a field with several. With the
 * `shortlister` of a code field the message about an unknown code suggests codes by their titles.
 */
export function readLabelText(field: Field, written: CorrectionText, shortlister?: Shortlister): ReadLabel {
  const { type, multi, nullable } = field
  if (written === null) {
    if (nullable) return { label: null }
    return multi === null ? { message: `needs a label. ${allowedOf(type)}` } : { label: [] }
  }
  if (multi === null) {
    if (typeof written !== 'string') return { message: `takes one label, and ${written.length} are given` }
    return nullable && isNone(type, written) ? { label: null } : readSingle(type, written.trim(), shortlister)
  }
  if (nullable && typeof written === 'string' && NULL.test(written.trim()) && isNone(type, written)) {
    return { label: null }
  }
  const parts = (typeof written === 'string' ? partsOf(type, written) : written).filter((part) => part.trim() !== '')
  const [only, ...others] = parts
  const isEmpty = only === undefined || (others.length === 0 && (isNone(type, only) || EMPTY_LIST.test(only.trim())))
  if (isEmpty) return { label: [] }
  const labels: (string | number)[] = []
  for (const part of parts) {
    const read = readSingle(type, part.trim(), shortlister)
    if ('message' in read) return read
    if (!labels.includes(read.label)) labels.push(read.label)
  }
  if (labels.length > multi) return { message: `takes at most ${multi} labels, and ${labels.length} are given` }
  return { label: labels.map(String) }
}

function partsOf(type: FieldKind, written: string): string[] {
  return isValue(type, written) ? [written] : written.split(BETWEEN_LABELS).filter((part) => part.trim() !== '')
}

/** Whether the text says that there is no label, and is no value such as the value "none" of a field. */
function isNone(type: FieldKind, written: string): boolean {
  const text = written.trim()
  return NO_LABEL.test(text) && !(type.kind === 'codes' ? isCode(type, text) : isValue(type, text))
}

/** Whether the whole text is a value of the codebook. */
function isValue(type: FieldKind, written: string): boolean {
  return (type.kind === 'values' || type.kind === 'codes') && 'label' in readSingle(type, written.trim())
}

function readSingle(type: FieldKind, text: string, shortlister?: Shortlister): SingleLabel {
  switch (type.kind) {
    case 'values':
      return readValue(type, text)
    case 'codes':
      return readCodeText(type, text, shortlister)
    case 'number': {
      const value = PLAIN_NUMBER.test(text) ? Number(text) : Number.NaN
      const isInside = value >= type.min && value <= type.max && (!type.whole || Number.isInteger(value))
      return isInside ? { label: value } : { message: `${showValue(text)} is wrong: ${allowedOf(type)}` }
    }
    case 'pattern': {
      const found = [text, text.toUpperCase()].find((one) => one.length <= 200 && type.matches.test(one))
      return found === undefined ? { message: `${showValue(text)} is wrong: ${allowedOf(type)}` } : { label: found }
    }
    case 'text':
      return text !== '' && text.length <= type.maxLength
        ? { label: text }
        : { message: `${showValue(text)} is wrong: ${allowedOf(type)}` }
    case 'derived':
      return { message: 'follows from another field' }
  }
}

function readValue(type: Extract<FieldKind, { kind: 'values' }>, text: string): SingleLabel {
  const wanted = canonical(text)
  const found = type.values.find(({ value }) => canonical(String(value)) === wanted)
  if (found !== undefined) return { label: found.value }
  const number = type.values.find(
    ({ value }) => typeof value === 'number' && PLAIN_NUMBER.test(text) && value === Number(text),
  )
  if (number !== undefined) return { label: number.value }
  const meant = nearestName(
    wanted,
    type.values.map(({ value }) => String(value)),
  )
  const hint = meant === undefined ? '.' : `; did you mean ${meant}?`
  return { message: `${showValue(text)} is not in the codebook${hint} ${allowedOf(type)}` }
}

/** Says what labels a field takes, for a person who wrote another one. */
export function allowedOf(type: FieldKind): string {
  switch (type.kind) {
    case 'values': {
      const values = type.values.slice(0, MAX_ALLOWED).map(({ value }) => String(value))
      const rest = type.values.length > MAX_ALLOWED ? ` and ${type.values.length - MAX_ALLOWED} more` : ''
      return `Allowed: ${values.join(', ')}${rest}`
    }
    case 'codes':
      return 'a code of the code list, or its title, is needed'
    case 'number':
    case 'pattern':
    case 'text':
      return `it must be ${formOf(type)}`
    case 'derived':
      return 'it follows from another field'
  }
}

function canonical(text: string): string {
  return text
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-')
}
