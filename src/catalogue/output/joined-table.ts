/** The table of an output: the columns of a file as they came, and beside them those of the results. */
import type { ResultBody } from '../../classification/result-body.ts'
import type { Scheme } from '../../classification/types.ts'
import type { ColumnType } from './cell-values.ts'
import { type AddedCodes, type ResultColumn, resultColumns } from './result-columns.ts'

export interface OwnColumn {
  readonly name: string
  readonly type: ColumnType
}

export interface JoinedTable {
  /** The columns of the file; none where results are written alone. */
  readonly own: readonly OwnColumn[]
  /** The columns of the results, with names that no column of the file has. */
  readonly results: readonly (ResultColumn & { readonly name: string })[]
  /** The name of a property of a result beside the columns of the file. */
  nameOf(key: string): string
}

/** One row of an output; a row without a result keeps its own cells. */
export interface JoinedRow {
  readonly cells: readonly unknown[]
  readonly result: ResultBody | undefined
}

const PREFIX = 'result_'

/**
 * Puts the columns together. A column of the results whose name the file has is called `result_NAME`; names that differ in case alone
 * count as the same, as in databases. What of `same` the file has under the same name is not repeated.
 */
export function joinTable(
  own: readonly OwnColumn[],
  scheme: Scheme,
  { same = [], codes }: { readonly same?: readonly string[]; readonly codes?: AddedCodes | undefined } = {},
): JoinedTable {
  const taken = new Set(own.map(({ name }) => name.toLowerCase()))
  const columns = resultColumns(scheme, codes).filter(({ key }) => !same.includes(key))
  const keys = new Set(columns.map(({ key }) => key.toLowerCase()))
  const nameOf = (key: string) => {
    let name = key
    while (taken.has(name.toLowerCase()) || (name !== key && keys.has(name.toLowerCase()))) name = `${PREFIX}${name}`
    return name
  }
  return { own, results: columns.map((column) => ({ ...column, name: nameOf(column.key) })), nameOf }
}
