/** The columns that a result has beside those of the file that it was read from. */
import type { ResultBody } from '../../classification/result-body.ts'
import { columnsOf } from '../../classification/scheme.ts'
import type { Labels, Scheme } from '../../classification/types.ts'
import { isRecord } from '../../lib/json/json.ts'
import { labelText, RESULT_COLUMNS, textCell } from '../results-writer.ts'
import type { ColumnType } from './cell-values.ts'

/** Codes that are added to a result by its labels. */
export interface AddedCodes {
  readonly columns: readonly string[]
  codesOf(labels: Labels): Readonly<Record<string, string>>
}

export interface ResultColumn {
  /** The property of the result, and the name of the column where the file has no column of this name. */
  readonly key: string
  readonly type: ColumnType
  /** The value as typed formats and databases have it; null where the result says nothing. */
  value(result: ResultBody): unknown
  /** The value where it is an object, with its properties in the order of the fields; undefined for every other column. */
  object?(result: ResultBody): Readonly<Record<string, unknown>> | null
  /** The value as a cell of CSV has it, which never is a formula. */
  text(result: ResultBody): string
}

const TYPES: Readonly<Partial<Record<string, ColumnType>>> = { confidence: 'number', classified_at: 'timestamp' }
const FIELD_TYPES = { text: 'text', 'double precision': 'number', 'text[]': 'texts' } as const

/** The columns of a result by the codebook, in the order in which `export` writes them. */
export function resultColumns(scheme: Scheme, codes?: AddedCodes): ResultColumn[] {
  const { first, last } = RESULT_COLUMNS
  const fields = columnsOf(scheme).map(({ name, type }): ResultColumn => {
    const value = (result: ResultBody) => result[name] ?? null
    return { key: name, type: FIELD_TYPES[type], value, text: (result) => textCell(labelText(labelOf(result, name))) }
  })
  const added = (codes?.columns ?? []).map((key): ResultColumn => {
    const value = (result: ResultBody) => codes?.codesOf(labelsOf(result, scheme))[key] ?? null
    return { key, type: 'text', value, text: (result) => textCell(value(result) ?? '') }
  })
  const byField = (key: string) => (OBJECTS.includes(key) ? objectColumn(key, scheme) : fixed(key))
  return [...first.map(fixed), ...fields, ...last.map(byField), ...added]
}

/** The columns that hold an object by the names of fields. */
const OBJECTS = ['field_confidence', 'field_source']

/** A database gives the properties in an order of its own, by which the same result would be another text. */
function objectColumn(key: string, { codebook }: Scheme): ResultColumn {
  const object = (result: ResultBody) => {
    const value = result[key]
    if (!isRecord(value)) return null
    const names = new Set([...codebook.fields.map(({ name }) => name), ...Object.keys(value)])
    return Object.fromEntries([...names].filter((name) => name in value).map((name) => [name, value[name]]))
  }
  const value = (result: ResultBody) => {
    const found = object(result)
    return found === null ? null : JSON.stringify(found)
  }
  return { key, type: 'text', value, object, text: (result) => cellOf(value(result)) }
}

function fixed(key: string): ResultColumn {
  const value = (result: ResultBody) => plain(result[key])
  return { key, type: TYPES[key] ?? 'text', value, text: (result) => cellOf(value(result)) }
}

/** What several values are in one column: issues by their codes. */
function plain(value: unknown): string | number | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'number') return value
  return Array.isArray(value) ? value.map((one: unknown) => issueCode(one)).join('; ') : JSON.stringify(value)
}

function issueCode(issue: unknown): string {
  return typeof issue === 'object' && issue !== null && 'code' in issue ? String(issue.code) : String(issue)
}

function cellOf(value: string | number | null): string {
  return typeof value === 'string' ? textCell(value) : String(value ?? '')
}

function labelOf(result: ResultBody, name: string) {
  return (result[name] ?? null) as Labels[string]
}

function labelsOf(result: ResultBody, { codebook }: Scheme): Labels {
  return Object.fromEntries(codebook.fields.map(({ name }) => [name, labelOf(result, name)]))
}
