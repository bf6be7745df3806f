/** How far a run is: one live line on a terminal, plain lines now and then elsewhere. */

const TTY_EVERY_MS = 200
/** Plain lines end in logs: the longer a run takes, the fewer of them tell enough. */
const PLAIN_EVERY_MS = 5_000
const PLAIN_LATER = [
  { afterMs: 600_000, everyMs: 60_000 },
  { afterMs: 60_000, everyMs: 30_000 },
] as const
const WINDOW_MS = 15_000
/** A rate measured over less says nothing. */
const MIN_WINDOW_MS = 1_000
const SAMPLE_EVERY_MS = 250
/** How fast the shown end follows a new pace; faster at the beginning, when little is known. */
const ETA_SETTLES_MS = 8_000
/** Where the terminal does not say, or says 0. */
const DEFAULT_WIDTH = 80
const CLEAR_LINE = '\r\u001b[K'

export interface ProgressCounts {
  /** Indicators that ended well; failed ones are not among them. */
  readonly done: number
  readonly failed: number
  /** Part of `done`: ended before this process began. It says nothing of the pace. */
  readonly resumed?: number
  readonly needsReview: number
  /** Batches under way. */
  readonly inFlight: number
}

export interface ProgressView extends ProgressCounts {
  readonly total: number
  /** Indicators a minute, or undefined until known. */
  readonly perMinute: number | undefined
  /** Milliseconds to the end, or undefined until known. */
  readonly etaMs: number | undefined
}

export interface ProgressStream {
  write(text: string): unknown
  readonly columns?: number
}

export interface ProgressOptions {
  readonly stream: ProgressStream
  readonly isTty: boolean
  readonly total: number
  /** Milliseconds of a clock that never goes back; default `performance.now`. */
  readonly now?: () => number
  /** Least time between two lines; default 200 ms on a terminal, elsewhere 5 s, and 30 to 60 s in long runs. */
  readonly everyMs?: number
}

export interface Progress {
  update(counts: ProgressCounts): void
  /** A line of its own that stays, above the live one. */
  note(line: string): void
  /** Removes the live line, or prints the last plain one. Nothing is written afterwards, and no timer runs. */
  end(): void
}

export function createProgress(options: ProgressOptions): Progress {
  const { stream, isTty, total } = options
  const now = options.now ?? (() => performance.now())
  const startedAt = now()
  const everyMs = () => options.everyMs ?? (isTty ? TTY_EVERY_MS : plainEvery(now() - startedAt))
  const meter = createRateMeter()
  const eta = createEta()
  let counts: ProgressCounts = { done: 0, failed: 0, needsReview: 0, inFlight: 0 }
  let lastDrawnAt = startedAt
  let lastText = ''
  let hasEnded = false

  function text(): string {
    const at = now()
    const perMinute = meter.perMinute(at)
    const etaMs = eta.at(at, etaOf(total - counts.done - counts.failed, perMinute))
    return formatProgress({ ...counts, total, perMinute, etaMs })
  }
  function draw(): void {
    lastDrawnAt = now()
    lastText = text()
    if (isTty) stream.write(`${CLEAR_LINE}${clip(lastText, (stream.columns || DEFAULT_WIDTH) - 1)}`)
    else stream.write(`${lastText}\n`)
  }
  function drawIfDue(): void {
    if (now() - lastDrawnAt >= everyMs()) draw()
  }

  meter.note(lastDrawnAt, 0)
  if (isTty) draw()
  // Goes on while nothing ends, so that a stalled run shows a falling rate and not its last good one.
  const tickMs = everyMs()
  const timer = setInterval(() => (everyMs() === tickMs ? draw() : drawIfDue()), tickMs)

  return {
    update(next) {
      if (hasEnded) return
      counts = next
      meter.note(now(), next.done + next.failed - (next.resumed ?? 0))
      drawIfDue()
      timer.refresh()
    },
    note(line) {
      stream.write(isTty && !hasEnded ? `${CLEAR_LINE}${line}\n` : `${line}\n`)
      if (isTty && !hasEnded) draw()
    },
    end() {
      if (hasEnded) return
      hasEnded = true
      clearInterval(timer)
      if (isTty) {
        stream.write(CLEAR_LINE)
        return
      }
      const before = lastText
      const last = text()
      if (last !== before) stream.write(`${last}\n`)
    },
  }
}

function plainEvery(elapsedMs: number): number {
  return PLAIN_LATER.find(({ afterMs }) => elapsedMs >= afterMs)?.everyMs ?? PLAIN_EVERY_MS
}

export interface Eta {
  /** Milliseconds to the end as shown, where `measuredMs` is what the pace of the moment says. */
  at(nowMs: number, measuredMs: number | undefined): number | undefined
}

/**
 * Counts down by itself and follows the measured time within seconds: batches end in groups, and a time that jumps
 * with each of them tells nothing. What was unknown, or nothing left, is taken at once.
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

export interface RateMeter {
  /** `finished` is the count from the beginning; `atMs` never falls. */
  note(atMs: number, finished: number): void
  /** Over the last 15 s; undefined until a second has been measured. */
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
      // The sample before the window stays: the rate is over at least the window, however rare the batches are.
      while (samples.length > 1 && (samples[1]?.atMs ?? atMs) <= atMs - WINDOW_MS) samples.shift()
      const first = samples[0]
      if (first === undefined || atMs - first.atMs < MIN_WINDOW_MS) return undefined
      return Math.max(0, ((latest - first.finished) / (atMs - first.atMs)) * 60_000)
    },
  }
}

export function etaOf(remaining: number, perMinute: number | undefined): number | undefined {
  if (remaining <= 0) return 0
  return perMinute === undefined || perMinute <= 0 ? undefined : (remaining / perMinute) * 60_000
}

/** One line without a line break. Never NaN or Infinity: what is not known is "--". */
export function formatProgress(view: ProgressView): string {
  const finished = view.done + view.failed
  const percent = view.total > 0 ? Math.floor(Math.min(1, finished / view.total) * 100) : 100
  const percentText = Number.isFinite(percent) ? `${percent}%` : '--%'
  return [
    `${formatNumber(finished)}/${formatNumber(view.total)}`,
    percentText,
    `${formatNumber(view.perMinute)}/min`,
    `ETA ${formatDuration(view.etaMs)}`,
    `failed ${formatNumber(view.failed)}`,
    `needs review ${formatNumber(view.needsReview)}`,
    `in flight ${formatNumber(view.inFlight)}`,
  ].join('  ')
}

function formatNumber(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '--' : Math.round(value).toLocaleString('en-US')
}

/** "0:07", "12:05", "3:04:05", "5 d 3 h" from 100 hours on; "--" where not known. */
export function formatDuration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms) || ms < 0) return '--'
  const seconds = Math.ceil(ms / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  if (hours >= 100) return `${formatNumber(Math.floor(hours / 24))} d ${hours % 24} h`
  const tail = `${String(seconds % 60).padStart(2, '0')}`
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`
}

/** A line longer than the terminal wraps, and a wrapped line is not redrawn in place. */
export function clip(text: string, width: number): string {
  if (text.length <= width) return text
  return width <= 1 ? text.slice(0, Math.max(0, width)) : `${text.slice(0, width - 1)}…`
}
