/** What the offline model counts: the witness of tests and benchmarks for what was really asked. */
import type { ModelFault } from '../config/offline-model-values.ts'
import { createSlidingWindow } from './sliding-window.ts'

/**
 * Indicators that are counted by id. At some 120 bytes each they take at most about 25 MB; a run of 1,000,000 counts
 * the rest in one number.
 */
const MOST_TRACKED = 200_000
const MINUTE_MS = 60_000

/** The answer of GET /stats. */
export interface OfflineModelStats {
  readonly started_at: string
  readonly requests: {
    /** Let in by the rate limits, whatever came of them. */
    readonly accepted: number
    /** Answered 429. */
    readonly refused: number
    /** Answered with another error, bad requests included. */
    readonly failed: number
    /** Accepted, and the client went away before the answer. */
    readonly aborted: number
  }
  /** Faults injected on purpose, by kind: parts of `accepted`. */
  readonly faults: Readonly<Record<ModelFault, number>>
  /** Most accepted starts in any half-open window of 60 s. */
  readonly peak_per_60s: number
  readonly in_flight: number
  readonly peak_in_flight: number
  /** As billed in `usage`; `charged` is what the token limit took at the start of requests, and its peak. */
  readonly tokens: {
    readonly input: number
    readonly cached: number
    readonly output: number
    readonly charged: number
    readonly peak_charged_per_60s: number
  }
  /** Requests that held an indicator, by its id. At most 200,000 ids; see `untracked`. */
  readonly requests_by_indicator: Readonly<Record<string, number>>
  readonly max_per_indicator: number
  readonly indicators: number
  /** Indicators asked beyond the ids that are tracked, counted once for each request. */
  readonly untracked: number
}

export interface StatsRecorder {
  accepted(now: number, charged: number): void
  refused(): void
  failed(): void
  aborted(): void
  injected(fault: ModelFault): void
  /** A request left: answered, failed or aborted. Once for each accepted one. */
  left(): void
  asked(indicatorIds: Iterable<string>): void
  billed(input: number, cached: number, output: number): void
  read(options: { readonly withIndicators: boolean }): OfflineModelStats
  /** Everything from zero, but for what is in flight. */
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
        if (before === undefined && counts.byIndicator.size >= MOST_TRACKED) {
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
