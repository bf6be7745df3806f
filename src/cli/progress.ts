/** How far a run is: one live line on a terminal, plain lines now and then elsewhere. */

const TTY_EVERY_MS = 200
const PLAIN_EVERY_MS = 5_000
const WINDOW_MS = 15_000
/** A rate measured over less says nothing. */
const MIN_WINDOW_MS = 1_000
const SAMPLE_EVERY_MS = 250
/** Where the terminal does not say, or says 0. */
const DEFAULT_WIDTH = 80
const CLEAR_LINE = '\r\u001b[K'

export interface ProgressCounts {
  /** Indicators that ended well; failed ones are not among them. */
  readonly done: number
  readonly failed: number
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
  /** Least time between two lines; default 200 ms on a terminal, 5,000 elsewhere. */
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
  const everyMs = options.everyMs ?? (isTty ? TTY_EVERY_MS : PLAIN_EVERY_MS)
  const meter = createRateMeter()
  let counts: ProgressCounts = { done: 0, failed: 0, needsReview: 0, inFlight: 0 }
  let lastDrawnAt = now()
  let lastText = ''
  let hasEnded = false

  function draw(): void {
    lastDrawnAt = now()
    const perMinute = meter.perMinute(lastDrawnAt)
    const remaining = total - counts.done - counts.failed
    const text = formatProgress({ ...counts, total, perMinute, etaMs: etaOf(remaining, perMinute) })
    if (isTty) stream.write(`${CLEAR_LINE}${clip(text, (stream.columns || DEFAULT_WIDTH) - 1)}`)
    else stream.write(`${text}\n`)
    lastText = text
  }
  function drawIfDue(): void {
    if (now() - lastDrawnAt >= everyMs) draw()
  }

  meter.note(lastDrawnAt, 0)
  if (isTty) draw()
  // Goes on while nothing ends, so that a stalled run shows a falling rate and not its last good one.
  const timer = setInterval(draw, everyMs)

  return {
    update(next) {
      if (hasEnded) return
      counts = next
      meter.note(now(), next.done + next.failed)
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
      const perMinute = meter.perMinute(now())
      const text = formatProgress({
        ...counts,
        total,
        perMinute,
        etaMs: etaOf(total - counts.done - counts.failed, perMinute),
      })
      if (text !== before) stream.write(`${text}\n`)
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

/** "0:07", "12:05", "3:04:05"; "--" where not known or beyond 99 hours. */
export function formatDuration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms) || ms < 0 || ms >= 100 * 3_600_000) return '--'
  const seconds = Math.ceil(ms / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  const tail = `${String(seconds % 60).padStart(2, '0')}`
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`
}

/** A line longer than the terminal wraps, and a wrapped line is not redrawn in place. */
export function clip(text: string, width: number): string {
  if (text.length <= width) return text
  return width <= 1 ? text.slice(0, Math.max(0, width)) : `${text.slice(0, width - 1)}…`
}
