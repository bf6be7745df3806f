/** Books the requests of a chunk: at the most that they can cost before they start, at their bill when they end, with their answers. */
import { cutText, oneLine } from '../../classification/clean-text.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import { type ServiceTier, tiersOfBill } from '../../lib/service-tiers.ts'
import type { Usage } from '../../llm/types.ts'
import type { RequestSize } from '../../rate/types.ts'
import type { AnswerToStore, CostReservation, ModelRequestRecord, RequestLedger } from '../../store/types.ts'
import type { ChunkReply, ChunkRequest } from '../chunk-contract.ts'
import type { PriceOf, TokenPrice } from '../contract.ts'
import type { CostRefusal, CostRefusals } from './cost-refusals.ts'
import type { PromptScale } from './prompt-scale.ts'

export interface BookingDeps {
  readonly ledger: RequestLedger
  readonly priceOf: PriceOf
  readonly promptScale: PromptScale
  readonly refusals: CostRefusals
}

/** What a request took. Without `usage` it was not billed. */
export interface Spent {
  readonly usage?: Usage
  readonly costUsd?: number
  /** The service tier by which it is billed. */
  readonly serviceTier?: ServiceTier | undefined
  /** The model by the name that the endpoint gave. */
  readonly model?: string
  readonly latencyMs: number
  readonly isEstimated?: boolean
  /** The id that the endpoint gave to the request. */
  readonly requestId?: string | undefined
}

/** The name that the endpoint gives its model is cut to this many characters, because it comes from outside and stands in results. */
const MAX_MODEL_LENGTH = 100

export interface Booking {
  /** Notes the request before it starts. Resolves with the reason where it must not start, because of the run's limit. */
  open(): Promise<CostRefusal | null>
  /** The record of the request with how it ended: "ok" or the code of the failure, and what was spent on it. */
  record(outcome: string, spent: Spent): ModelRequestRecord
  /** Books how the request ended, with the answers that it brought, and returns the record for the journal. */
  close(ended: ModelRequestRecord, decisions?: ChunkReply['decisions']): Promise<ModelRequestRecord>
}

/** What is asked, as far as it bounds its cost: the configured model, the service tier, and the size of the request. */
export interface Asked {
  readonly model: string
  /** Undefined where no tier is asked for. */
  readonly serviceTier: ServiceTier | undefined
  readonly size: RequestSize
}

/** The refusal that a request would meet, where that is known before it takes a permit to start; else null. */
export function refusalOf(deps: BookingDeps, request: ChunkRequest, asked: Asked): CostRefusal | null {
  const maxUsd = request.booking?.max_cost_usd
  return maxUsd === undefined ? null : deps.refusals.find(request.run_id, maxUsd, mostOf(deps, asked).costUsd)
}

/** The tokens and the cost of a request at the most, by the dearest of the service tiers that it may end in. */
function mostOf({ priceOf, promptScale }: BookingDeps, { model, serviceTier, size }: Asked) {
  const inputTokens = Math.ceil(size.promptTokens * promptScale.of(model))
  const costs = tiersOfBill(serviceTier).map((tier) => {
    return mostUsdOf(inputTokens, size.maxCompletionTokens, priceOf(model, tier))
  })
  return { inputTokens, costUsd: Math.max(...costs) }
}

