/** One attempt to have a chunk answered. Every answer and failure of the model endpoint becomes a value that the journal can hold. */
import { parseAnswers } from '../../classification/answers.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import type { PreparedScheme, Schemes } from '../../classification/scheme.ts'
import { completionTokenLimit, estimateTokens } from '../../classification/tokens.ts'
import { buildUserPrompt } from '../../classification/user-prompt.ts'
import { FAILURES, isEndpointAway, isServiceError, type ServiceError } from '../../errors.ts'
import type { ReferenceClock } from '../../lib/reference-clock.ts'
import { mayRepeat, PaidAnswerError, paidUsageOf, rateOf } from '../../llm/errors.ts'
import type { ModelClient, ModelReply } from '../../llm/types.ts'
import type { Metrics } from '../../metrics.ts'
import type { RateControl, RatePermit } from '../../rate/types.ts'
import type { ModelRequestRecord } from '../../store/types.ts'
import type { ChunkRequest, EarlierChunkRequest } from '../chunk-contract.ts'
import type { AskOutcome } from './ask-outcome.ts'
import { type BookingDeps, clean, createBooking, mayKeep, refusalOf } from './booking.ts'
import { isEarlierChunk, readEarlierChunk, toEarlierReply } from './earlier-chunk.ts'
import type { PromptParts } from './prompt-parts.ts'
import type { RunStops } from './run-stops.ts'
import { answered, refuseForCost, refuseStopped } from './unasked.ts'

export interface AskDeps extends BookingDeps {
  readonly model: ModelClient
  readonly schemes: Schemes
  /** Builds what all requests of a codebook share. */
  readonly partsOf: (scheme: PreparedScheme) => PromptParts
  readonly rate: RateControl
  readonly stops: RunStops
  readonly metrics: Pick<Metrics, 'limiterDeferred' | 'limiterWaitSeconds' | 'chunkIndicators'>
  /** The database's clock. */
  readonly clock: Pick<ReferenceClock, 'now'>
  /** Milliseconds that an attempt may wait for a permit to start before its chunk sleeps durably. */
  readonly maxWaitMs: number
}

/** An answer of which nothing can be used is shown with at most this many characters. */
const MAX_SEEN_LENGTH = 210
/** An endpoint's failure message is cut to this many characters. */
const MAX_MESSAGE_LENGTH = 600

/**
 * Takes a permit to start and asks the model once. Rejects where this replica stops (limiter-closed), Restate gives the
 * attempt up (interrupted) or the database fails, and on defects.
 */
export async function askOnce(
  deps: AskDeps,
  request: ChunkRequest | EarlierChunkRequest,
  requestId: string,
  signal: AbortSignal,
): Promise<AskOutcome> {
  if (!isEarlierChunk(request)) {
    return await ask(deps, await deps.schemes.findByHash(request.codebook_hash), request, requestId, signal)
  }
  const earlier = await readEarlierChunk(deps.schemes, request)
  const outcome = await ask(deps, earlier.scheme, earlier.request, requestId, signal)
  if (outcome.kind !== 'answered') return outcome
  const { kind, seen, ...reply } = outcome
  return { kind, ...(seen === undefined ? {} : { seen }), ...toEarlierReply(reply, earlier.scheme) }
}

