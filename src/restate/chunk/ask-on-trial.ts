/** Asks the model within the trial of the run: until the endpoint has given a usable answer, few requests are in flight. */
import { sha256 } from '../../lib/sha256.ts'
import type { ChunkRequest, EarlierChunkRequest } from '../chunk-contract.ts'
import { type AskDeps, askOnce } from './ask.ts'
import { type AskOutcome, requestsOf } from './ask-outcome.ts'
import { isEarlierChunk } from './earlier-chunk.ts'
import type { RunTrials } from './run-trials.ts'
import type { StopReason, Verdict } from './trial.ts'
import { RUN_STOPPED } from './unasked.ts'

export interface AskOnTrialDeps extends AskDeps {
  readonly trials: RunTrials
}

export interface ChunkAttempt {
  /** Id of the chunk's invocation. */
  readonly id: string
  /** Id of this request in the records of requests. */
  readonly requestId: string
  readonly signal: AbortSignal
}

const SUBJECT_LENGTH = 16
const TOO_LONG = 'model-too-long'

/** One attempt of a chunk, as `askOnce` makes it, once the trial of its run lets it ask. Rejects as `askOnce` and the store do. */
export async function askOnTrial(
  deps: AskOnTrialDeps,
  request: ChunkRequest | EarlierChunkRequest,
  attempt: ChunkAttempt,
): Promise<AskOutcome> {
  // What the trial of a run keeps back is made up for once the run is free to ask.
  const ended = deps.rate.expect()
  try {
    return await askOnceOnTrial(deps, request, attempt)
  } finally {
    ended()
  }
}

async function askOnceOnTrial(
  deps: AskOnTrialDeps,
  request: ChunkRequest | EarlierChunkRequest,
  { id, requestId, signal }: ChunkAttempt,
): Promise<AskOutcome> {
  if (await deps.stops.isStopped(request)) return stoppedReply(deps, request, RUN_STOPPED)
  const part = isEarlierChunk(request) ? 0 : (request.part ?? 0)
  const size = sizeOf(request)
  const serviceTier = (isEarlierChunk(request) ? undefined : request.service_tier) ?? deps.model.serviceTier
  const isSlow = serviceTier === 'flex'
  const run = { runId: request.run_id, model: request.tier, part, id, size, isSlow }
  const admission = await deps.trials.enter(run, deps.maxWaitMs, signal)
  if (admission.kind === 'waits') return { kind: 'wait', waitMs: admission.waitMs }
  if (admission.kind === 'too-long') return unaskedReply(deps, request, { code: TOO_LONG, message: admission.message })
  if (admission.kind === 'stopped') return stoppedReply(deps, request, admission)
  const outcome = await askOnce(deps, request, requestId, signal).catch(async (error: unknown) => {
    await admission.leave({ kind: 'nothing' })
    throw error
  })
  const verdict = verdictOf(request, outcome)
  const stop = await admission.leave(verdict)
  if (stop === null || verdict.kind === 'usable') return withoutSeen(outcome)
  return withStop(deps, request, withoutSeen(outcome), stop)
}

/**
 * Whether a stop ends the run. Where the escalation model gives nothing usable it is asked no more, and the answers of the primary
 * model stand; a person judges those that are in doubt.
 */
function endsRun({ tier }: ChunkRequest | EarlierChunkRequest, { code }: StopReason): boolean {
  return tier === 'primary' || (code !== 'model-unusable' && code !== 'model-unavailable')
}

function verdictOf(request: ChunkRequest | EarlierChunkRequest, outcome: AskOutcome): Verdict {
  if (outcome.kind === 'wait') return { kind: 'nothing' }
  if (outcome.kind === 'retry') {
    const { code, message, empty = false } = outcome
    return { kind: 'away', code, message, isEmpty: empty }
  }
  // Nothing was asked, as where the run may spend no more.
  if (outcome.requests.length === 0) return { kind: 'nothing' }
  if (outcome.failure !== null) return { kind: 'fatal', ...outcome.failure }
  // That none of the codes fits is an answer, which says nothing against the endpoint.
  const isUsable = outcome.decisions.length > 0 || outcome.unanswered.some(({ code }) => code === 'none-of-these')
  const [missing] = outcome.unanswered
  if (isUsable || missing === undefined) return { kind: 'usable' }
  const { code, message } = missing
  const size = sizeOf(request)
  if (code === TOO_LONG && size !== null) return { kind: 'too-long', code, message, size }
  const seen = outcome.seen === undefined ? '' : `; it began: ${outcome.seen}`
  return { kind: 'failed', code, message: `${message}${seen}`, subject: subjectOf(request) }
}

/** What tells the records of two chunks apart. A chunk that asks again about a part of the records begins with one of them. */
function subjectOf({ items }: ChunkRequest | EarlierChunkRequest): string {
  const [first] = items
  return sha256(JSON.stringify(first === undefined ? [] : [first.indicator])).slice(0, SUBJECT_LENGTH)
}

/** The outcome of a chunk of a run that its own request has stopped. What it has learned stays, and nothing is asked again. */
function withStop(
  deps: AskOnTrialDeps,
  request: ChunkRequest | EarlierChunkRequest,
  outcome: AskOutcome,
  stop: StopReason,
): AskOutcome {
  if (outcome.kind === 'answered') {
    return endsRun(request, stop) ? { ...outcome, failure: outcome.failure ?? stop } : outcome
  }
  return { ...stoppedReply(deps, request, stop), requests: requestsOf(outcome) }
}

function stoppedReply(
  deps: AskOnTrialDeps,
  request: ChunkRequest | EarlierChunkRequest,
  { code, message }: StopReason,
): AskOutcome & { readonly kind: 'answered' } {
  const reply = unaskedReply(deps, request, { code, message })
  return endsRun(request, { code, message }) ? { ...reply, failure: { code, message } } : reply
}

function unaskedReply(
  { model }: AskOnTrialDeps,
  { tier, items }: ChunkRequest | EarlierChunkRequest,
  { code, message }: StopReason,
): AskOutcome & { readonly kind: 'answered' } {
  const unanswered = items.map(({ key }) => ({ key, code, message }))
  const asked = { asked_model: model.models[tier] ?? model.models.primary, decisions: [], requests: [] }
  return { kind: 'answered', ...asked, unanswered, failure: null }
}

/** The characters of the records of a chunk; null where it has only one. */
function sizeOf({ items }: ChunkRequest | EarlierChunkRequest): number | null {
  return items.length > 1 ? JSON.stringify(items).length : null
}

/** The outcome as it is journaled: what the model said is told to the trial alone. */
function withoutSeen(outcome: AskOutcome): AskOutcome {
  if (outcome.kind !== 'answered') return outcome
  const { seen: _, ...journaled } = outcome
  return journaled
}
