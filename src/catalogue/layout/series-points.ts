/** Collects the observations of one series and gives them as sample values of one frequency. */
import { LENGTH_NAMES, LENGTHS, lengthByGaps, type Period, type PeriodLength } from './periods.ts'

/** The most observations of a series that are kept; the latest count. */
export const MAX_POINTS = 400

export interface Point {
  readonly date: string
  readonly value: number
}

export interface Series {
  readonly points: readonly Point[]
  /** How often it is observed, such as "Quarterly"; undefined where it has too few observations to tell. */
  readonly periodicity: string | undefined
}

/** A series that was put together of several rows, or of a column. */
export interface TurnedSeries {
  readonly line: number
  readonly place: number
  readonly cells: readonly unknown[]
  /** The name of the column with the observations, where the table has several. */
  readonly measure: string | undefined
  readonly series: Series
}

/**
 * The series of observations. Where years, quarters and months stand side by side, as in bulk files of the IMF, only the shortest
 * periods count, because the same days would otherwise have several values.
 */
export function seriesOf(observations: readonly { readonly period: Period; readonly value: number }[]): Series {
  const shortest = LENGTHS.find((length) => observations.some(({ period }) => period.length === length))
  if (shortest === undefined) return { points: [], periodicity: undefined }
  const points = observations
    .filter(({ period }) => period.length === shortest)
    .map(({ period, value }) => ({ date: period.date, value }))
    .sort((a, b) => (a.date < b.date ? -1 : 1))
    .slice(-MAX_POINTS)
  const length: PeriodLength | undefined = shortest === 'D' ? lengthByGaps(points.map(({ date }) => date)) : shortest
  return { points, periodicity: length === undefined ? undefined : LENGTH_NAMES[length] }
}
