/** Claims on shapes as batches take them. */
import type { Store, StoredAnswer } from '../../store/types.ts'

/**
 * How long a claim holds without its owner. The owner renews it while it waits for its chunks; only one that was
 * killed, or is cut off from Restate, leaves it to run out.
 */
export const CLAIM_MS = 120_000
export const RENEW_MS = 40_000

/** An answer came, the escalation model should have judged it, and could not: asking again would bring the same. */
export const IN_DOUBT = { code: 'in-doubt', message: 'the escalation model gave no answer', fatal: false } as const

export interface Claimed {
  /** Hashes of the shapes that are ours to ask. */
  readonly mine: ReadonlySet<string>
  /** ISO 8601 by the database's clock; empty where nothing was to claim. */
  readonly at: string
  /** Answers that came for them while we claimed. */
  readonly answers: ReadonlyMap<string, StoredAnswer>
}

/**
 * Claims, then reads the answers: whoever held a claim stored its answer before it let go, so what has no answer now is
 * nobody's but ours to ask for.
 */
export async function claimUnanswered(store: Store, owner: string, shapeHashes: readonly string[]): Promise<Claimed> {
  if (shapeHashes.length === 0) return { mine: new Set(), at: '', answers: new Map() }
  const { claimed, at } = await store.claimShapes(owner, shapeHashes, CLAIM_MS)
  return { mine: new Set(claimed), at, answers: await store.findAnswers(claimed) }
}
