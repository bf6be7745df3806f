/** Reads the records of a table by its plan: each row, or the rows, or the columns, that are one record. */

import { cleanText } from '../../classification/clean-text.ts'
import { DuplicateIndex } from '../duplicate-index.ts'
import type { FaultyRow, RowFilter, SourceRow, Table } from '../formats/types.ts'
import { applyMapping, type Made } from '../mapping/apply.ts'
import { cellText } from '../mapping/cell-text.ts'
import { sourceText } from '../mapping/propose.ts'
import { plainName } from '../mapping/synonyms.ts'
import type { FieldMapping } from '../mapping/types.ts'
import type { Plan } from '../plan.ts'
import type { Wanted } from '../types.ts'
import { parseObservation } from './observations.ts'
import { readTall, readWideRows } from './read-turned.ts'
import { rowShapes } from './row-shapes.ts'
import { type Series, seriesOf } from './series-points.ts'
import type { WideLayout } from './types.ts'

/** One record of the table, or what is wrong with it. */
export interface ReadRecord {
  readonly line: number
  /** What tells the record from the others of its line; the line where there are no others. */
  readonly place: number
  readonly bytes: Buffer | undefined
  /** The cells of the row, or of the first row of the series; undefined for what cannot be read. */
  readonly cells: readonly unknown[] | undefined
  readonly outcome:
    | {
        readonly kind: 'record'
        readonly value: Readonly<Record<string, unknown>>
        readonly hasControls: boolean
        /** Whether a text was cut, because it is longer than its field. */
        readonly isCut: boolean
        readonly keys: readonly string[] | undefined
      }
    | {
        readonly kind: 'invalid'
        readonly field: string
        readonly message: string
        readonly hint: string | undefined
        readonly isOpenQuote: boolean
      }
}

export interface RecordReader {
  /** Those whose id is not `wanted` may be left out, where that is known before they are read. */
  records(wanted?: Wanted): AsyncGenerator<ReadRecord>
  /** How many rows were left out because they name no period; known once all records have been read. */
  readonly rowsWithoutPeriod: number
  /** How many ids got a number, because another row has the same one; known once all records have been read. */
  readonly numberedIds: number
}

/** With `isWhole` the cells of JSON records are also those that the plan does not read. */
export function createRecordReader(
  table: Table,
  plan: Plan,
  fileName: string,
  { isWhole = false }: { readonly isWhole?: boolean } = {},
): RecordReader {
  const { layout, mapping } = plan
  const shapes = table.isJson ? rowShapes(table, plan, isWhole) : undefined
  const context = { columns: plan.context, names: plan.context.map((place) => table.columns[place] ?? '') }
  const counts = { withoutPeriod: 0, numbered: 0 }
  const hasOwnName = ({ field, source }: FieldMapping) =>
    source.columns.length === 1 && plainName(table.columns[source.columns[0] ?? -1] ?? '') === plainName(field)
  // It is asked of every field of every row.
  const ownNames = new Set(mapping.fields.filter(hasOwnName))
  const isOwnName = (one: FieldMapping) => ownNames.has(one)
  const isTyped = (mapping: FieldMapping) => table.isJson && isOwnName(mapping)
  const coded = new Set(plan.coded)
  const withFile = { file: fileName }

  function build(
    row: Pick<SourceRow, 'line' | 'cells' | 'bytes' | 'hasControls' | 'keys'>,
    place: number,
    made: Made,
    series?: Series,
  ): ReadRecord {
    const { line, cells, bytes, hasControls, keys } = row
    const applied = applyMapping(cells, mapping.fields, {
      made: { ...made, periods: series?.periodicity },
      isTyped,
      isOwnName,
      context,
      coded,
    })
    if (!applied.ok) {
      const { field, message } = applied
      return {
        line,
        place,
        bytes,
        cells,
        outcome: { kind: 'invalid', field, message, hint: undefined, isOpenQuote: false },
      }
    }
    const samples = series === undefined || series.points.length === 0 ? {} : { sample_values: series.points }
    return {
      line,
      place,
      bytes,
      cells,
      outcome: { kind: 'record', value: { ...applied.value, ...samples }, hasControls, isCut: applied.isCut, keys },
    }
  }

  async function* fromRows(filter?: RowFilter): AsyncGenerator<ReadRecord> {
    let section: string | undefined
    counts.withoutPeriod = 0
    for await (const row of table.rows(shapes, filter)) {
      if (row.kind === 'invalid') {
        yield faulty(row)
      } else if (row.isSection === true) {
        section = row.cells.map(cellText).find((text) => text.trim() !== '')
      } else {
        if (isStatusRow(row.cells, plan)) {
          counts.withoutPeriod += 1
          continue
        }
        const series = layout.kind === 'wide' ? seriesOf(observationsOf(row.cells, layout)) : undefined
        yield build(row, row.line, { ...withFile, section }, series)
      }
    }
  }

  async function* fromSeries(): AsyncGenerator<ReadRecord> {
    if (layout.kind !== 'tall' && layout.kind !== 'wide-rows') return
    const turned =
      layout.kind === 'tall' ? readTall(table, layout, shapes, counts) : readWideRows(table, layout, shapes, counts)
    for await (const one of turned) {
      if ('kind' in one) yield faulty(one)
      else {
        const row = { line: one.line, cells: one.cells, bytes: undefined, hasControls: false }
        yield build(row, one.place, { ...withFile, measure: one.measure }, one.series)
      }
    }
  }

  return {
    records: (wanted) => {
      const records =
        layout.kind === 'long' || layout.kind === 'wide'
          ? fromRows(wanted === undefined ? undefined : filterOf(wanted, table, mapping.fields.filter(isTyped)))
          : fromSeries()
      const isMade = mapping.fields.some(({ field, origin }) => field === 'indicator_id' && origin === 'made')
      return isMade ? numbered(records, counts) : records
    },
    get numberedIds() {
      return counts.numbered
    },
    get rowsWithoutPeriod() {
      return counts.withoutPeriod
    },
  }
}

