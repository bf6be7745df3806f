/** Waiting for what other batches ask: one question serves all who need its shape. */
import type { Context } from '@restatedev/restate-sdk'
import type { EndedClaim, Store, StoredAnswer } from '../../store/types.ts'
import { databaseStep } from '../options.ts'
import { CLAIM_MS } from './claims.ts'
import { type BatchOptions, isWorthAsking, type Plan, packPositions, questionAt } from './plan.ts'

/** A quarter of what was waited already: few turns in a long wait, and little lost at its end. */
const PAUSE_SHARE = 0.25
const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

type Settled =
  | { readonly position: number; readonly answer: StoredAnswer }
  | { readonly position: number; readonly failure: NonNullable<EndedClaim['failure']> }
  | null

/** What became of shapes that other batches had claimed. Journaled. */
export interface Looked {
  readonly settled: readonly NonNullable<Settled>[]
  /** Positions whose claim is ours now, packed: nobody else asks for them any more. */
  readonly taken: readonly (readonly number[])[]
}

export interface Waiting {
  readonly ctx: Context
  readonly store: Store
  readonly owner: string
  readonly plan: Plan
  readonly options: BatchOptions
}

/**
 * Waits durably for what other batches ask for, and hands each finding to `use`, which asks what was taken over and
 * says whether to go on. A batch that waits holds no claim, so nobody ever waits in a circle.
 */
export async function awaitOthers(
  waiting: Waiting,
  positions: readonly number[],
  use: (found: Looked) => Promise<boolean>,
): Promise<void> {
  let open = positions
  let waitedMs = 0
  // A moment ago, when the batch was planned, somebody asked for all of them.
  let mayLook = waiting.plan.chunks.length > 0
  while (open.length > 0) {
    if (!mayLook) {
      const pauseMs = Math.min(Math.max(waitedMs * PAUSE_SHARE, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS)
      await waiting.ctx.sleep(pauseMs, 'wait for the batch that asks')
      waitedMs += pauseMs
    }
    mayLook = false
    const found = await waiting.ctx.run(
      `look for ${open.length} answers that others ask for`,
      () => lookUp(waiting, open),
      databaseStep,
    )
    const settled = new Set([...found.settled.map(({ position }) => position), ...found.taken.flat()])
    open = open.filter((position) => !settled.has(position))
    if (settled.size > 0 && !(await use(found))) return
  }
}

/**
 * What ended after this batch was planned settles a shape, also where it brought no answer: asking in vain once more
 * would help nobody. Where nobody asks any more, and nobody has, the claim is taken over.
 */
async function lookUp({ store, owner, plan, options }: Waiting, positions: readonly number[]): Promise<Looked> {
  const hashOf = (position: number) => questionAt(plan.ways, position)?.shapeHash ?? ''
  const since = plan.claims?.at ?? plan.runStartedAt
  const readBoth = async (hashes: readonly string[]) => {
    // Claims first: what has ended by then has its answer stored already.
    const claims = await store.findClaims(hashes, since)
    return { claims, answers: await store.findAnswers(hashes) }
  }
  const known = await readBoth(positions.map(hashOf))
  const settle = (position: number, { claims, answers }: typeof known): Settled => {
    const question = questionAt(plan.ways, position)
    const failure = claims.get(hashOf(position))?.ended?.failure ?? null
    const answer = answers.get(hashOf(position))
    if (question === undefined || answer === undefined) return failure === null ? null : { position, failure }
    const isDoubted = isWorthAsking(answer, question, options.mode, plan.models.escalation)
    return isDoubted && failure === null ? null : { position, answer }
  }

  const settled = positions.map((position) => settle(position, known))
  const free = positions.filter(
    (position, index) => settled[index] === null && known.claims.get(hashOf(position))?.isHeld !== true,
  )
  const { claimed } =
    free.length > 0 ? await store.claimShapes(owner, free.map(hashOf), CLAIM_MS) : { claimed: [] as string[] }
  // It may have ended between the look and the claim.
  const newest = claimed.length > 0 ? await readBoth(claimed) : known
  const mine = free.filter((position) => claimed.includes(hashOf(position)))
  const late = mine.map((position) => settle(position, newest))
  const taken = mine.filter((_, index) => late[index] === null)
  await store.releaseClaims(owner, mine.filter((position) => !taken.includes(position)).map(hashOf))
  return {
    settled: [...settled, ...late].filter((one) => one !== null),
    taken: packPositions(plan.ways, taken, options.pack),
  }
}
