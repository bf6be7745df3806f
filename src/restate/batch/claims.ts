/** Claims on shapes: a batch claims a shape before it asks the model, so that no two batches ask the same question. */
import { TerminalError } from '@restatedev/restate-sdk'
import { endsWithWhatItHas, isServiceError } from '../../errors.ts'
import type { ClaimsToEnd, EndedClaim, Store, StoredAnswer } from '../../store/types.ts'
import { databaseStep } from '../options.ts'
import { firstMissing } from './gather.ts'
import { questionAt } from './questions.ts'
import type { Batch, BatchState, ModelAnswers } from './types.ts'

/**
 * Milliseconds for which a claim holds without a renewal. A batch renews its claims while it waits for its chunks, so a
 * claim runs out only where the batch was killed or is cut off from Restate.
 */
export const CLAIM_MS = 120_000

/** Milliseconds between two renewals of the claims of a batch that waits for its chunks. */
export const RENEW_MS = 40_000

/**
 * The outcome of a claim whose answer is in doubt because the escalation model failed to judge it. Batches that wait
 * for the claim take the answer in doubt, since asking again would bring the same one.
 */
const IN_DOUBT = { code: 'in-doubt', message: 'the escalation model gave no answer', fatal: false } as const

export interface ClaimedShapes {
  /** Hashes of the shapes that this batch has claimed and may ask about. */
  readonly mine: ReadonlySet<string>
  /** When the shapes were claimed, ISO 8601 by the database's clock; empty where nothing was to be claimed. */
  readonly at: string
  /** Answers to these shapes that other batches stored before the claim, by hash of the shape. */
  readonly answers: ReadonlyMap<string, StoredAnswer>
}

/**
 * Claims the shapes first and reads their answers afterwards. A batch stores its answer before it gives its claim up,
 * so a claimed shape without an answer is asked by this batch alone.
 */
export async function claimUnanswered(
  store: Store,
  owner: string,
  shapeHashes: readonly string[],
): Promise<ClaimedShapes> {
  if (shapeHashes.length === 0) return { mine: new Set(), at: '', answers: new Map() }
  const { claimed, at } = await store.claimShapes(owner, shapeHashes, CLAIM_MS)
  return { mine: new Set(claimed), at, answers: await store.findAnswers(claimed) }
}

/** The outcome of each claim on the shapes at `positions`, for the batches that wait for them. */
export function claimsToEnd(
  { plan, owner }: Pick<Batch, 'plan' | 'owner'>,
  answers: ModelAnswers,
  positions: readonly number[],
): ClaimsToEnd {
  const claims = positions.flatMap((position): EndedClaim[] => {
    const shapeHash = questionAt(plan.ways, position)?.shapeHash
    const failure = outcomeAt(answers, position)
    return shapeHash === undefined || isOwnFailure(failure) ? [] : [{ shapeHash, failure }]
  })
  return { owner, claims }
}

/** The shapes that become free, so that other batches ask about them: the limit or the stop of one run holds for no other. */
export function claimsToRelease(
  { plan }: Pick<Batch, 'plan'>,
  answers: ModelAnswers,
  positions: readonly number[],
): string[] {
  const free = positions.filter((position) => isOwnFailure(outcomeAt(answers, position)))
  return free.flatMap((position) => questionAt(plan.ways, position)?.shapeHash ?? [])
}

function isOwnFailure(failure: EndedClaim['failure']): boolean {
  return endsWithWhatItHas(failure?.code)
}

function outcomeAt(answers: ModelAnswers, position: number): EndedClaim['failure'] {
  const { decisions, unanswered, failure } = answers
  const decision = decisions.get(position)?.at(-1)
  const missing = firstMissing(unanswered.get(position))
  const isEscalated = answers.escalated.includes(position)
  // Where the run fails, an answer that the escalation model was to judge is not settled, so its claim ends with the
  // failure. An answer that lacks a field ends it with the reason, because asking for that field again would bring none.
  if (decision !== undefined && missing === undefined && !(isEscalated && failure !== null)) {
    return isEscalated && decision.source === 'model' ? IN_DOUBT : null
  }
  if (failure !== null) return { ...failure, fatal: true }
  return missing === undefined ? null : { ...missing, fatal: false }
}

/**
 * Ends the claims of a batch that ends with `error`. Where the batch failed, the batches that wait for it get the
 * failure, because each would meet it again; where it was cancelled, its shapes become free, so that the others ask.
 * Claims whose end cannot be stored run out by themselves.
 */
export async function releaseClaims(batch: Batch, { answers, claimed }: BatchState, error: unknown): Promise<void> {
  const { ctx, store, owner, plan } = batch
  const isFailed = isServiceError(error)
  if (claimed.length === 0 || !(isFailed || error instanceof TerminalError)) return
  const end = claimsToEnd(batch, answers, claimed)
  const shapeHashes = end.claims.map(({ shapeHash }) => shapeHash)
  const release = () =>
    isFailed
      ? store.saveAnswers({ runId: batch.runId, answers: [], answeredAt: plan.runStartedAt, end })
      : store.releaseClaims(owner, shapeHashes)
  try {
    await ctx.run('let the claims go', release, databaseStep)
  } catch (failed) {
    if (!(failed instanceof TerminalError)) throw failed
  }
}
