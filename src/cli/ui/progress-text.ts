/** The text of the progress line, and its parts that other reports use too. Pure. */

/** The state of a run, in indicators unless something else is said. */
export interface ProgressCounts {
  /** Indicators of batches that ended well; failed ones are not among them. */
  readonly done: number
  readonly failed: number
  /** The part of `done` that ended before this process took the run up, and so says nothing about the pace. */
  readonly resumed?: number
  /** Indicators of open batches that have their answer already. */
  readonly answered?: number
  readonly needsReview: number
  /** Batches that are open. */
  readonly inFlight: number
}

export interface ProgressView {
  /** Indicators that have their result or their answer, or have failed. */
  readonly finished: number
  readonly total: number
  readonly failed: number
  readonly needsReview: number
  /** Batches that are open. */
  readonly inFlight: number
  /** Indicators a minute; undefined until known. */
  readonly perMinute: number | undefined
  /** Milliseconds to the end; undefined until known. */
  readonly etaMs: number | undefined
}

/** One line without a line break. A number that is not known or not finite is shown as "--". */
export function formatProgress(view: ProgressView): string {
  const { finished, total } = view
  const percent = total > 0 ? Math.floor(Math.min(1, finished / total) * 100) : 100
  const percentText = Number.isFinite(percent) ? `${percent}%` : '--%'
  return [
    `${formatNumber(finished)}/${formatNumber(total)}`,
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

/** A time such as "0:07", "12:05" or "3:04:05", from 100 hours on "5 d 3 h"; "--" where it is not known. */
export function formatDuration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms) || ms < 0) return '--'
  const seconds = Math.ceil(ms / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  if (hours >= 100) return `${formatNumber(Math.floor(hours / 24))} d ${hours % 24} h`
  const tail = `${String(seconds % 60).padStart(2, '0')}`
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`
}

/** `text` cut to `width` characters, with an ellipsis as the last one where something is cut off. */
export function clip(text: string, width: number): string {
  if (text.length <= width) return text
  return width <= 1 ? text.slice(0, Math.max(0, width)) : `${text.slice(0, width - 1)}…`
}
