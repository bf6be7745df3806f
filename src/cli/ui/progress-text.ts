/** Pure functions that format the progress line of a run, and parts of that line that other reports use too. */
import { visibleText } from '../../lib/visible-text.ts'

/** The reason of a pause is cut to this many characters. */
const MAX_REASON = 300
/** What a run waits for is cut to this many characters. */
const MAX_WAITING = 400

/** The state of a run; each number counts indicators unless its own comment names something else. */
export interface ProgressCounts {
  /** The number of indicators in batches that have succeeded; indicators that failed are not counted here. */
  readonly done: number
  readonly failed: number
  /**
   * The part of `done` that earlier processes of the run did, and that therefore says nothing about the present pace.
   */
  readonly resumed?: number
  /** The number of indicators that the model has answered in batches that have not ended yet. */
  readonly answered?: number
  readonly needsReview: number
  /** The part of `done` whose results rest on a guess that nothing has checked. */
  readonly unverified: number
  /** The number of batches that are submitted and have not ended yet. */
  readonly inFlight: number
  /** A long pause that the model's endpoint asked for. */
  readonly pause?: ShownPause | undefined
  /** What the run waits for, where nothing moves, with the command that helps. */
  readonly waiting?: string | undefined
}

export interface ShownPause {
  /** Milliseconds since 1970. */
  readonly endsAt: number
  readonly reason: string
}

export interface ProgressView {
  /**
   * The number of indicators that are finished: classified, failed, or answered by the model in a batch that is still
   * open.
   */
  readonly finished: number
  readonly total: number
  readonly failed: number
  readonly needsReview: number
  readonly unverified: number
  /** The number of batches that are submitted and have not ended yet. */
  readonly inFlight: number
  readonly pause?: ShownPause | undefined
  readonly waiting?: string | undefined
  /** The pace in indicators a minute; undefined until the pace is known. */
  readonly perMinute: number | undefined
  /** The milliseconds until the run ends; undefined until this time is known. */
  readonly etaMs: number | undefined
}

/** Formats the progress as one line without a line break. A number that is unknown or not finite is shown as "--". */
export function formatProgress(view: ProgressView): string {
  const { finished, total, pause, waiting } = view
  const percent = total > 0 ? Math.floor(Math.min(1, finished / total) * 100) : 100
  const percentText = Number.isFinite(percent) ? `${percent}%` : '--%'
  return [
    `${formatNumber(finished)}/${formatNumber(total)}`,
    percentText,
    // Nothing moves in a pause, so that the reason stands where pace and end do, and is not cut off by a narrow terminal.
    ...(pause !== undefined
      ? [formatPause(pause)]
      : waiting !== undefined
        ? [`waiting: ${clip(visibleText(waiting), MAX_WAITING)}`]
        : [`${formatNumber(view.perMinute)}/min`, `ETA ${formatDuration(view.etaMs)}`]),
    `failed ${formatNumber(view.failed)}`,
    `needs review ${formatNumber(view.needsReview)}`,
    // Most runs have no unverified results, and a terminal line is short.
    ...(view.unverified > 0 ? [`unverified ${formatNumber(view.unverified)}`] : []),
    `in flight ${formatNumber(view.inFlight)}`,
  ].join('  ')
}

/** Formats a pause as "paused until 14:05:10 (reason)", in the time of this machine. */
export function formatPause({ endsAt, reason }: ShownPause): string {
  const time = new Date(endsAt).toTimeString().slice(0, 8)
  return `paused until ${time} (${clip(visibleText(reason), MAX_REASON)})`
}

function formatNumber(value: number | undefined): string {
  return value === undefined || !Number.isFinite(value) ? '--' : Math.round(value).toLocaleString('en-US')
}

/**
 * Formats a time as "0:07", "12:05" or "3:04:05", from 100 hours on as "5 d 3 h", and as "--" where the time is
 * unknown.
 */
export function formatDuration(ms: number | undefined): string {
  if (ms === undefined || !Number.isFinite(ms) || ms < 0) return '--'
  const seconds = Math.ceil(ms / 1_000)
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60]
  if (hours >= 100) return `${formatNumber(Math.floor(hours / 24))} d ${hours % 24} h`
  const tail = `${String(seconds % 60).padStart(2, '0')}`
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`
}

/** Cuts `text` to `width` characters; the last character is an ellipsis where a part of `text` is cut off. */
export function clip(text: string, width: number): string {
  if (text.length <= width) return text
  return width <= 1 ? text.slice(0, Math.max(0, width)) : `${text.slice(0, width - 1)}…`
}
