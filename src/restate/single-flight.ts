/** Waiting for what other batches ask: one question serves all who need its shape. */
import type { Context } from '@restatedev/restate-sdk'
import type { EndedClaim, Store, StoredAnswer } from '../store/types.ts'
import { claimUnanswered } from './claims.ts'
import { databaseStep } from './options.ts'
import { type BatchOptions, isWorthAsking, type Plan, packPositions, type Question, questionAt } from './plan.ts'

/** A quarter of what was waited already: few turns in a long wait, and little lost at its end. */
const PAUSE_SHARE = 0.25
const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

/** What became of shapes that other batches had claimed. Journaled. */
export interface Looked {
  readonly answers: readonly { readonly position: number; readonly answer: StoredAnswer }[]
  readonly failures: readonly { readonly position: number; readonly failure: NonNullable<EndedClaim['failure']> }[]
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
  while (open.length > 0) {
    const found = await waiting.ctx.run(
      `look for ${open.length} answers that others ask for`,
      () => lookUp(waiting, open),
      databaseStep,
    )
    const settled = new Set([
      ...found.answers.map(({ position }) => position),
      ...found.failures.map(({ position }) => position),
      ...found.taken.flat(),
    ])
    open = open.filter((position) => !settled.has(position))
    if (settled.size > 0 && !(await use(found))) return
    if (open.length === 0) return
    const pauseMs = Math.min(Math.max(waitedMs * PAUSE_SHARE, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS)
    await waiting.ctx.sleep(pauseMs, 'wait for the batch that asks')
    waitedMs += pauseMs
  }
}

/**
 * An asking that ended after this batch was planned settles the shape, also where it brought no answer: each who waits
 * asking in vain again would help nobody. Else a claim that has run out is taken over.
 */
async function lookUp({ store, owner, plan, options }: Waiting, positions: readonly number[]): Promise<Looked> {
  const questions = new Map<number, Question | undefined>(
    positions.map((position) => [position, questionAt(plan.ways, position)]),
  )
  const hashOf = (position: number) => questions.get(position)?.shapeHash ?? ''
  // Ended first, then the answers: what has ended has its answer stored already.
  const ended = await store.findEndedClaims(positions.map(hashOf), plan.claims?.at ?? plan.runStartedAt)
  const known = await store.findAnswers(positions.map(hashOf))
  const answerFor = (position: number, answers: typeof known): StoredAnswer | undefined => {
    const question = questions.get(position)
    const answer = answers.get(hashOf(position))
    if (question === undefined || answer === undefined) return undefined
    const isSettled = ended.has(question.shapeHash)
    return isSettled || !isWorthAsking(answer, question, options.mode, plan.models.escalation) ? answer : undefined
  }

  const answers: { position: number; answer: StoredAnswer }[] = []
  const failures: { position: number; failure: NonNullable<EndedClaim['failure']> }[] = []
  const unsettled: number[] = []
  for (const position of positions) {
    const answer = answerFor(position, known)
    const failure = ended.get(hashOf(position))?.failure ?? null
    if (answer !== undefined) answers.push({ position, answer })
    else if (failure !== null) failures.push({ position, failure })
    else unsettled.push(position)
  }

  const claimed = await claimUnanswered(store, owner, unsettled.map(hashOf))
  const taken: number[] = []
  for (const position of unsettled) {
    if (!claimed.mine.has(hashOf(position))) continue
    const answer = answerFor(position, claimed.answers)
    if (answer === undefined) taken.push(position)
    else answers.push({ position, answer })
  }
  await store.releaseClaims(
    owner,
    answers.map(({ position }) => hashOf(position)).filter((hash) => claimed.mine.has(hash)),
  )
  return { answers, failures, taken: packPositions(plan.ways, taken, options.pack) }
}
