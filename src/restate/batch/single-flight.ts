/** Lets one question serve every batch that needs its shape: shares the answers of this batch, and waits for those of others. */
import { isErrorCode, isOfEndpoint } from '../../errors.ts'
import { sleepAway } from '../attempts/suspension.ts'
import { timeOf } from '../database-time.ts'
import { databaseStep } from '../options.ts'
import { askModel } from './ask-model.ts'
import { type ClaimLookup, lookUpClaims } from './claim-lookup.ts'
import { claimsToEnd, claimsToRelease } from './claims.ts'
import { readJournaledAnswer } from './earlier-plan.ts'
import { failWhereNothingIsAnswered } from './gather.ts'
import { questionAt } from './questions.ts'
import { answersToStore, unkeptDecisions } from './results.ts'
import { type Batch, type BatchState, unjudgedPositions } from './types.ts'

/**
 * Each pause is this part of the time waited so far, so that a long wait needs few lookups and loses little time at its
 * end.
 */
const PAUSE_SHARE = 0.25
const SHORTEST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 15_000

/**
 * Waits for the positions whose shapes another batch asks about, and gives each the answer or the failure of that
 * batch, or asks the model where no batch asks any more. A batch that waits holds no claim, so no two batches wait for
 * each other. Rejects as `askModel` does.
 */
export async function awaitAnswers(batch: Batch, state: BatchState, positions: readonly number[]): Promise<void> {
  const { ctx, plan } = batch
  const { answers, awaited } = state
  await shareAnswers(batch, state)
  let open = positions
  let waitedMs = 0
  // The first lookup of a batch without chunks comes after a pause, because its plan has just found all the shapes
  // claimed by other batches.
  let mayLook = plan.chunks.length > 0
  while (open.length > 0 && answers.failure === null) {
    if (!mayLook) {
      const pauseMs = Math.min(Math.max(waitedMs * PAUSE_SHARE, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS)
      await sleepAway(ctx, pauseMs, 'wait for the batch that asks')
      waitedMs += pauseMs
    }
    mayLook = false
    const found = await ctx.run(
      `look for ${open.length} answers that others ask for`,
      () => lookUpClaims(batch, open),
      databaseStep,
    )
    await takeLookup(batch, state, found)
    const closed = new Set([...found.settled.map(({ position }) => position), ...found.taken.flat()])
    open = open.filter((position) => !closed.has(position))
  }
  if (awaited.size === 0 && answers.failure === null) failWhereNothingIsAnswered(answers, isOfEndpoint)
}

/** Adds the settled positions of a lookup to the state, and asks the model about the shapes that the lookup took over. */
async function takeLookup(
  batch: Batch,
  state: BatchState,
  { settled, taken, partial = [] }: ClaimLookup,
): Promise<void> {
  const { answers, awaited } = state
  for (const one of settled) {
    const answer = 'answer' in one ? readJournaledAnswer(one.answer) : undefined
    if (answer !== undefined) awaited.set(one.position, answer)
    if (one.failure === undefined) continue
    const { code, message, fatal } = one.failure
    const asked = questionAt(batch.plan.ways, one.position)?.fields ?? []
    const fields = asked.filter((field) => answer === undefined || !(field in answer.decision.labels))
    answers.unanswered.set(one.position, new Map(fields.map((field) => [field, { code, message }])))
    if (fatal && isErrorCode(code)) answers.failure ??= { code, message }
  }
  for (const { position, answer } of partial) {
    awaited.set(position, answer)
    answers.partial.set(position, answer)
  }
  state.claimed = taken.flat()
  if (taken.length === 0 || answers.failure !== null) return
  await askModel(batch, answers, taken)
  await shareAnswers(batch, state)
}

/**
 * Stores the answers to the shapes that this batch claimed before it waits itself, because other batches may wait for
 * them.
 */
async function shareAnswers(batch: Batch, state: BatchState): Promise<void> {
  const { ctx, store, plan } = batch
  const { answers, claimed } = state
  if (claimed.length === 0) return
  const answeredAt = await timeOf(batch)
  const own = new Map([...unkeptDecisions(answers)].filter(([position]) => claimed.includes(position)))
  const { sequence } = plan
  const toStore = answersToStore(plan, own, new Set(unjudgedPositions(answers))).map((one) => ({ ...one, sequence }))
  const end = claimsToEnd(batch, answers, claimed)
  const release = claimsToRelease(batch, answers, claimed)
  await ctx.run(
    `share the answers for ${claimed.length} shapes`,
    async () => {
      await store.saveAnswers({ runId: batch.runId, answers: toStore, answeredAt, end })
      if (release.length > 0) await store.releaseClaims(batch.owner, release)
    },
    databaseStep,
  )
  for (const position of claimed) state.shared.add(position)
  state.claimed = []
}
