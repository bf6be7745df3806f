/** Writes a table as a sheet of an Excel workbook, row by row. A text is never a formula there, because cells have types. */
import { writeXlsxStream } from 'hucre/xlsx'
import { inputInvalid } from '../problem-report.ts'
import { type TypedValue, typedValue } from './cell-values.ts'
import type { JoinedRow, JoinedTable } from './joined-table.ts'

/** The limits of Excel, beyond which it calls a workbook damaged. */
const MAX_WORKBOOK_COLUMNS = 16_384
const MAX_CELL = 32_767
const CUT = ' …'
/** The first year of Excel's calendar whose days all programs count alike. */
const FIRST_YEAR = 1901
const FORMATS = { date: 'yyyy-mm-dd', timestamp: 'yyyy-mm-dd hh:mm:ss' } as const
/** XML has no such characters. */
const NOT_IN_XML = /[\ufffe\uffff]/g
/** Stands in a workbook for a character by its number, so that a text of this form is written with its first character so. */
const LIKE_ESCAPE = /_(?=x[0-9a-f]{4}_)/gi

export async function* workbookTable(table: JoinedTable, rows: AsyncIterable<JoinedRow>): AsyncGenerator<Uint8Array> {
  const columns = [...table.own, ...table.results]
  if (columns.length > MAX_WORKBOOK_COLUMNS) {
    const most = MAX_WORKBOOK_COLUMNS.toLocaleString('en-US')
    throw inputInvalid(
      `a workbook has at most ${most} columns, and this table has ${columns.length}: write .csv or .parquet`,
    )
  }
  const defined = columns.map(({ name, type }) => {
    const header = cellText(name)
    return type === 'date' || type === 'timestamp' ? { header, numFmt: FORMATS[type] } : { header }
  })
  yield* writeXlsxStream(sheetRows(table, rows), {
    name: 'results',
    columns: defined,
    freezePane: { rows: 1 },
  })
}

async function* sheetRows(table: JoinedTable, rows: AsyncIterable<JoinedRow>): AsyncGenerator<TypedValue[]> {
  for await (const { cells, result } of rows) {
    yield [
      ...table.own.map(({ type }, place) => cellOf(typedValue(type, cells[place]))),
      ...table.results.map((column) =>
        result === undefined ? null : cellOf(typedValue(column.type, column.value(result))),
      ),
    ]
  }
}

function cellOf(value: TypedValue): TypedValue {
  if (typeof value === 'string') return cellText(value)
  // Excel has no days before 1900, and counts a day in that year that there was not.
  if (value instanceof Date && value.getUTCFullYear() < FIRST_YEAR) {
    return value.toISOString().replace('T00:00:00.000Z', '')
  }
  return value
}

function cellText(text: string): string {
  const cut = text.length > MAX_CELL ? `${text.slice(0, MAX_CELL - CUT.length)}${CUT}` : text
  return cut.toWellFormed().replaceAll(NOT_IN_XML, '\ufffd').replaceAll(LIKE_ESCAPE, '_x005F_')
}