/** The requests of earlier releases' chunks are booked as well, but nothing says under which shapes their answers belong. */
export function createBooking(
  deps: BookingDeps,
  request: ChunkRequest,
  asked: Asked & { readonly scheme: PreparedScheme; readonly requestId: string; readonly requestedAt: string },
): Booking {
  const { scheme, model, serviceTier: askedTier, size, requestId, requestedAt } = asked
  const { ledger, promptScale, refusals } = deps
  const { booking } = request
  const ofBatch = booking?.sequence === undefined ? {} : { sequence: booking.sequence }
  const of = { runId: request.run_id, batchId: booking?.batch_id ?? '', ...ofBatch }
  const fixed = {
    ...{ requestId, requestedAt, tier: request.tier, indicators: request.items.length },
    ...(booking === undefined || booking.round === 0 ? {} : { round: booking.round }),
    ...(askedTier === undefined ? {} : { serviceTier: askedTier }),
  }
  const sent: ModelRequestRecord = {
    ...{ ...fixed, ...mostOf(deps, asked), model, cachedInputTokens: 0, outputTokens: size.maxCompletionTokens },
    ...{ latencyMs: 0, outcome: 'sent', estimated: true },
  }

  return {
    async open() {
      const maxUsd = booking?.max_cost_usd
      if (maxUsd === undefined || sent.costUsd === 0) {
        ledger.start({ ...of, request: sent })
        return null
      }
      const reserve = () => ledger.reserve({ ...of, request: sent, maxUsd })
      let decided = await reserve()
      // What other replicas had in flight was read a moment before the row of the run was locked, so that the end of a run is
      // decided twice.
      if (isOver(decided, sent.costUsd, maxUsd)) decided = await reserve()
      if (decided.isGranted) return null
      const kind = isOver(decided, sent.costUsd, maxUsd) ? 'over' : 'wait'
      const refusal: CostRefusal = { ...decided, kind, mostUsd: sent.costUsd }
      if (kind === 'over') await refusals.note(request.run_id, maxUsd, refusal)
      return refusal
    },
    record: (outcome, { usage, costUsd = 0, latencyMs, ...spent }) => ({
      ...fixed,
      model: clean(spent.model ?? '', MAX_MODEL_LENGTH) || model,
      inputTokens: usage?.input ?? 0,
      cachedInputTokens: usage?.cachedInput ?? 0,
      outputTokens: usage?.output ?? 0,
      ...{ costUsd, latencyMs, outcome },
      ...(spent.serviceTier === undefined ? {} : { serviceTier: spent.serviceTier }),
      ...(spent.isEstimated === true ? { estimated: true } : {}),
      ...(spent.requestId === undefined ? {} : { providerRequestId: spent.requestId }),
    }),
    async close(record, decisions = []) {
      if (record.estimated !== true) promptScale.learn(model, size.promptTokens, record.inputTokens)
      const answers = answersToKeep(scheme, model, request, decisions)
      const isBooked = await ledger.book({ ...of, request: record }, answers)
      return isBooked && booking !== undefined ? { ...record, booked: true } : record
    },
  }
}

/** Whether the request would not fit even where everything in flight cost nothing in the end. */
function isOver({ isGranted, spentUsd, inFlightUsd }: CostReservation, mostUsd: number, maxUsd: number): boolean {
  return !isGranted && (inFlightUsd === 0 || spentUsd - inFlightUsd + mostUsd > maxUsd)
}

/** Whether the answers of a chunk may be kept by their shapes: the model, the prompt and the codebook are those that the shapes name. */
export function mayKeep({ booking }: ChunkRequest, model: string): boolean {
  return booking !== undefined && booking.model === model && booking.prompt_version === PROMPT_VERSION
}

function answersToKeep(
  scheme: PreparedScheme,
  model: string,
  request: ChunkRequest,
  decisions: ChunkReply['decisions'],
): AnswerToStore[] {
  const { booking } = request
  if (booking === undefined || !mayKeep(request, model)) return []
  const shapes = new Map(booking.shapes.map((one) => [one.key, one]))
  return decisions.flatMap(({ key, decision, model: answered }) => {
    const known = shapes.get(key)
    if (known === undefined) return []
    const { shape, shape_hash: shapeHash, given_for: givenFor } = known
    const source = request.tier === 'primary' ? 'model' : 'escalation'
    const versions = { codebook: booking.codebook, codebookHash: scheme.hash, promptVersion: PROMPT_VERSION }
    const own = givenFor === undefined ? {} : { givenFor }
    return [{ shapeHash, shape, decision, source, model: answered, ...versions, ...own }]
  })
}

/** The most that so many tokens can cost in US dollars: no input comes from the cache, and input may cost more that is written to it. */
function mostUsdOf(input: number, output: number, price: TokenPrice | null): number {
  if (price === null) return 0
  const dearest = Math.max(price.input, price.cached_input ?? 0, price.cache_write ?? 0)
  return (input * dearest + output * price.output) / 1e6
}

/** Makes one line of at most `limit` characters that is safe to store and to print. */
export function clean(text: string, limit: number): string {
  return cutText(oneLine(text.slice(0, 10 * limit)), limit)
}
