/** What of a file is left over: columns that no field is read from, and the text of records that are left out. */
import type { Table } from '../formats/types.ts'
import type { Plan } from '../plan.ts'
import type { ReadRecord } from './read-records.ts'
import { observationColumns } from './types.ts'

/** The names under which a record has what nobody reads. */
export function unusedKeys({ columns, keys }: Table, { mapping }: Plan): Set<string> {
  const unused = new Set(mapping.unused.map(({ column }) => column))
  const used = new Set(keys.filter((_, place) => !unused.has(columns[place] ?? '')))
  return new Set(keys.filter((key) => !used.has(key)))
}

/** The columns whose cells belong to a record, and not to one of its observations. */
export function ownColumns({ columns, series }: Table, { layout }: Plan): number[] {
  const places = [...columns.keys()]
  if (layout.kind === 'wide-rows') return [...(series?.facts ?? [])]
  if (layout.kind !== 'tall') return places
  const observed = new Set(observationColumns(layout))
  return places.filter((place) => !observed.has(place))
}

/** The names of what the record has and nobody reads. */
export function unknownFields({ outcome, cells }: ReadRecord, table: Table, unused: ReadonlySet<string>): string[] {
  if (unused.size === 0 && !table.isJson) return []
  if (outcome.kind === 'record' && outcome.keys !== undefined) {
    const known = new Set(table.keys)
    return outcome.keys.filter((key) => unused.has(key) || !known.has(key))
  }
  return table.columns.filter((column, place) => unused.has(column) && !isBlank(cells?.[place]))
}

function isBlank(cell: unknown): boolean {
  return cell === undefined || cell === null || (typeof cell === 'string' && cell.trim() === '')
}

/** The bytes of a record that was left out, on one line where it is JSON; a record without a text of its own as JSON. */
export function bytesOf({ bytes, outcome, cells }: ReadRecord, { format }: Table): Buffer {
  if (bytes === undefined) return Buffer.from(JSON.stringify(outcome.kind === 'record' ? outcome.value : (cells ?? [])))
  if (format === 'json') return Buffer.from(bytes.toString('utf8').replace(/(?<!\s)\s*\n\s*/g, ' '))
  return Buffer.from(bytes)
}
