/** How fast a run goes and when it will end, from counts that come in groups. Pure. */

/** Milliseconds over which the rate is measured. */
const WINDOW_MS = 15_000
/** A rate that is measured over fewer milliseconds is not shown. */
const MIN_WINDOW_MS = 1_000
/** Milliseconds between two samples that are kept. */
const SAMPLE_EVERY_MS = 250
/** Milliseconds in which the shown end follows a new pace; the time is shorter in the beginning, when little is known. */
const ETA_SETTLES_MS = 8_000

export interface RateMeter {
  /** Notes how many indicators have finished since the beginning. `atMs` never falls. */
  note(atMs: number, finished: number): void
  /** Indicators a minute over the last 15 seconds; undefined until a second has been measured. */
  perMinute(atMs: number): number | undefined
}

export function createRateMeter(): RateMeter {
  const samples: { readonly atMs: number; readonly finished: number }[] = []
  let latest = 0

  return {
    note(atMs, finished) {
      latest = finished
      const last = samples.at(-1)
      if (last === undefined || atMs - last.atMs >= SAMPLE_EVERY_MS) samples.push({ atMs, finished })
    },
    perMinute(atMs) {
      // The last sample before the window stays, so that the rate is over the whole window however rare the samples are.
      while (samples.length > 1 && (samples[1]?.atMs ?? atMs) <= atMs - WINDOW_MS) samples.shift()
      const first = samples[0]
      if (first === undefined || atMs - first.atMs < MIN_WINDOW_MS) return undefined
      return Math.max(0, ((latest - first.finished) / (atMs - first.atMs)) * 60_000)
    },
  }
}

/** Milliseconds until `remaining` indicators are done at this rate; undefined where the rate is not known or 0. */
export function etaOf(remaining: number, perMinute: number | undefined): number | undefined {
  if (remaining <= 0) return 0
  return perMinute === undefined || perMinute <= 0 ? undefined : (remaining / perMinute) * 60_000
}

export interface Eta {
  /** Milliseconds to the end as they are shown, where the pace of the moment says `measuredMs`. */
  at(nowMs: number, measuredMs: number | undefined): number | undefined
}

/**
 * An end that counts down by itself and follows the measured end within seconds, because batches end in groups and a time
 * that jumps with each group could not be read. It starts again where the measured end was unknown, or is now.
 */
export function createEta(): Eta {
  let endAt: number | undefined
  let firstAt = 0
  let lastAt = 0
  return {
    at(nowMs, measuredMs) {
      if (measuredMs === undefined) endAt = undefined
      else if (endAt === undefined || measuredMs === 0) {
        endAt = nowMs + measuredMs
        firstAt = nowMs
      } else {
        const settlesMs = Math.max(1, Math.min(ETA_SETTLES_MS, (nowMs - firstAt) / 3))
        endAt += (nowMs + measuredMs - endAt) * (1 - Math.exp(-(nowMs - lastAt) / settlesMs))
      }
      lastAt = nowMs
      return endAt === undefined ? undefined : Math.max(measuredMs === 0 ? 0 : 1, endAt - nowMs)
    },
  }
}
