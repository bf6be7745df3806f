/** Puts series together: of rows with the same key (tall), and of columns below a column of periods (wide by row). */

import type { JsonShape } from '../../lib/json/json-shape.ts'
import { DuplicateIndex } from '../duplicate-index.ts'
import type { FaultyRow, SourceRow, Table } from '../formats/types.ts'
import { cellText } from '../mapping/cell-text.ts'
import { inputInvalid } from '../problem-report.ts'
import { parseObservation } from './observations.ts'
import { type Period, parsePeriod } from './periods.ts'
import { MAX_POINTS, seriesOf, type TurnedSeries } from './series-points.ts'
import type { TallLayout, WideRowsLayout } from './types.ts'
import { periodInYear } from './year-parts.ts'

/** The most observations that are held in memory, where the rows of a series do not stand together. */
const MAX_HELD = 2_000_000

interface Observation {
  readonly period: Period
  readonly value: number
}

interface Group {
  readonly line: number
  readonly ordinal: number
  readonly cells: readonly unknown[]
  /** The observations of each measure. */
  readonly measures: Observation[][]
}

type Shapes = ReadonlyMap<string, JsonShape> | undefined
interface Counts {
  withoutPeriod: number
}

/** Reads periods, of which a table repeats the same few, each once. */
function createPeriods(
  { columns }: Table,
  { times, order }: TallLayout | WideRowsLayout,
): (cells: readonly unknown[]) => Period | undefined {
  const [time = 0, part] = times
  const known = new Map<string, Period | undefined>()
  return (cells) => {
    const text = cellText(cells[time])
    const behind = part === undefined ? '' : cellText(cells[part])
    const key = `${text}|${behind}`
    if (known.has(key)) return known.get(key)
    const period = part === undefined ? parsePeriod(text, order) : periodInYear(text, behind, columns[part] ?? '')
    if (known.size < 50_000) known.set(key, period)
    return period
  }
}

export async function* readTall(
  table: Table,
  layout: TallLayout,
  shapes: Shapes,
  counts: Counts,
): AsyncGenerator<TurnedSeries | FaultyRow> {
  const keyOf = ({ cells }: SourceRow) => JSON.stringify(layout.key.map((place) => cellText(cells[place]).trim()))
  const isTogether = await standsTogether(table, shapes, keyOf)
  const periodOf = createPeriods(table, layout)
  const groups = new Map<string, Group>()
  let ordinal = 0
  let held = 0
  counts.withoutPeriod = 0

  for await (const row of table.rows(shapes)) {
    if (row.kind === 'invalid') {
      yield row
      continue
    }
    const period = periodOf(row.cells)
    if (period === undefined) {
      counts.withoutPeriod += 1
      continue
    }
    const key = keyOf(row)
    let group = groups.get(key)
    if (group === undefined) {
      if (isTogether) {
        for (const one of groups.values()) yield* seriesOfGroup(table, layout, one)
        groups.clear()
        held = 0
      }
      group = { line: row.line, ordinal, cells: row.cells, measures: layout.values.map(() => []) }
      ordinal += 1
      groups.set(key, group)
    }
    for (const [index, place] of layout.values.entries()) {
      const value = parseObservation(row.cells[place], layout.mark)
      if (value === undefined) continue
      group.measures[index]?.push({ period, value })
      held += 1
    }
    if (held > MAX_HELD) throw tooScattered()
  }
  for (const one of groups.values()) yield* seriesOfGroup(table, layout, one)
}

function tooScattered() {
  return inputInvalid(
    `the rows of a series do not stand together, and more than ${MAX_HELD.toLocaleString('en-US')} observations would have to be held. ` +
      'Sort the file by the columns of the key, or read its rows as records: --layout long',
  )
}

/** Whether the rows of every series stand together, so that no more than one series has to be held. */
async function standsTogether(table: Table, shapes: Shapes, keyOf: (row: SourceRow) => string): Promise<boolean> {
  const index = new DuplicateIndex()
  let last: string | undefined
  for await (const row of table.rows(shapes)) {
    if (row.kind === 'invalid') continue
    const key = keyOf(row)
    if (key === last) continue
    if (index.add(key, '', Math.max(1, row.line)) !== undefined) return false
    last = key
  }
  return true
}

function* seriesOfGroup(table: Table, { values }: TallLayout, group: Group): Generator<TurnedSeries> {
  const { line, ordinal, cells, measures } = group
  for (const [index, observations] of measures.entries()) {
    // A measure without any observation of this series is none of its records, unless it is the only one.
    if (observations.length === 0 && values.length > 1) continue
    const measure = table.columns[values[index] ?? -1]
    const place = values.length === 1 ? line : ordinal * values.length + index + 1
    yield { line, place, cells, measure, series: seriesOf(observations) }
  }
}

export async function* readWideRows(
  table: Table,
  layout: WideRowsLayout,
  shapes: Shapes,
  counts: Counts,
): AsyncGenerator<TurnedSeries | FaultyRow> {
  const periodOf = createPeriods(table, layout)
  const observations: Observation[][] = layout.series.map(() => [])
  counts.withoutPeriod = 0
  for await (const row of table.rows(shapes)) {
    if (row.kind === 'invalid') {
      yield row
      continue
    }
    const period = periodOf(row.cells)
    if (period === undefined) {
      counts.withoutPeriod += 1
      continue
    }
    for (const [index, place] of layout.series.entries()) {
      const value = parseObservation(row.cells[place], layout.mark)
      const own = observations[index]
      if (value === undefined || own === undefined) continue
      own.push({ period, value })
      // The rows may stand in any order, so only what lies far behind the latest is given up.
      if (own.length > 4 * MAX_POINTS) {
        own.sort((a, b) => (a.period.date < b.period.date ? -1 : 1))
        own.splice(0, own.length - 2 * MAX_POINTS)
      }
    }
  }
  for (const [index, place] of layout.series.entries()) {
    const measure = table.columns[place]
    yield {
      line: table.headerLine ?? 1,
      place: index + 1,
      cells: table.series?.cellsOf(place) ?? [],
      measure,
      series: seriesOf(observations[index] ?? []),
    }
  }
}