async function ask(
  deps: AskDeps,
  scheme: PreparedScheme,
  request: ChunkRequest,
  requestId: string,
  signal: AbortSignal,
): Promise<AskOutcome> {
  const model = request.tier === 'primary' ? deps.model.models.primary : deps.model.models.escalation
  if (model === null) {
    // The escalation model was removed after the batch was planned, so the answers of the primary model stand.
    const why = { code: 'no-escalation-model', message: 'no escalation model is set any more' }
    return answered(
      scheme,
      '',
      [],
      request.items.map(({ key, fields }) => ({ key, fields, ...why })),
      [],
    )
  }
  const { system, schema, schemaName, tokens } = deps.partsOf(scheme)
  const user = buildUserPrompt(scheme.codebook, request.items)
  const answerTokens = completionTokenLimit(
    scheme.codebook,
    request.items.map(({ fields }) => fields),
  )
  const maxCompletionTokens = deps.model.answerBound(request.tier, answerTokens)
  const serviceTier = request.service_tier ?? deps.model.serviceTier
  const ofFlex = serviceTier === 'flex' ? { isSlow: true } : {}
  // The batches that began first are answered first, so that they end one after the other and new ones follow in time.
  const sequence = request.booking?.sequence
  const ofBatch = sequence === undefined ? {} : { order: sequence }
  const promptTokens = tokens + estimateTokens(user)
  const size = { tier: request.tier, promptTokens, maxCompletionTokens, ...ofFlex, ...ofBatch }
  const known = refusalOf(deps, request, { model, serviceTier, size })
  if (known !== null) return refuseForCost(scheme, request, model, known)
  const permit = await deps.rate.acquire(size, deps.maxWaitMs, signal)
  if (!permit.granted) {
    deps.metrics.limiterDeferred.inc()
    return { kind: 'wait', waitMs: permit.waitMs }
  }
  // The request may have waited for its start for seconds.
  if (await deps.stops.isStopped(request)) {
    permit.ended()
    return refuseStopped(scheme, request, model)
  }
  deps.metrics.limiterWaitSeconds.observe(permit.waitedMs / 1_000)
  deps.metrics.chunkIndicators.observe(request.items.length)

  const startedAt = performance.now()
  // The database compares this time with its own, to tell which requests are still in flight.
  const requestedAt = new Date(deps.clock.now()).toISOString()
  const booking = createBooking(deps, request, { scheme, model, serviceTier, size, requestId, requestedAt })
  const refusal = await booking.open().catch((error: unknown) => {
    permit.ended()
    throw error
  })
  if (refusal !== null) {
    permit.ended()
    return refuseForCost(scheme, request, model, refusal)
  }
  /** The bookings of requests that were refused for their form, before the question was sent in another. */
  const refused: Promise<ModelRequestRecord>[] = []
  try {
    const reply = await deps.model.ask({
      ...{ tier: request.tier, serviceTier },
      system,
      user,
      schema,
      schemaName,
      maxCompletionTokens,
      answerTokens,
      cacheKey: `classify-${PROMPT_VERSION}-${scheme.hash.slice(0, 16)}`,
      signal,
      formRefused: ({ code, ...spent }) => {
        // It belongs to no service tier, because nothing is billed for it.
        const { serviceTier: _, ...unbilled } = booking.record(code, spent)
        const record = { ...unbilled, requestId: `${requestId}.${refused.length + 1}` }
        refused.push(booking.close(record))
      },
    })
    permit.answered(reply.usage.input, reply.rate)
    const record = booking.record('ok', reply)
    const read = readReply(scheme, request, model, reply, record)
    const booked = await booking.close(record, read.decisions)
    const isKept = booked.booked === true && mayKeep(request, model)
    return { ...read, requests: [...(await Promise.all(refused)), booked], ...(isKept ? { kept: true } : {}) }
  } catch (error) {
    const latencyMs = Math.round(performance.now() - startedAt)
    const paid = paidUsageOf(error)
    if (paid !== null) permit.answered(paid.usage.input, null)
    const code = isServiceError(error) ? error.code : 'internal'
    const requestId = isServiceError(error) ? error.requestId : undefined
    // What was paid is booked also where this attempt ends without an outcome, as where Restate has given it up.
    const record = booking.record(code, { latencyMs, ...paid, requestId })
    const closed = booking.close(record)
    try {
      if (!isServiceError(error)) throw error
      const outcome = readFailure(permit, scheme, request, model, error, record)
      return withRecords(outcome, await closed, await Promise.all(refused))
    } finally {
      await Promise.all([closed, ...refused])
    }
  } finally {
    permit.ended()
  }
}

function readReply(
  scheme: PreparedScheme,
  request: ChunkRequest,
  model: string,
  reply: ModelReply,
  record: ModelRequestRecord,
): AskOutcome & { readonly kind: 'answered' } {
  const { decisions, unanswered } = parseAnswers(scheme.codebook, reply.answer, request.items)
  const outcome = answered(
    scheme,
    model,
    [...decisions].map(([key, decision]) => ({ key, decision, model: record.model })),
    unanswered,
    [record],
  )
  if (decisions.size > 0 || reply.excerpt === undefined) return outcome
  return { ...outcome, seen: clean(reply.excerpt(), MAX_SEEN_LENGTH) }
}

function withRecords(
  outcome: AskOutcome,
  record: ModelRequestRecord,
  refused: readonly ModelRequestRecord[],
): AskOutcome {
  if (outcome.kind === 'answered') return { ...outcome, requests: [...refused, record] }
  return { ...outcome, request: record, ...(refused.length === 0 ? {} : { refused }) }
}

function readFailure(
  permit: Extract<RatePermit, { granted: true }>,
  scheme: PreparedScheme,
  request: ChunkRequest,
  model: string,
  error: ServiceError,
  record: ModelRequestRecord,
): AskOutcome {
  const message = clean(error.message, MAX_MESSAGE_LENGTH)
  // Only the flex tier has no capacity, so that the pace of other requests stays. The refusal uses no try.
  if (error.code === 'model-no-capacity') {
    if (request.tier_fallback === true) return { kind: 'wait', waitMs: 0, request: record, service_tier: 'standard' }
    return { kind: 'wait', waitMs: error.retryAfterMs ?? 0, request: record, for: 'capacity' }
  }
  // A server that says when it will answer is asked again then, and the wait uses no try.
  const isToldToWait = error.code === 'model-unavailable' && error.retryAfterMs !== undefined
  if (error.code === 'model-rate-limited' || isToldToWait) {
    const waitMs = permit.refused(error.retryAfterMs, rateOf(error), message)
    return { kind: 'wait', waitMs, request: record }
  }
  // The bound on the answer was raised since the question was sent, so the same question is asked again at once.
  if (mayRepeat(error)) return { kind: 'wait', waitMs: 0, request: record }
  if (isEndpointAway(error.code)) {
    const empty = error instanceof PaidAnswerError ? { empty: true as const } : {}
    return { kind: 'retry', asked_model: model, code: error.code, message, ...empty, request: record }
  }
  const { scope, retry } = FAILURES[error.code]
  // A retryable failure here lies with this replica and not with the endpoint, so Restate makes another attempt,
  // perhaps on another replica.
  if (retry === 'retryable') throw error
  const unanswered = request.items.map(({ key, fields }) => ({ key, fields, code: error.code, message }))
  const reply = answered(scheme, model, [], unanswered, [record])
  return scope === 'run' ? { ...reply, failure: { code: error.code, message } } : reply
}
