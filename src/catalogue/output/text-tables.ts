/** Writes a table as CSV, which is safe to open in a spreadsheet, or as JSON Lines. */
import { stringify } from 'csv-stringify/sync'
import { toVisibleJson } from '../../lib/visible-text.ts'
import { escapeFormula, ROWS_AT_ONCE } from '../results-writer.ts'
import { csvCell } from './cell-values.ts'
import type { JoinedRow, JoinedTable } from './joined-table.ts'

export async function* csvTable(table: JoinedTable, rows: AsyncIterable<JoinedRow>): AsyncGenerator<string> {
  const names = [...table.own, ...table.results].map(({ name }) => escapeFormula(name))
  let held = [names]
  for await (const row of rows) {
    held.push(csvRow(table, row))
    if (held.length < ROWS_AT_ONCE) continue
    yield stringify(held)
    held = []
  }
  if (held.length > 0) yield stringify(held)
}

/** The cells of the file stay as they came, but for formulas; those of the results are those of `export`. */
function csvRow({ own, results }: JoinedTable, { cells, result }: JoinedRow): string[] {
  return [
    ...own.map((_, place) => csvCell(cells[place])),
    ...results.map((column) => (result === undefined ? '' : column.text(result))),
  ]
}

export async function* jsonLinesTable(table: JoinedTable, rows: AsyncIterable<JoinedRow>): AsyncGenerator<string> {
  let held = ''
  let count = 0
  for await (const row of rows) {
    held += `${toVisibleJson(jsonRow(table, row))}\n`
    count += 1
    if (count % ROWS_AT_ONCE !== 0) continue
    yield held
    held = ''
  }
  if (held !== '') yield held
}

/** The properties of the result are those that it has in HTTP bodies; those that the file repeats are left out. */
function jsonRow({ own, results, nameOf }: JoinedTable, { cells, result }: JoinedRow): Record<string, unknown> {
  const row: [string, unknown][] = own.map(({ name }, place) => [name, cells[place] ?? null])
  if (result === undefined) {
    for (const { name } of results) row.push([name, null])
    return Object.fromEntries(row)
  }
  const hidden = new Set(FIRST.filter((key) => !results.some((column) => column.key === key)))
  for (const [key, value] of Object.entries(result)) if (!hidden.has(key)) row.push([nameOf(key), value])
  for (const { key, name, value } of results) if (!(key in result)) row.push([name, value(result)])
  return Object.fromEntries(row)
}

/** What of a result the file may have already under the same name. */
const FIRST: readonly string[] = ['indicator_id', 'name']