/** The filter by the ids of JSON records that stand under the name of the field; undefined where they are read from something else. */
function filterOf(wanted: Wanted, { columns, keys }: Table, own: readonly FieldMapping[]): RowFilter | undefined {
  const place = own.find(({ field, source }) => field === 'indicator_id' && source.made === undefined)?.source
    .columns[0]
  const key = place === undefined || columns[place] !== keys[place] ? undefined : keys[place]
  return key === undefined ? undefined : { key, isWanted: (text) => wanted(cleanText(text)) }
}

/** Numbers the ids that were made of columns which do not tell all rows apart, such as "GDP.943~2". */
async function* numbered(
  records: AsyncGenerator<ReadRecord>,
  counts: { numbered: number },
): AsyncGenerator<ReadRecord> {
  const seen = new DuplicateIndex()
  const repeats = new Map<string, number>()
  counts.numbered = 0
  for await (const record of records) {
    const { outcome } = record
    const id = outcome.kind === 'record' ? outcome.value['indicator_id'] : undefined
    const known = typeof id === 'string' ? seen.add(id, JSON.stringify(outcome), record.place) : undefined
    if (outcome.kind !== 'record' || typeof id !== 'string' || known === undefined || known.isSameContent) {
      yield record
      continue
    }
    const count = (repeats.get(id) ?? 1) + 1
    repeats.set(id, count)
    counts.numbered += 1
    yield { ...record, outcome: { ...outcome, value: { ...outcome.value, indicator_id: `${id}~${count}` } } }
  }
}

function faulty({ line, bytes, field, message, hint, isOpenQuote = false }: FaultyRow): ReadRecord {
  return { line, place: line, bytes, cells: undefined, outcome: { kind: 'invalid', field, message, hint, isOpenQuote } }
}

/** Whether a row without an id has marks in place of numbers, as a row of status codes below each row of numbers has. */
function isStatusRow(cells: readonly unknown[], { layout, mapping }: Plan): boolean {
  if (layout.kind !== 'wide') return false
  const id = mapping.fields.find(({ field }) => field === 'indicator_id')?.source
  if (id?.columns.length !== 1 || cellText(cells[id.columns[0] ?? -1]).trim() !== '') return false
  const texts = layout.periods.map(({ column }) => cellText(cells[column]).trim()).filter((text) => text !== '')
  return texts.length > 0 && texts.every((text) => parseObservation(text, layout.mark) === undefined)
}

function observationsOf(cells: readonly unknown[], { periods, mark }: WideLayout) {
  return periods.flatMap(({ column, period }) => {
    const value = parseObservation(cells[column], mark)
    return value === undefined ? [] : [{ period, value }]
  })
}

/** The name of a field in a message: with the column that it is read from, where that has another name. */
export function shownField(field: string, { mapping }: Plan, columns: readonly string[]): string {
  const found = mapping.fields.find((one) => one.field === field)
  if (found === undefined) return field
  const text = sourceText(found.source, columns)
  return text.toLowerCase() === field || text === '' ? field : `${field} (column ${text})`
}
