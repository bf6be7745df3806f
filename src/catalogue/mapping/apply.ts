/** Builds the raw indicator of one row by a mapping. */

import { cutText } from '../../classification/clean-text.ts'
import { MAX_DESCRIPTION_LENGTH, MAX_TEXT_LENGTH, SAMPLES_SHAPE } from '../../classification/indicator.ts'
import { boundText } from '../../lib/json/bounded-text.ts'
import { isRecord } from '../../lib/json/json.ts'
import { sha256 } from '../../lib/sha256.ts'
import { showValue } from '../problem-report.ts'
import { jsonFault } from '../record-faults.ts'
import { cellText, codeText, labelText } from './cell-text.ts'
import { saysNothing } from './compose.ts'
import type { FieldMapping, Source } from './types.ts'

const MAX_ID = 256
const HASH = 12
const TITLE = /^(.{2,150}?) [-–—] (\S.*)$/s
const DATE_KEYS = ['date', 'period', 'time', 'year', 'TIME_PERIOD', '@TIME_PERIOD'] as const
const VALUE_KEYS = ['value', 'OBS_VALUE', '@OBS_VALUE', 'obs_value', 'v'] as const

/** What of a record stands in no column. */
export interface Made {
  readonly file: string
  readonly measure?: string | undefined
  readonly section?: string | undefined
  readonly periods?: string | undefined
}

export type Applied =
  | { readonly ok: true; readonly value: Record<string, unknown>; readonly isCut: boolean }
  | { readonly ok: false; readonly field: string; readonly message: string }

/** The columns whose names the user gave with --context, and which the model is shown with the description. */
export interface Context {
  readonly columns: readonly number[]
  readonly names: readonly string[]
}

/**
 * Builds the raw indicator. `isTyped` tells of a column whether it has the field's own name in JSON, where a value of another kind is
 * a fault that the check names; in all other columns a number is read as a text. `isOwnName` tells the same for any format: a text
 * that is too long is then a fault, and cut elsewhere.
 */
export function applyMapping(
  cells: readonly unknown[],
  fields: readonly FieldMapping[],
  {
    made,
    isTyped,
    isOwnName,
    context,
    coded,
  }: {
    readonly made: Made
    readonly isTyped: (mapping: FieldMapping) => boolean
    readonly isOwnName: (mapping: FieldMapping) => boolean
    readonly context: Context
    /** The columns whose cells have a code in front of its name, "M: Monthly", as their headers have. */
    readonly coded: ReadonlySet<number>
  },
): Applied {
  const value: Record<string, unknown> = {}
  let isCut = false
  for (const mapping of fields) {
    const { field, source } = mapping
    const [only = -1] = source.columns
    if (field === 'sample_values') {
      const samples = samplesOf(cells, source)
      if ('message' in samples) return { ok: false, field, message: samples.message }
      if (samples.value !== undefined) value[field] = samples.value
    } else if (source.columns.length === 1 && source.made === undefined && isTyped(mapping)) {
      const cell = cells[only]
      const isId = field === 'indicator_id' && (typeof cell === 'number' || typeof cell === 'bigint')
      if (cell !== undefined && !(typeof cell === 'string' && cell.trim() === ''))
        value[field] = isId ? String(cell) : cell
    } else {
      const text = textOf(cells, mapping, { made, coded })
      const shown = isOwnName(mapping) ? text : cutText(text, mostOf(field))
      isCut ||= shown.length < text.length
      if (shown !== '') value[field] = shown
    }
  }
  addContext(value, cells, context)
  return { ok: true, value, isCut }
}

/** The most characters of a text that nobody wrote for the field, so that it is cut; required fields are checked instead. */
function mostOf(field: FieldMapping['field']): number {
  if (field === 'indicator_id' || field === 'name') return Number.POSITIVE_INFINITY
  return field === 'description' ? MAX_DESCRIPTION_LENGTH : MAX_TEXT_LENGTH
}

