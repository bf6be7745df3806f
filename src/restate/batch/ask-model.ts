/** Asks the model about chunks of a batch: fan out and gather, ask again in smaller chunks, then escalate what is in doubt. */
import { packRuleOfRound } from '../../classification/chunks.ts'
import { escalationReasonOf } from '../../classification/merge.ts'
import { candidatesOf } from '../../classification/question.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import { WIDENED } from '../../classification/shortlist.ts'
import { endsWithWhatItHas, isEndpointAway, isOfEndpoint } from '../../errors.ts'
import { createBreath } from '../../lib/breath.ts'
import type { ChunkRequest } from '../chunk-contract.ts'
import { databaseStep } from '../options.ts'
import { callChunks } from './fan-out.ts'
import { failWhereNothingIsAnswered, gatherReplies } from './gather.ts'
import { roundsOf } from './plan.ts'
import { decisionsOfAnswers, packPositions, questionAt } from './questions.ts'
import { schemeOfPlan } from './resolve.ts'
import { type Batch, type Chunks, type ModelAnswers, modeOf } from './types.ts'

/** The code of a field for which the model found none of the candidate codes fitting. */
const NONE_FITS = 'none-of-these'

/** What a further round asks. The journal fixes the property names; earlier releases journaled the chunks alone. */
interface NextRound {
  readonly chunks: Chunks
  /** Candidate codes that replace those of the plan, by position. */
  readonly codes: Readonly<Record<number, Readonly<Record<string, readonly string[]>>>>
}

/**
 * Adds to `answers` the decisions of the models, and the reasons for missing ones, for the positions in `chunks`, and those of the
 * escalation model for the positions `inDoubt`, to which the primary model has answered before.
 * Rejects with model-unavailable, model-bad-request or model-too-long where the endpoint is the reason that the whole batch has no
 * answer.
 */
export async function askModel(
  batch: Batch,
  answers: ModelAnswers,
  chunks: Chunks,
  inDoubt: readonly number[] = [],
): Promise<void> {
  const { ctx, plan, options } = batch
  const asked = new Set(chunks.flat())
  const claimed = [...asked, ...inDoubt]
  const everAsked = new Set<number>()
  const ask = async (tier: ChunkRequest['tier'], next: Chunks, round = 0) => {
    // What the cost limit has refused so far was never asked, so that asking it is no repeat.
    const roundOf = (positions: readonly number[]) => (positions.some((one) => everAsked.has(one)) ? round : 0)
    gatherReplies(answers, plan, tier, next, await callChunks(batch, answers, { tier, roundOf }, next, claimed))
    for (const position of next.flat()) if (!isRefusedForCost(answers, position)) everAsked.add(position)
  }
  const openPositions = () => [...answers.unanswered.keys()].filter((position) => asked.has(position))

  answers.escalated = []
  await ask('primary', chunks)
  const rounds = roundsOf(plan)
  for (let round = 1; round < rounds && openPositions().length > 0 && answers.failure === null; round += 1) {
    failWhereNothingIsAnswered(answers, isEndpointAway)
    const next: NextRound | Chunks = await ctx.run(
      `pack what was left open, round ${round + 1}`,
      () => packRound(batch, answers, openPositions(), round),
      databaseStep,
    )
    const { chunks: smaller, codes } = 'chunks' in next ? next : { chunks: next, codes: {} }
    for (const [key, candidates] of Object.entries(codes)) {
      const position = Number(key)
      answers.widened.set(position, { ...answers.widened.get(position), ...candidates })
    }
    await ask('primary', smaller, round)
  }
  answers.failure ??= refusedForCost(answers)
  if (answers.failure === null) failWhereNothingIsAnswered(answers, isOfEndpoint)

  const isAnswered = inDoubt.length > 0 || [...asked].some((position) => answers.decisions.has(position))
  const isEnded = answers.failure !== null && !endsWithWhatItHas(answers.failure.code)
  if (plan.models.escalation === null || !isAnswered || isEnded) return
  const packDoubtful = async () => {
    const scheme = await schemeOfPlan(batch.schemes, plan)
    const positions = [...positionsToEscalate(scheme, batch, answers, asked), ...inDoubt]
    return packPositions(scheme, plan.ways, positions, options.pack, options.mode, answers.widened)
  }
  const escalated = await ctx.run('review the answers', packDoubtful, databaseStep)
  answers.escalated = escalated.flat()
  // Answers in doubt of a batch whose run asks no more stay unsaved, so that a resumed run has them judged.
  if (answers.failure === null) await ask('escalation', escalated)
}

function isRefusedForCost({ unanswered }: Pick<ModelAnswers, 'unanswered'>, position: number): boolean {
  const reasons = [...(unanswered.get(position)?.values() ?? [])]
  return reasons.length > 0 && reasons.every(({ code }) => code === 'cost-limit')
}

/** The failure of a batch whose run may not spend what a question would cost, however small its chunk was; null where there is none. */
function refusedForCost({ unanswered }: Pick<ModelAnswers, 'unanswered'>): ModelAnswers['failure'] {
  const reasons = [...unanswered.values()].flatMap((missing) => [...missing.values()])
  const refused = reasons.find(({ code }) => code === 'cost-limit')
  return refused === undefined ? null : { code: 'cost-limit', message: refused.message }
}

/**
 * Packs the positions that are still open. For a field of which none of the candidate codes fitted, more candidates are shown
 * once; where none of these fitted either, asking again would bring the same answer.
 */
async function packRound(
  { schemes, plan, options }: Batch,
  { unanswered, widened }: ModelAnswers,
  positions: readonly number[],
  round: number,
): Promise<NextRound> {
  const scheme = await schemeOfPlan(schemes, plan)
  const openFieldsOf = (position: number) =>
    [...(unanswered.get(position) ?? [])].map(([name, { code }]) => {
      const isWidened = name in (widened.get(position) ?? {})
      return { name, mayWiden: code === NONE_FITS && !isWidened, isSettled: code === NONE_FITS && isWidened }
    })
  const breathe = createBreath()
  const codes: Record<number, Readonly<Record<string, readonly string[]>>> = {}
  for (const position of positions) {
    const fields = openFieldsOf(position).flatMap(({ name, mayWiden }) => (mayWiden ? [name] : []))
    const question = questionAt(plan.ways, position)
    if (fields.length === 0 || question === undefined) continue
    codes[position] = candidatesOf(scheme, question.indicator, fields, WIDENED)
    await breathe()
  }
  const worthAsking = positions.filter((position) => openFieldsOf(position).some(({ isSettled }) => !isSettled))
  const all = new Map(worthAsking.map((position) => [position, { ...widened.get(position), ...codes[position] }]))
  const rule = packRuleOfRound(options.pack, round)
  return { chunks: packPositions(scheme, plan.ways, worthAsking, rule, options.mode, all), codes }
}

function positionsToEscalate(
  scheme: PreparedScheme,
  { plan, options }: Batch,
  { decisions, partial }: ModelAnswers,
  asked: ReadonlySet<number>,
): number[] {
  return [...decisions].flatMap(([position, given]) => {
    const question = asked.has(position) ? questionAt(plan.ways, position) : undefined
    if (question === undefined) return []
    const { reading } = question
    const found = partial.get(position)
    const stored = found === undefined ? question.answers : [...question.answers, found]
    const all = [...decisionsOfAnswers(stored), ...given]
    return escalationReasonOf({ scheme, mode: modeOf(question, options.mode), reading, decisions: all }) !== null
      ? [position]
      : []
  })
}
