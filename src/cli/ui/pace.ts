/** Pure functions that compute how fast a run goes and when the run will end, from counts that come in groups. */

/** The rate of a run is measured over this many past milliseconds. */
const WINDOW_MS = 15_000
/** A rate that is measured over fewer milliseconds than this is not shown, because so short a time says little. */
const MIN_WINDOW_MS = 1_000
/**
 * The meter keeps a sample only where this many milliseconds have passed since the sample before, which bounds its
 * memory.
 */
const SAMPLE_EVERY_MS = 250
/**
 * The shown end of a run follows a new pace within about this many milliseconds, and faster in the beginning, when
 * little is known.
 */
const ETA_SETTLES_MS = 8_000

export interface RateMeter {
  /**
   * Notes how many indicators have finished since the beginning of the run. `atMs` must never fall from call to call.
   */
  note(atMs: number, finished: number): void
  /** The rate in indicators a minute over the last 15 seconds; undefined until one second has been measured. */
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
      // One sample older than the window stays, so that the rate covers the whole window however rare the samples are.
      while (samples.length > 1 && (samples[1]?.atMs ?? atMs) <= atMs - WINDOW_MS) samples.shift()
      const first = samples[0]
      if (first === undefined || atMs - first.atMs < MIN_WINDOW_MS) return undefined
      return Math.max(0, ((latest - first.finished) / (atMs - first.atMs)) * 60_000)
    },
  }
}

/**
 * Returns the milliseconds until `remaining` indicators are done at this rate; undefined where the rate is unknown or
 * 0.
 */
export function etaOf(remaining: number, perMinute: number | undefined): number | undefined {
  if (remaining <= 0) return 0
  return perMinute === undefined || perMinute <= 0 ? undefined : (remaining / perMinute) * 60_000
}

export interface Eta {
  /**
   * Returns the milliseconds to the end as a user sees them; `measuredMs` are those that the pace of the moment
   * predicts.
   */
  at(nowMs: number, measuredMs: number | undefined): number | undefined
}

/**
 * Creates a remaining time that counts down by itself and follows the measured remaining time within seconds. Without
 * this smoothing the shown time would jump with each group of batches that ends. The countdown starts anew whenever the
 * measured time was unknown.
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
