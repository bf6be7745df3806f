/** The decisions of a run's trial: who may ask while no answer was usable yet, and when the run stops asking. Pure. */
import { type ErrorCode, isErrorCode } from '../../errors.ts'
import type { TrialState, TriedModel } from '../../store/types.ts'

/** Requests in flight over all replicas while the trial is open, and while the endpoint is away. */
const MOST_IN_FLIGHT = 2
const MOST_IN_FLIGHT_AWAY = 1
/** The run stops after this many failures of one kind in a row. */
export const ALIKE_FAILURES = 3
/** The run stops after this many answers with nothing in them, in about eight seconds: each is billed, and a wait seldom mends it. */
export const MOST_EMPTY = 5
/** The run stops after this many failures of any kind, in about a minute where the endpoint is away. */
export const MOST_FAILURES = 10
/** Milliseconds of the pause after the first request that finds the endpoint away; each further pause is twice as long. */
const FIRST_AWAY_MS = 500
const LONGEST_AWAY_MS = 15_000
/** A caller that names no part of its run begins a new trial this many milliseconds after a stop. */
const STOP_WITHOUT_PART_MS = 30_000

/** A chunk of at least this part of one that was too long is not asked, because a smaller one follows. */
const TOO_LONG_PART = 0.8

/** Kinds of failure that may lie with the records asked about, so that three of them must be about different records. */
const OF_RECORDS: ReadonlySet<string> = new Set([
  'model-refused',
  'model-too-long',
  'no-answer',
  'doubled-answer',
  'invalid-answer',
])

/** What to try, by the kind of the failures. */
const ADVICE: Readonly<Record<string, string>> = {
  'model-cut-off': 'set OPENAI_REASONING_EFFORT=none or raise OPENAI_MAX_ANSWER_TOKENS',
  'model-timeout': 'raise OPENAI_TIMEOUT_MS, ask about fewer indicators at once with --pack, or look at the endpoint',
  'model-refused': 'try another OPENAI_MODEL',
  'model-too-long': 'take an OPENAI_MODEL with a longer context',
  'model-bad-request': 'check OPENAI_BASE_URL and OPENAI_MODEL, and what the endpoint says of the request',
  'model-unavailable': 'look at the endpoint, and check OPENAI_BASE_URL',
}
const OTHER_ADVICE = 'check OPENAI_BASE_URL, or try an OPENAI_MODEL that answers with JSON by a schema'

export interface TrialAsker {
  /** Id of the chunk, under which it may ask again where an attempt was lost. */
  readonly id: string
  /** Greater for a later process of the run; 0 where it names none. */
  readonly part: number
  /** Milliseconds for which a request of this chunk is believed to be in flight. */
  readonly holdMs: number
  /** Characters of the records asked about; null for a single record, which cannot be asked in smaller chunks. */
  readonly size: number | null
}

export type StopReason = { readonly code: ErrorCode; readonly message: string }

export interface Entry {
  readonly state: TrialState
  /** `asks`: the chunk may ask and must leave. `free`: it may ask, as may all others. */
  readonly entry:
    | { readonly kind: 'asks' | 'free' }
    | { readonly kind: 'waits'; readonly waitMs: number }
    /** It need not ask: the endpoint refuses chunks of this size, and smaller ones follow. */
    | { readonly kind: 'too-long'; readonly message: string }
    | ({ readonly kind: 'stopped' } & StopReason)
}

/** What a request has shown of the endpoint. */
export type Verdict =
  | { readonly kind: 'usable' }
  /** It shows nothing: the chunk did not ask, or was refused for its rate. */
  | { readonly kind: 'nothing' }
  /** The answer cannot be used. `subject` tells what was asked about. */
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly subject: string }
  /** No answer came. `isEmpty`: one came, which is billed, and nothing was in it. */
  | { readonly kind: 'away'; readonly code: string; readonly message: string; readonly isEmpty: boolean }
  | { readonly kind: 'too-long'; readonly code: string; readonly message: string; readonly size: number }
  /** Every request of the run would fail in this way. */
  | ({ readonly kind: 'fatal' } & StopReason)

const NEW: Omit<TrialState, 'part'> = {
  ...{
    outcome: 'open',
    holders: [],
    alike: null,
    failed: 0,
    away: 0,
    empty: 0,
    tooLong: null,
    notBefore: 0,
    stop: null,
  },
}

/** Whether the stop of a trial holds for a chunk at `now`; a part of the run that began later tries again. */
export function isStoppedFor(state: TrialState, part: number, now: number): boolean {
  if (state.outcome !== 'stopped' || part > state.part) return false
  return part > 0 || now - (state.stop?.at ?? 0) < STOP_WITHOUT_PART_MS
}

/** The stop of a run as a failure. */
export function stopReasonOf({ stop }: TrialState): StopReason {
  const code = stop?.code ?? ''
  return { code: isErrorCode(code) ? code : 'model-unusable', message: stop?.message ?? '' }
}

