/** Finds the types of the columns of a file by all of their cells. */
import { type ColumnType, DECIMAL_NUMBER, isDay, isMoment, TRUE_OR_FALSE, WHOLE_NUMBER } from './cell-values.ts'

/** The types that are tried, the narrowest first; a column that is none of them is text. */
const TRIED = ['integer', 'number', 'boolean', 'date', 'timestamp'] as const
type Tried = (typeof TRIED)[number]

const ALL = new Set<Tried>(TRIED)
/** Longer texts are neither numbers nor points in time. */
const MAX_LENGTH = 40

export interface TypeFinder {
  add(cells: readonly unknown[]): void
  /** The type of each column; a column without any value is text. */
  types(): ColumnType[]
}

/**
 * Finds the types of `count` columns. Where the cells are texts alone (`isTextOnly`), as in CSV, a column whose every text is a number
 * is one of numbers; a format that has numbers of its own says by its texts that they are none. "007" is a code, and stays one.
 */
export function createTypeFinder(count: number, { isTextOnly }: { readonly isTextOnly: boolean }): TypeFinder {
  const possible = Array.from({ length: count }, (): Set<Tried> | undefined => new Set(ALL))
  const seen = new Array<boolean>(count).fill(false)
  return {
    add(cells) {
      for (let place = 0; place < count; place += 1) {
        const types = possible[place]
        const cell = cells[place]
        if (types === undefined || cell === undefined || cell === null || cell === '') continue
        const kinds = kindsOf(cell, isTextOnly)
        for (const type of types) if (!kinds.includes(type)) types.delete(type)
        seen[place] = true
        if (types.size === 0) possible[place] = undefined
      }
    },
    types: () =>
      possible.map((types, place) => (seen[place] ? (TRIED.find((type) => types?.has(type)) ?? 'text') : 'text')),
  }
}

/** The types that the cell may have. */
function kindsOf(cell: unknown, isTextOnly: boolean): readonly Tried[] {
  if (typeof cell === 'number') return Number.isSafeInteger(cell) ? ['integer', 'number'] : ['number']
  if (typeof cell === 'boolean') return ['boolean']
  if (typeof cell !== 'string' || cell.length > MAX_LENGTH) return []
  const text = cell.trim()
  if (isDay(text)) return ['date']
  if (isMoment(text)) return ['timestamp']
  if (!isTextOnly) return []
  if (WHOLE_NUMBER.test(text)) return ['integer', 'number']
  if (DECIMAL_NUMBER.test(text)) return ['number']
  return TRUE_OR_FALSE.test(text) ? ['boolean'] : []
}
