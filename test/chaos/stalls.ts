/** Finds stalls: times in which a run made no progress and its command said no reason. */

/** A line that a command printed, and when, in milliseconds. */
export interface SaidLine {
  readonly at: number
  readonly text: string
}

export interface WatchedRun {
  readonly name: string
  readonly startedAt: number
  readonly endedAt: number
  /** When results of the run were saved, or answers about it given. */
  readonly progressAt: readonly number[]
  readonly lines: readonly SaidLine[]
}

export interface Stall {
  readonly name: string
  readonly from: number
  readonly seconds: number
}

/** Nothing may stand still for longer without a reason, milliseconds. */
export const BOUND_MS = 30_000
/** A line is printed every five seconds at first, so that a reason may come this much later, milliseconds. */
const SLACK_MS = 6_000
/** How a progress line says what a run waits for: `formatProgress` of src/cli/ui writes these words, and
 * src/cli/waiting before there is a progress line; no other line counts. */
const REASON = / {2}(?:waiting: |paused until )/

/** The gaps of a run over 30 s in which no line gave a reason. A reason counts from a moment before the gap until its bound. */
export function findStalls(run: WatchedRun): Stall[] {
  const marks = [run.startedAt, ...run.progressAt, run.endedAt].sort((a, b) => a - b)
  return marks.slice(1).flatMap((to, index) => {
    const from = marks[index] ?? to
    if (to - from <= BOUND_MS) return []
    const isSaid = run.lines.some(({ at, text }) => at >= from && at <= from + BOUND_MS + SLACK_MS && REASON.test(text))
    return isSaid ? [] : [{ name: run.name, from, seconds: Math.round((to - from) / 1_000) }]
  })
}
