/** Shows how far a run is: as one live line on a terminal, and as a plain line now and then where the output is no terminal. */
import { visibleText } from '../../lib/visible-text.ts'
import { createEta, createRateMeter, etaOf } from './pace.ts'
import { clip, formatProgress, type ProgressCounts } from './progress-text.ts'
import { isLiveTerminal, sayThrough } from './terminal.ts'

/** Milliseconds between two drawings of the live line. */
const LIVE_EVERY_MS = 200
/**
 * The milliseconds between two plain lines in the first minute; later lines are rarer, because they often go to log
 * files.
 */
const PLAIN_EVERY_MS = 5_000
const PLAIN_LATER = [
  { afterMs: 600_000, everyMs: 60_000 },
  { afterMs: 60_000, everyMs: 30_000 },
] as const
/** The width in characters that is assumed where the terminal reports no width or reports 0. */
const DEFAULT_WIDTH = 80
/**
 * This many characters at the end of the live line stay free for the "^C" that a terminal echoes, so that the line does
 * not wrap.
 */
const ECHO_WIDTH = 2
const CLEAR_LINE = '\r\u001b[K'
const CLEAR_BELOW = '\r\u001b[J'

export interface ProgressStream {
  write(text: string): unknown
  /** The number of characters in a row of the terminal window at this moment. */
  readonly columns?: number
}

export interface ProgressOptions {
  readonly stream: ProgressStream
  /** Whether the stream is a terminal on which the same line can be drawn again and again. */
  readonly isLive: boolean
  /** The number of indicators in the whole run. */
  readonly total: number
  /** A clock in milliseconds that never goes back; the default is `performance.now`. */
  readonly now?: () => number
}

export interface Progress {
  update(counts: ProgressCounts): void
  /** Writes a line that stays on the screen, above the live line where the stream shows one. */
  note(line: string): void
  /**
   * Removes the live line, or prints a last plain line. Afterwards the progress writes nothing more, and its timer is
   * stopped.
   */
  end(): void
}

export function createProgress({ stream, isLive, total, now = () => performance.now() }: ProgressOptions): Progress {
  const startedAt = now()
  const everyMs = () => (isLive ? LIVE_EVERY_MS : plainEvery(now() - startedAt))
  const meter = createRateMeter()
  const eta = createEta()
  const live = createLiveLine(stream)
  let counts: ProgressCounts = { done: 0, failed: 0, needsReview: 0, unverified: 0, inFlight: 0 }
  let finished = 0
  let lastDrawnAt = startedAt
  let lastText = ''
  let hasEnded = false

  function text(): string {
    const at = now()
    const perMinute = meter.perMinute(at)
    const etaMs = eta.at(at, etaOf(total - finished, perMinute))
    return formatProgress({ ...counts, finished, total, perMinute, etaMs })
  }
  function draw(): void {
    lastDrawnAt = now()
    lastText = text()
    if (isLive) live.draw(lastText)
    else stream.write(`${lastText}\n`)
  }
  function drawIfDue(): void {
    if (now() - lastDrawnAt >= everyMs()) draw()
  }

  meter.note(lastDrawnAt, 0)
  if (isLive) draw()
  // The line is also drawn while no batch ends, so that a stalled run shows a falling rate.
  const tickMs = everyMs()
  const timer = setInterval(() => (everyMs() === tickMs ? draw() : drawIfDue()), tickMs)

  return {
    update(next) {
      if (hasEnded) return
      const isNewPause = next.pause !== undefined && counts.pause === undefined
      const isNewReason = next.waiting !== undefined && counts.waiting === undefined
      counts = next
      // The count of answers in open batches is a moment late, so the sum may fall when a batch ends; the shown number
      // never does.
      finished = Math.max(finished, Math.min(total, next.done + next.failed + (next.answered ?? 0)))
      meter.note(now(), finished - (next.resumed ?? 0))
      if (isNewPause || isNewReason) draw()
      else drawIfDue()
      timer.refresh()
    },
    note(line) {
      if (!isLive || hasEnded) {
        stream.write(`${visibleText(line)}\n`)
        return
      }
      live.clear()
      stream.write(`${visibleText(line)}\n`)
      draw()
    },
    end() {
      if (hasEnded) return
      hasEnded = true
      clearInterval(timer)
      if (isLive) {
        live.clear()
        return
      }
      const before = lastText
      const last = text()
      if (last !== before) stream.write(`${last}\n`)
    },
  }
}

/**
 * Creates the progress of a command on stderr. Until the progress ends, every line of `say` goes above the live line.
 */
export function createStderrProgress(total: number): Progress {
  const progress = createProgress({ stream: process.stderr, isLive: isLiveTerminal(process.stderr), total })
  const sayDirectly = sayThrough(progress.note)
  return {
    ...progress,
    end() {
      progress.end()
      sayDirectly()
    },
  }
}

function plainEvery(elapsedMs: number): number {
  return PLAIN_LATER.find(({ afterMs }) => elapsedMs >= afterMs)?.everyMs ?? PLAIN_EVERY_MS
}

/** Creates the last row of a terminal, which is overwritten with each new text. */
function createLiveLine(stream: ProgressStream) {
  let shown = ''
  const width = () => stream.columns || DEFAULT_WIDTH

  /**
   * Returns the control codes that erase the shown line, also where a window that became narrower has wrapped it into
   * several rows.
   */
  function clearing(): string {
    const rowsAbove = Math.ceil(shown.length / width()) - 1
    return rowsAbove > 0 ? `\u001b[${rowsAbove}A${CLEAR_BELOW}` : CLEAR_LINE
  }
  return {
    draw(text: string): void {
      const before = clearing()
      shown = clip(text, width() - 1 - ECHO_WIDTH)
      stream.write(`${before}${shown}`)
    },
    clear(): void {
      stream.write(clearing())
      shown = ''
    },
  }
}
