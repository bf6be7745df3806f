/** Makes series of known cumulative pattern from a seed, to measure the reader of cumulative patterns on them. */
import type {
  CumulativePattern,
  Frequency,
  IndicatorType,
  SamplePoint,
} from '../../../src/codebooks/economic-indicators/types.ts'
import { createRandom, drawNormal } from '../../../src/offline-model/random.ts'

export interface MadeSeries {
  readonly kind: string
  readonly type: IndicatorType
  readonly frequency: Frequency
  readonly sample_values: readonly SamplePoint[]
  readonly pattern: CumulativePattern
  readonly reset_month: number | null
}

export const KINDS = [
  'flow',
  'year-to-date',
  'year-to-date, revised',
  'deficit',
  'deficit, year-to-date',
  'index with trend',
  'stock with trend',
  'seasonal flow',
  'seasonal flow, year-to-date',
  'running total',
] as const

/**
 * Makes `count` series, of all kinds in turn. Length, noise, growth, season, gaps and reset of each are drawn at
 * random.
 */
export function makeSeries(count: number, seed: number): MadeSeries[] {
  const random = createRandom(seed)
  return Array.from({ length: count }, (_, index) => make(KINDS[index % KINDS.length] ?? 'flow', random))
}

function make(kind: (typeof KINDS)[number], random: () => number): MadeSeries {
  const between = (low: number, high: number) => low + (high - low) * random()
  const pick = <T>(values: readonly [T, ...T[]]): T => values[Math.floor(random() * values.length)] ?? values[0]
  const gauss = () => drawNormal(random)
  const step = random() < 0.75 ? 1 : 3
  const reset = pick([1, 4, 7])
  const perYear = 12 / step
  const length = Math.round(step === 1 ? between(20, 60) : between(10, 28))
  // Quarters are dated by their last month, and the first quarter of a year begins with the reset month.
  const first = step === 1 ? Math.floor(between(0, 12)) : (reset + 1) % 3
  const months = Array.from({ length }, (_, at) => 2018 * 12 + first + at * step)

  const level = 10 ** between(1, 6)
  const noise = between(0.03, 0.3)
  const growth = between(-0.04, 0.15) / perYear
  const season = kind.startsWith('seasonal') ? between(0.2, 0.6) : between(0, 0.1)
  const peak = Math.floor(between(0, 12))
  const sign = kind.startsWith('deficit') ? -1 : 1
  const flow = months.map((month, at) => {
    const swing = 1 + season * Math.cos((2 * Math.PI * (month - peak)) / 12)
    const value = level * (1 + growth) ** at * swing * Math.max(0.05, 1 + noise * gauss())
    // Some months of a deficit have a surplus.
    return sign === -1 && random() < 0.08 ? 0.3 * value : sign * value
  })
  const revised = kind.endsWith('revised') ? flow.map((value) => (random() < 0.06 ? -0.5 * value : value)) : flow
  const isToDate = kind.includes('year-to-date')
  const values =
    kind === 'running total'
      ? summed(revised, () => false)
      : isToDate
        ? summed(revised, (at) => ((months[at] ?? 0) - (reset - 1) + 12_000) % 12 < step)
        : kind.endsWith('with trend')
          ? months.map((_, at) => 100 * (1 + between(0.002, 0.02)) ** at + gauss() * noise)
          : revised
  const points = months.map((month, at) => ({ date: monthEnd(month), value: Number((values[at] ?? 0).toPrecision(6)) }))
  const isGappy = random() < 0.2
  return {
    kind,
    type: typeOf(kind, pick),
    frequency: step === 1 ? 'monthly' : 'quarterly',
    sample_values: isGappy ? points.filter(() => random() > 0.06) : points,
    pattern: isToDate ? 'year-to-date' : kind === 'running total' ? 'running-total' : 'none',
    reset_month: isToDate ? reset : null,
  }
}

function typeOf(kind: string, pick: <T>(values: readonly [T, ...T[]]) => T): IndicatorType {
  if (kind.startsWith('deficit')) return 'balance'
  if (kind.startsWith('index')) return 'index'
  if (kind.startsWith('stock')) return 'stock'
  return pick(['flow', 'volume', 'count'])
}

function summed(flow: readonly number[], isReset: (at: number) => boolean): number[] {
  let sum = 0
  return flow.map((value, at) => {
    sum = isReset(at) ? value : sum + value
    return sum
  })
}

function monthEnd(month: number): string {
  return new Date(Date.UTC(Math.floor(month / 12), (month % 12) + 1, 0)).toISOString().slice(0, 10)
}
