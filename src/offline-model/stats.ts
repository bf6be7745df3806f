/** Counts the requests to the offline model, for GET /stats, from which tests and benchmarks learn what was really asked. */
import type { ModelFault } from '../config/offline-model-values.ts'
import { createSlidingWindow } from './sliding-window.ts'

/** The most indicators that are counted by id, which takes some 25 MB. All other indicators share one count. */
const MAX_TRACKED = 200_000
const MINUTE_MS = 60_000
/** The seconds for which accepted requests are counted by second. */
const MAX_SECONDS = 600

/** The body of the response to GET /stats. */
export interface OfflineModelStats {
  readonly started_at: string
  readonly requests: {
    /** The number of requests that the rate limits let in, however they ended. */
    readonly accepted: number
    /** The number of requests answered with 429. */
    readonly refused: number
    /** The number of requests answered with an error other than 429, such as 400. */
    readonly failed: number
    /** The number of accepted requests whose client closed the connection before the answer. */
    readonly aborted: number
  }
  /** The number of accepted requests that got a fault on purpose, by the kind of fault. */
  readonly faults: Readonly<Record<ModelFault, number>>
  /** The most requests that were accepted within 60 seconds. */
  readonly peak_per_60s: number
  /** Accepted requests by second since the first one, for at most ten minutes. */
  readonly accepted_by_second: readonly number[]
  readonly in_flight: number
  readonly peak_in_flight: number
  readonly tokens: {
    /** Input, cached and output tokens are summed from the `usage` of the answers. */
    readonly input: number
    readonly cached: number
    readonly output: number
    /** The tokens that the token limit charged when requests started. */
    readonly charged: number
    /** The most tokens that the token limit charged within 60 seconds. */
    readonly peak_charged_per_60s: number
  }
  /** In how many requests each indicator stood, by the indicator's id, for at most 200,000 ids. */
  readonly requests_by_indicator: Readonly<Record<string, number>>
  readonly max_per_indicator: number
  readonly indicators: number
  /** How often requests held an indicator whose id is not among the 200,000 that are counted by id. */
  readonly untracked: number
}

/** Counts what happens to the requests of the offline model. */
export interface StatsRecorder {
  accepted(now: number, charged: number): void
  refused(): void
  failed(): void
  aborted(): void
  injected(fault: ModelFault): void
  /** Notes that an accepted request has ended: answered, failed or aborted. */
  left(): void
  asked(indicatorIds: Iterable<string>): void
  billed(input: number, cached: number, output: number): void
  read(options: { readonly withIndicators: boolean }): OfflineModelStats
  /** Sets every count to zero, except for the requests in flight. */
  reset(): void
}

export function createStats(): StatsRecorder {
  let inFlight = 0
  let counts = emptyCounts(inFlight)

  return {
    accepted(now, charged) {
      counts.accepted += 1
      counts.charged += charged
      counts.starts.add(now, charged)
      counts.firstAt ??= now
      const second = Math.floor((now - counts.firstAt) / 1_000)
      if (second < MAX_SECONDS) {
        while (counts.bySecond.length <= second) counts.bySecond.push(0)
        counts.bySecond[second] = (counts.bySecond[second] ?? 0) + 1
      }
      inFlight += 1
      counts.peakInFlight = Math.max(counts.peakInFlight, inFlight)
    },
    refused() {
      counts.refused += 1
    },
    failed() {
      counts.failed += 1
    },
    aborted() {
      counts.aborted += 1
    },
    injected(fault) {
      counts.faults.set(fault, (counts.faults.get(fault) ?? 0) + 1)
    },
    left() {
      inFlight -= 1
    },
    asked(indicatorIds) {
      for (const id of indicatorIds) {
        const before = counts.byIndicator.get(id)
        if (before === undefined && counts.byIndicator.size >= MAX_TRACKED) {
          counts.untracked += 1
          continue
        }
        counts.byIndicator.set(id, (before ?? 0) + 1)
        counts.maxPerIndicator = Math.max(counts.maxPerIndicator, (before ?? 0) + 1)
      }
    },
    billed(input, cached, output) {
      counts.input += input
      counts.cached += cached
      counts.output += output
    },
    read({ withIndicators }) {
      const { accepted, refused, failed, aborted } = counts
      const peaks = counts.starts.peaks()
      return {
        started_at: counts.startedAt,
        requests: { accepted, refused, failed, aborted },
        faults: faultCounts(counts.faults),
        peak_per_60s: peaks.count,
        accepted_by_second: [...counts.bySecond],
        in_flight: inFlight,
        peak_in_flight: counts.peakInFlight,
        tokens: {
          input: counts.input,
          cached: counts.cached,
          output: counts.output,
          charged: counts.charged,
          peak_charged_per_60s: peaks.sum,
        },
        requests_by_indicator: withIndicators ? Object.fromEntries(counts.byIndicator) : {},
        max_per_indicator: counts.maxPerIndicator,
        indicators: counts.byIndicator.size,
        untracked: counts.untracked,
      }
    },
    reset() {
      counts = emptyCounts(inFlight)
    },
  }
}

function emptyCounts(inFlight: number) {
  return {
    startedAt: new Date().toISOString(),
    accepted: 0,
    refused: 0,
    failed: 0,
    aborted: 0,
    faults: new Map<ModelFault, number>(),
    peakInFlight: inFlight,
    starts: createSlidingWindow(MINUTE_MS),
    firstAt: undefined as number | undefined,
    bySecond: [] as number[],
    input: 0,
    cached: 0,
    output: 0,
    charged: 0,
    byIndicator: new Map<string, number>(),
    maxPerIndicator: 0,
    untracked: 0,
  }
}

function faultCounts(counts: ReadonlyMap<ModelFault, number>): Record<ModelFault, number> {
  const of = (fault: ModelFault) => counts.get(fault) ?? 0
  return {
    http500: of('http500'),
    timeout: of('timeout'),
    cut: of('cut'),
    badjson: of('badjson'),
    missing: of('missing'),
    double: of('double'),
    refusal: of('refusal'),
  }
}
