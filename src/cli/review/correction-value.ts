/** Reads the label that a person wrote for a field of a codebook, in pure functions. */
import { showValue } from '../../catalogue/problem-report.ts'
import type { Field, FieldKind } from '../../codebooks/codebook.ts'
import type { LabelValue } from '../../codebooks/types.ts'
import { nearestName } from '../../lib/nearest-name.ts'
import type { CorrectionText } from './decision.ts'

export type ReadLabel = { readonly label: LabelValue } | { readonly message: string }

type SingleLabel = { readonly label: string | number } | { readonly message: string }

/** What a person may write for "no label" in a field that can have none. */
const NO_LABEL = /^(?:null|none|-)$/i
/** Between the labels of a field with several. A comma separates corrections, so it cannot stand here. */
const BETWEEN_LABELS = /[+|;]/
const PLAIN_NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,3})?$/i
/** A message lists at most this many values of a field; of the others it gives the number. */
const MAX_ALLOWED = 60

/**
 * Reads the label of an askable field. Case, spaces and underscores do not matter in the values of the codebook. Several
 * labels are joined by + or |, and no label is null, none or -.
 */
export function readLabelText(field: Field, written: CorrectionText): ReadLabel {
  const { type, multi, nullable } = field
  if (typeof written === 'string' && NO_LABEL.test(written.trim()) && !isValue(type, written)) {
    if (nullable) return { label: null }
    // A field with several labels may have an empty list of them.
    if (multi !== null) return { label: [] }
  }
  if (multi === null) {
    if (typeof written !== 'string') return { message: `takes one label, and ${written.length} are given` }
    return readSingle(type, written.trim())
  }
  const parts = typeof written === 'string' ? partsOf(type, written) : written
  const labels: (string | number)[] = []
  for (const part of parts) {
    const read = readSingle(type, part.trim())
    if ('message' in read) return read
    if (!labels.includes(read.label)) labels.push(read.label)
  }
  if (labels.length === 0) return { message: `holds no label; ${allowedOf(type)}` }
  if (labels.length > multi) return { message: `takes at most ${multi} labels, and ${labels.length} are given` }
  return { label: labels.map(String) }
}

function partsOf(type: FieldKind, written: string): string[] {
  return isValue(type, written) ? [written] : written.split(BETWEEN_LABELS).filter((part) => part.trim() !== '')
}

/** Whether the whole text is a value of the codebook, such as the value "none" of a field. */
function isValue(type: FieldKind, written: string): boolean {
  return (type.kind === 'values' || type.kind === 'codes') && 'label' in readSingle(type, written.trim())
}

function readSingle(type: FieldKind, text: string): SingleLabel {
  switch (type.kind) {
    case 'values':
      return readValue(type, text)
    case 'codes':
      return readCode(type, text)
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

function readCode({ list, onlyLeaves }: Extract<FieldKind, { kind: 'codes' }>, text: string): SingleLabel {
  const code = list.byCode.get(text) ?? list.byCode.get(text.toUpperCase())
  if (code === undefined) {
    const meant = list.codes.filter(({ code: one }) => one.startsWith(text) || text.startsWith(one)).slice(0, 5)
    const known = (text === '' || meant.length === 0 ? list.codes.slice(0, 3) : meant).map((one) => one.code)
    return { message: `${showValue(text)} is no code of the list, which has codes such as ${known.join(', ')}` }
  }
  if (!onlyLeaves || list.leaves.has(code.code)) return { label: code.code }
  const children = list.codes.filter(({ parent }) => parent === code.code).map((one) => one.code)
  return {
    message: `${showValue(text)} is a group of codes: give one of its codes, such as ${children.slice(0, 10).join(', ')}`,
  }
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
      return 'a code of the code list is needed'
    case 'number':
      return `${type.whole ? 'a whole number' : 'a number'} from ${type.min} to ${type.max} is needed`
    case 'pattern':
      return `a text of the form ${type.source} is needed`
    case 'text':
      return `a text of 1 to ${type.maxLength} characters is needed`
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