/** Decides whether a chunk may ask at `now`, the database's clock in milliseconds. */
export function enterTrial(found: TrialState | null, { id, part, holdMs, size }: TrialAsker, now: number): Entry {
  const known = found ?? { ...NEW, part }
  if (known.outcome === 'usable') return { state: known, entry: { kind: 'free' } }
  if (isStoppedFor(known, part, now)) return { state: known, entry: { kind: 'stopped', ...stopReasonOf(known) } }
  const isNew = part > known.part || known.outcome === 'stopped'
  // Requests of an earlier part that are in flight still count.
  const state = isNew ? { ...NEW, part: Math.max(part, known.part), holders: known.holders } : known
  const { tooLong } = state
  if (tooLong !== null && size !== null && size >= TOO_LONG_PART * tooLong.size) {
    return { state, entry: { kind: 'too-long', message: tooLong.message } }
  }
  const others = state.holders.filter((holder) => holder.id !== id && holder.until > now)
  const most = state.away > 0 ? MOST_IN_FLIGHT_AWAY : MOST_IN_FLIGHT
  const untilStart = Math.max(0, state.notBefore - now)
  if (untilStart > 0 || others.length >= most) {
    return { state, entry: { kind: 'waits', waitMs: untilStart } }
  }
  return { state: { ...state, holders: [...others, { id, until: now + holdMs }] }, entry: { kind: 'asks' } }
}

/** The trial after the chunk `id` has asked. */
export function leaveTrial(
  found: TrialState | null,
  { id, model }: { readonly id: string; readonly model: TriedModel },
  verdict: Verdict,
  now: number,
): TrialState | null {
  if (found === null && verdict.kind !== 'fatal') return null
  const known = found ?? { ...NEW, part: 0 }
  const isHolder = known.holders.some((holder) => holder.id === id)
  const state = isHolder ? { ...known, holders: known.holders.filter((holder) => holder.id !== id) } : known
  if (verdict.kind === 'nothing' || state.outcome === 'stopped') return state
  if (verdict.kind === 'fatal') return stopped(state, verdict, now)
  // Without its place the chunk asked in an earlier trial, or before the run was free.
  if (state.outcome === 'usable' || !isHolder) return state
  if (verdict.kind === 'usable') return { ...state, outcome: 'usable', holders: [] }
  const failed = state.failed + 1
  const isAway = verdict.kind === 'away'
  const away = state.away + (isAway ? 1 : 0)
  const backoffMs = Math.min(FIRST_AWAY_MS * 2 ** (away - 1), LONGEST_AWAY_MS)
  if (verdict.kind === 'too-long') {
    const { size, message } = verdict
    const after = { ...state, failed, tooLong: { size: Math.min(size, state.tooLong?.size ?? size), message } }
    return failed < MOST_FAILURES ? after : stopped(after, failureOf(verdict, model, failed, false), now)
  }
  const alike = alikeAfter(state.alike, verdict)
  const empty = state.empty + (isAway && verdict.isEmpty ? 1 : 0)
  const after = { ...state, failed, away, empty, alike, notBefore: isAway ? now + backoffMs : state.notBefore }
  // A wait may mend an endpoint that is away, but a time-out is paid for.
  const isAlike = alike.count >= ALIKE_FAILURES && (!isAway || verdict.code === 'model-timeout')
  if (!isAlike && failed < MOST_FAILURES && empty < MOST_EMPTY) return after
  return stopped(after, failureOf(verdict, model, isAlike ? alike.count : failed, isAlike), now)
}

function alikeAfter(
  before: TrialState['alike'],
  verdict: Extract<Verdict, { kind: 'failed' | 'away' }>,
): NonNullable<TrialState['alike']> {
  const { code } = verdict
  const isSame = before?.code === code
  const subject = verdict.kind === 'failed' && OF_RECORDS.has(code) ? verdict.subject : null
  const known = isSame ? before.subjects : []
  if (subject === null) return { code, count: (isSame ? before.count : 0) + 1, subjects: [] }
  const subjects = known.includes(subject) ? known : [...known, subject]
  return { code, count: subjects.length, subjects }
}

function stopped(state: TrialState, { code, message }: StopReason, now: number): TrialState {
  return { ...state, outcome: 'stopped', stop: { code, message, at: now } }
}

function failureOf(
  { kind, code, message }: Extract<Verdict, { kind: 'failed' | 'away' | 'too-long' }>,
  model: TriedModel,
  count: number,
  isAlike: boolean,
): StopReason {
  const how = isAlike ? `${count} requests in a row failed alike` : `${count} requests failed, the last one`
  const advice = ADVICE[code] ?? OTHER_ADVICE
  const said = `${how} (${code}): ${message.replace(/\.$/, '')}. To try:`
  const stop = kind === 'away' ? ('model-unavailable' as const) : ('model-unusable' as const)
  if (model === 'primary') {
    return { code: stop, message: `the run has had no usable answer, and ${said} ${advice}; then resume the run` }
  }
  const ofModel = advice.replace('OPENAI_MODEL', 'OPENAI_ESCALATION_MODEL')
  return { code: stop, message: `the escalation model has given the run no usable answer, and ${said} ${ofModel}` }
}
