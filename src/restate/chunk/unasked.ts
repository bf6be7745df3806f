/** The replies of chunks that ask the model nothing, because their run may spend no more or people have stopped or paused it. */
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { ChunkReply, ChunkRequest } from '../chunk-contract.ts'
import type { AskOutcome } from './ask-outcome.ts'
import type { CostRefusal } from './cost-refusals.ts'

/** Milliseconds after which a chunk asks again whether the run may spend more. */
const COST_WAIT_MS = 1_000

export function refuseForCost(
  scheme: PreparedScheme,
  request: ChunkRequest,
  model: string,
  { kind, mostUsd, spentUsd }: CostRefusal,
): AskOutcome {
  if (kind === 'wait') return { kind, waitMs: COST_WAIT_MS, for: 'cost' }
  const spent = `USD ${spentUsd.toFixed(6)} of the limit of USD ${request.booking?.max_cost_usd} is spent`
  const message = `${spent}, and the next request could cost USD ${mostUsd.toFixed(6)}`
  const unanswered = request.items.map(({ key, fields }) => ({ key, fields, code: 'cost-limit', message }))
  const reply = answered(scheme, model, [], unanswered, [])
  // The batch asks the primary model again in smaller chunks, of which some may still fit, before it ends.
  return request.tier === 'primary' ? reply : { ...reply, failure: { code: 'cost-limit', message } }
}

/**
 * A batch that meets it ends with what it has. The driver of a paused run submits it again when the run goes on, and the process that takes
 * a stopped run on asks about the rest.
 */
export const RUN_STOPPED = { code: 'run-stopped', message: 'people have stopped or paused the run' } as const

export function refuseStopped(scheme: PreparedScheme, request: ChunkRequest, model: string): AskOutcome {
  const unanswered = request.items.map(({ key, fields }) => ({ key, fields, ...RUN_STOPPED }))
  return { ...answered(scheme, model, [], unanswered, []), failure: RUN_STOPPED }
}

/** A reply by the codebook and the prompt of this replica, without a failure of the run. */
export function answered(
  scheme: PreparedScheme,
  model: string,
  decisions: ChunkReply['decisions'],
  unanswered: ChunkReply['unanswered'],
  requests: ChunkReply['requests'],
): AskOutcome & { readonly kind: 'answered' } {
  const versions = { codebook_hash: scheme.hash, prompt_version: PROMPT_VERSION }
  return { kind: 'answered', asked_model: model, ...versions, decisions, unanswered, requests, failure: null }
}