function textOf(
  cells: readonly unknown[],
  { field, source }: FieldMapping,
  { made, coded }: { readonly made: Made; readonly coded: ReadonlySet<number> },
): string {
  const texts = source.columns.map((place) => ({ text: cellText(cells[place]).trim(), isCoded: coded.has(place) }))
  if (field === 'indicator_id') {
    return idOf(
      texts.map(({ text, isCoded }) => (isCoded ? codeText(text) : text)),
      source,
      made,
    )
  }
  const shown = texts.map(({ text, isCoded }) => (isCoded ? labelText(text) : text)).filter((text) => text !== '')
  const parts = source.made === undefined ? shown : [...shown, made[source.made] ?? '']
  if (source.part !== undefined) return partOf(parts[0] ?? '', source.part)
  if (field !== 'name') return [...new Set(parts)].filter((text) => text !== '').join('\n')
  const telling = parts.length > 1 ? parts.filter((text) => !saysNothing(text)) : parts
  return [...new Set(telling.length > 0 ? telling : parts)].filter((text) => text !== '').join(', ')
}

function partOf(text: string, part: 'title' | 'rest'): string {
  const match = TITLE.exec(text)
  if (match === null) return part === 'title' ? text : ''
  return (part === 'title' ? match[1] : match[2]) ?? ''
}

/** Joins the parts of an id: codes by points, texts by bars. A long id keeps its beginning and gets a hash of the whole. */
function idOf(texts: readonly string[], source: Source, made: Made): string {
  const last = source.made === undefined ? '' : (made[source.made] ?? '')
  const parts = last === '' ? texts : [...texts, last]
  const [first = ''] = parts
  if (parts.length === 1 && first.length <= MAX_ID) return first
  if (parts.every((part) => part === '')) return ''
  const isCodes = parts.every((part) => !/\s/.test(part))
  const id = isCodes ? parts.join('.') : parts.filter((part) => part !== '').join(' | ')
  return id.length <= MAX_ID ? id : `${id.slice(0, MAX_ID - HASH - 1)}~${sha256(id).slice(0, HASH)}`
}

type Samples = { readonly value: unknown } | { readonly message: string }

/** Sample values: a list, the JSON text of one, or a list of dates beside a list of values. */
function samplesOf(cells: readonly unknown[], { columns }: Source): Samples {
  const [first = -1, second] = columns
  const cell = cells[first]
  if (second !== undefined) return { value: paired(cell, cells[second]) }
  if (typeof cell !== 'string') return { value: Array.isArray(cell) ? cell.map(pointOf) : cell }
  if (cell.trim() === '') return { value: undefined }
  const bounded = boundText(cell, SAMPLES_SHAPE)
  if (bounded.kind === 'refused') return { message: bounded.message }
  try {
    const value: unknown = JSON.parse(bounded.kind === 'kept' ? bounded.text : cell)
    return { value: Array.isArray(value) ? value.map(pointOf) : value }
  } catch (error) {
    const message = `must be a JSON array such as [{"date":"2024","value":1}]: ${jsonFault(error)}; got ${showValue(cell)}`
    return { message }
  }
}

function paired(dates: unknown, values: unknown): unknown {
  if (!Array.isArray(dates) || !Array.isArray(values)) return undefined
  return dates.flatMap((date: unknown, index) => {
    const value: unknown = values[index]
    return typeof value === 'number' ? [{ date, value }] : []
  })
}

/** A sample point whose date and value may go by other names. */
function pointOf(point: unknown): unknown {
  if (!isRecord(point) || ('date' in point && 'value' in point)) return point
  const date = DATE_KEYS.find((key) => key in point)
  const value = VALUE_KEYS.find((key) => key in point)
  return date === undefined || value === undefined ? point : { date: point[date], value: point[value] }
}

/** Puts what --context names in front of the description, where the model reads it. */
function addContext(value: Record<string, unknown>, cells: readonly unknown[], { columns, names }: Context): void {
  const texts = columns.map((place, index) => [names[index], cellText(cells[place]).trim()] as const)
  const lines = texts.filter(([, text]) => text !== '').map(([name, text]) => `${name}: ${text}`)
  if (lines.length === 0) return
  const description = typeof value['description'] === 'string' ? [value['description']] : []
  value['description'] = [...lines, ...description].join('\n')
}
