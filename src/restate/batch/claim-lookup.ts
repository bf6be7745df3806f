/** The step in which a waiting batch looks up the shapes that other batches had claimed, and takes over those that became free. */
import type { EndedClaim, StoredAnswer } from '../../store/types.ts'
import { CLAIM_MS } from './claims.ts'
import { answersAll, packPositions, questionAt } from './questions.ts'
import { isWorthEscalating, schemeOfPlan } from './resolve.ts'
import { type Batch, type Chunks, modeOf } from './types.ts'

/**
 * A position that need not wait any longer, because the batch that asked has stored an answer, a failure, or both: an answer
 * to some of the fields and the reason why the others have none.
 */
export type SettledPosition =
  | { readonly position: number; readonly answer: StoredAnswer; readonly failure?: NonNullable<EndedClaim['failure']> }
  | { readonly position: number; readonly failure: NonNullable<EndedClaim['failure']> }

/** The result of the lookup step. The journal fixes its property names. */
export interface ClaimLookup {
  readonly settled: readonly SettledPosition[]
  /**
   * Positions, packed into chunks, whose shapes this batch has claimed because no other batch asks for them any more.
   */
  readonly taken: Chunks
  /** The answers to some of the fields of taken positions, which are not asked again; missing where there are none. */
  readonly partial?: readonly { readonly position: number; readonly answer: StoredAnswer }[]
}

/**
 * Looks up the shapes at the positions that wait. A claim that ended after this batch was planned settles its shape
 * even without an answer, since asking once more would bring none either. A shape that is neither claimed nor settled
 * is taken over.
 */
export async function lookUpClaims(
  { store, schemes, owner, plan, options }: Pick<Batch, 'store' | 'schemes' | 'owner' | 'plan' | 'options'>,
  positions: readonly number[],
): Promise<ClaimLookup> {
  const scheme = await schemeOfPlan(schemes, plan)
  const hashOf = (position: number) => questionAt(plan.ways, position)?.shapeHash ?? ''
  const since = plan.claims?.at ?? plan.runStartedAt
  const readBoth = async (hashes: readonly string[]) => {
    // The claims are read before the answers: a batch stores its answers before its claims end, so no answer is missed.
    const claims = await store.findClaims(hashes, since)
    return { claims, answers: await store.findAnswers(hashes) }
  }
  const known = await readBoth(positions.map(hashOf))
  const settle = (position: number, { claims, answers }: typeof known): SettledPosition | null => {
    const question = questionAt(plan.ways, position)
    const failure = claims.get(hashOf(position))?.ended?.failure ?? null
    const found = answers.get(hashOf(position))
    if (question === undefined || found === undefined) return failure === null ? null : { position, failure }
    if (!answersAll(found, question)) return failure === null ? null : { position, answer: found, failure }
    const isInDoubt = isWorthEscalating(scheme, found, question, modeOf(question, options.mode), plan.models.escalation)
    return isInDoubt && failure === null ? null : { position, answer: found }
  }

  // An attempt of this step that was lost may have claimed some for this batch.
  const isFree = (position: number) => (known.claims.get(hashOf(position))?.heldBy ?? owner) === owner
  const settled = positions.map((position) => settle(position, known))
  const free = positions.filter((position, index) => settled[index] === null && isFree(position))
  const claimed = free.length > 0 ? (await store.claimShapes(owner, free.map(hashOf), CLAIM_MS)).claimed : []
  // Another batch may have claimed and answered one of these shapes after they were read and before this batch claimed
  // them.
  const newest = claimed.length > 0 ? await readBoth(claimed) : known
  const mine = free.filter((position) => claimed.includes(hashOf(position)))
  const late = mine.map((position) => settle(position, newest))
  const taken = mine.filter((_, index) => late[index] === null)
  await store.releaseClaims(owner, mine.filter((position) => !taken.includes(position)).map(hashOf))
  const partial = taken.flatMap((position) => {
    const question = questionAt(plan.ways, position)
    const found = newest.answers.get(hashOf(position))
    // A whole answer is left out, because it is only here where it is in doubt and has to be asked anew.
    if (question === undefined || found === undefined || answersAll(found, question)) return []
    return [{ position, answer: found }]
  })
  return {
    settled: [...settled, ...late].filter((one) => one !== null),
    taken: packPositions(scheme, plan.ways, taken, options.pack, options.mode),
    ...(partial.length > 0 ? { partial } : {}),
  }
}
