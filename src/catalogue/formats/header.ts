/** Finds the header of a table among its first rows: below titles, comments and blank lines, and over two rows where cells are merged. */

import { parsePeriod } from '../layout/periods.ts'
import { hasKnownWord } from '../mapping/synonyms.ts'
import { pluralise } from '../problem-report.ts'
import { findSeriesHead, type SeriesFact } from './series-head.ts'

/** How many rows may stand above the header. */
export const HEADER_ROWS = 40
/** The header of a table has a name in at least this part of the columns, 0 to 1. */
const MIN_NAMED = 0.5
const NUMBER = /^[-+]?[\d.,\s]+%?$/

export interface Header {
  /** The place of the header among the rows. */
  readonly index: number
  /** How many rows it takes. */
  readonly span: number
  readonly names: readonly string[]
  readonly notes: readonly string[]
  /** What rows of the header say of columns that are series each. */
  readonly facts?: readonly SeriesFact[]
}

type Cells = readonly string[]

/** Finds the header; undefined where no row has two texts side by side and the only column has no name either. */
export function findHeader(rows: readonly Cells[]): Header | undefined {
  const head = findSeriesHead(rows)
  const index = head?.index ?? placeOf(rows)
  if (index === undefined) return undefined
  const notes = notesOf(rows.slice(0, index))
  if (head !== undefined)
    return { ...head, notes: [...notes, `header of ${pluralise(head.span, 'row')}, each about all series`] }
  const first = rows[index] ?? []
  const second = rows[index + 1] ?? []
  if (!isSecondHeader(first, second, rows.slice(index + 2))) {
    const over = rows[index - 1] ?? []
    return isGroups(over, first)
      ? { index: index - 1, span: 2, names: trimmed(joinRows(over, first)), notes: notesOf(rows.slice(0, index - 1)) }
      : { index, span: 1, names: trimmed(first), notes }
  }
  return { index, span: 2, names: trimmed(joinRows(first, second)), notes }
}

function notesOf(above: readonly Cells[]): string[] {
  const lines = above.filter((cells) => filled(cells) > 0).length
  return lines === 0 ? [] : [`${pluralise(lines, 'line')} above the header not read`]
}

/** Whether a row above the names has the groups of columns by which names that stand twice are told apart. */
function isGroups(over: Cells, names: Cells): boolean {
  const texts = names.map((cell) => cell.trim()).filter((cell) => cell !== '')
  const groups = over.slice(1).filter((cell) => cell.trim() !== '')
  if (groups.length === 0 || new Set(texts).size === texts.length || !isNames(over)) return false
  const joined = trimmed(joinRows(over, names)).filter((name) => name !== '')
  return new Set(joined).size === joined.length
}

function placeOf(rows: readonly Cells[]): number | undefined {
  const isComment = (cells: Cells) => /^\s*(?:#|\/\/|%)/.test(cells[0] ?? '')
  const candidates = [...rows.entries()].filter(([, cells]) => filled(cells) > 0 && !isComment(cells))
  const usual = usualWidth(rows)
  const known = candidates.find(([, cells]) => isNames(cells) && knownShare(cells) >= 2)
  if (known !== undefined) return known[0]
  const wide = candidates.find(([, cells]) => isNames(cells) && filled(cells) >= Math.max(2, MIN_NAMED * usual))
  return (wide ?? candidates.find(([, cells]) => isNames(cells)) ?? candidates[0])?.[0]
}

/** The number of cells that most rows have. */
function usualWidth(rows: readonly Cells[]): number {
  const counts = new Map<number, number>()
  for (const { length } of rows) counts.set(length, (counts.get(length) ?? 0) + 1)
  return [...counts].sort(([a, n], [b, m]) => m - n || b - a)[0]?.[0] ?? 0
}

/** Whether the cells can be names: texts, of which none is a number unless it is a period, and hardly any stands twice. */
function isNames(cells: Cells): boolean {
  const texts = cells.map((cell) => cell.trim()).filter((cell) => cell !== '')
  const numbers = texts.filter((text) => NUMBER.test(text) && parsePeriod(text) === undefined)
  const isShort = texts.every((text) => text.length <= 300)
  return isShort && numbers.length <= 0.2 * texts.length && new Set(texts).size >= 0.5 * texts.length
}

function knownShare(cells: Cells): number {
  return cells.filter(hasKnownWord).length
}

function filled(cells: Cells): number {
  return cells.filter((cell) => cell.trim() !== '').length
}

/**
 * Whether the second row goes on with the header: it has names under cells that are merged, which are empty in the first row, and
 * what follows has other things there.
 */
function isSecondHeader(first: Cells, second: Cells, below: readonly Cells[]): boolean {
  const inner = first.slice(0, first.findLastIndex((cell) => cell.trim() !== '') + 1)
  const open = [...second.entries()].filter(([place, cell]) => cell.trim() !== '' && (first[place] ?? '').trim() === '')
  const isOver = (second[0] ?? '').trim() === ''
  if (open.length === 0 || (!isOver && inner.every((cell) => cell.trim() !== ''))) return false
  if (!isNames(second) || below.length === 0) return false
  const isPeriods = open.every(([, cell]) => parsePeriod(cell) !== undefined)
  const values = below.flatMap((cells) => open.map(([place]) => (cells[place] ?? '').trim()).filter(Boolean))
  const numbers = values.filter((value) => NUMBER.test(value)).length
  return isPeriods || (values.length > 0 && numbers >= 0.8 * values.length)
}

/** Joins two rows of a header: a merged cell of the first goes over the empty ones to its right, but not over periods. */
function joinRows(first: Cells, second: Cells): string[] {
  let over = ''
  return Array.from({ length: Math.max(first.length, second.length) }, (_, place) => {
    const top = (first[place] ?? '').trim()
    const bottom = (second[place] ?? '').trim()
    if (top !== '') over = top
    if (bottom === '') return top
    if (over === '' || parsePeriod(bottom) !== undefined) return bottom
    return `${over}: ${bottom}`
  })
}

/** The names without the empty ones at the end. */
function trimmed(cells: Cells): string[] {
  return cells.slice(0, cells.findLastIndex((cell) => cell.trim() !== '') + 1).map((cell) => cell.trim())
}
