/** Finds the columns that tell the series of a table of observations apart. */
import { cellText } from '../mapping/cell-text.ts'
import { isAttributeName, isTimeName, matchesOf } from '../mapping/synonyms.ts'
import type { TableSample } from './types.ts'

const MAX_ROWS = 3_000

/**
 * Returns the columns of the key. Left out are the time, the values, what by its name belongs to one observation, and what changes
 * from one observation of a series to the next and is not needed to tell two observations of a period apart.
 */
export function keyOf(
  sample: TableSample,
  { times, values }: { readonly times: readonly number[]; readonly values: readonly number[] },
): number[] {
  const { columns, profiles } = sample
  const rows = sample.rows.slice(0, MAX_ROWS).map((cells) => columns.map((_, place) => cellText(cells[place]).trim()))
  const candidates = columns.flatMap((name, place) => {
    const isDate = (profiles[place]?.periods ?? 0) >= 0.9 && /date|time|start|end|updat/i.test(name)
    const isOther =
      times.includes(place) || values.includes(place) || isTimeName(name) || isAttributeName(name) || isDate
    return isOther || (profiles[place]?.count ?? 0) === 0 ? [] : [place]
  })
  const named = candidates.find((place) => {
    const isKey = matchesOf(columns[place] ?? '').some(({ field, isWeak }) => field === 'indicator_id' && !isWeak)
    return isKey && tellsApart(rows, [place], times)
  })
  let key = candidates
  for (const place of candidates) {
    const rest = key.filter((other) => other !== place)
    if (place !== named && changesWithin(rows, rest, place) && tellsApart(rows, rest, times)) key = rest
  }
  return key
}

/** Whether no two rows have the same key and the same time. */
function tellsApart(rows: readonly (readonly string[])[], key: readonly number[], times: readonly number[]): boolean {
  const seen = new Set<string>()
  for (const cells of rows) {
    const name = JSON.stringify([...times, ...key].map((place) => cells[place]))
    if (seen.has(name)) return false
    seen.add(name)
  }
  return true
}

/** Whether rows with the same key have different values in the column. */
function changesWithin(rows: readonly (readonly string[])[], key: readonly number[], place: number): boolean {
  const first = new Map<string, string>()
  for (const cells of rows) {
    const name = JSON.stringify(key.map((other) => cells[other]))
    const value = cells[place] ?? ''
    if ((first.get(name) ?? value) !== value) return true
    first.set(name, value)
  }
  return false
}
