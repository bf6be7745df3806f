/** The first step of a batch: what the rules settle, what is known already, and what must be asked. */
import { type PackRule, packChunks, packRuleOf } from '../../classification/chunks.ts'
import { CODEBOOK_VERSION } from '../../classification/codebook.ts'
import { agreesWithRules, isSettledByRules, needsEscalation } from '../../classification/merge.ts'
import { buildUserPrompt, estimateTokens, PROMPT_VERSION } from '../../classification/prompt.ts'
import type { Classification, Indicator, Mode, RuleReading } from '../../classification/types.ts'
import { MAX_PROMPT_SAMPLES } from '../../classification/user-prompt.ts'
import type { LatestResult, Store, StoredAnswer } from '../../store/types.ts'
import type { BatchRequest, Warning } from '../contract.ts'
import type { Admission, AdmissionWait } from './admission.ts'
import { claimUnanswered } from './claims.ts'
import { isCurrentWord, keepsWord } from './human-answer.ts'
import { type Prepared, prepare } from './prepare.ts'

/** Weaker first: a stronger mode asks again what a weaker one had answered. */
const MODE_STRENGTH: Readonly<Record<Mode, number>> = { rules: 0, hybrid: 1, model: 2 }

export interface BatchOptions {
  readonly mode: Mode
  readonly reuse: boolean
  readonly force: boolean
  /** Models may answer what a person has answered: in the person's place, or aside, where the person's word stands. */
  readonly overridePerson: boolean | 'aside'
  readonly pack: PackRule
}

export function readOptions(request: BatchRequest): BatchOptions {
  return {
    mode: request.options?.mode ?? 'hybrid',
    reuse: request.options?.reuse ?? true,
    force: request.force ?? false,
    overridePerson: request.options?.override_person ?? false,
    pack: packRuleOf(request.options?.pack),
  }
}

export interface Models {
  readonly primary: string
  readonly escalation: string | null
}

/** What the model is asked for one indicator. */
export interface Question {
  /** With the last sample values only: the prompt shows no more, and the journal carries this to every chunk. */
  readonly indicator: Indicator
  readonly reading: RuleReading
  readonly shape: string
  readonly shapeHash: string
}

/** How an indicator of the batch gets its result. Positions are those of the request. */
export type Way =
  | { readonly kind: 'unchanged'; readonly classification: Classification }
  | { readonly kind: 'rules' }
  | { readonly kind: 'reuse'; readonly answer: StoredAnswer }
  | ({ readonly kind: 'ask' } & Question)
  /** Another batch had claimed the shape: its answer is waited for, and asked for only where it never comes. */
  | ({ readonly kind: 'await' } & Question)
  /** Of the same shape as the one at `leader`, which is asked or awaited. */
  | { readonly kind: 'follow'; readonly leader: number }

/** What the plan step journals. It carries what later steps send on, so that a new release replays them unchanged. */
export interface Plan {
  readonly runStartedAt: string
  /** As configured when the batch was planned. Everything after the plan goes by these, whatever is configured then. */
  readonly models: Models
  readonly codebookVersion: string
  readonly promptVersion: string
  readonly ways: readonly Way[]
  /** Positions to ask, packed. */
  readonly chunks: readonly (readonly number[])[]
  readonly warnings: readonly Warning[]
  /** The shapes that this batch claimed, and when. Absent where answers are not shared, and in plans of older releases. */
  readonly claims?: { readonly at: string; readonly shapeHashes: readonly string[] }
}

export interface PlanDeps {
  readonly store: Store
  readonly models: Models
  readonly admission: Admission
}

export interface PlanInput {
  readonly request: BatchRequest
  readonly runId: string
  readonly options: BatchOptions
  /** The invocation of the batch: it owns the claims. */
  readonly owner: string
  /** What the batch was told when it was planned before and not let in. */
  readonly before: AdmissionWait | null
}

/**
 * The plan, or how long to wait until it may be made. A batch that is here for the first time may find only after
 * planning that it needs more than there is room for. Claims are taken last, by those who ask at once.
 */
export async function planBatch(deps: PlanDeps, input: PlanInput): Promise<Plan | AdmissionWait> {
  const { before, options } = input
  const early = deps.admission.enter(before, options.mode !== 'rules')
  if (early !== null) return early
  try {
    const { plan, anew } = await planUnclaimed(deps, input)
    const late = deps.admission.admit(plan.chunks.length, before)
    if (late !== null) return late
    let asked = 0
    try {
      const claimed = options.reuse && plan.chunks.length > 0 ? await claimQuestions(deps, input, plan, anew) : plan
      asked = claimed.chunks.length
      return claimed
    } finally {
      deps.admission.giveBack(plan.chunks.length - asked)
    }
  } finally {
    deps.admission.leave()
  }
}

async function planUnclaimed(deps: PlanDeps, { request, runId, options }: PlanInput) {
  const [run, { ways, warnings, anew }] = await Promise.all([
    deps.store.openRun(runId),
    readWays(deps, request, options),
  ])
  const toAsk = ways.flatMap((way, position) => (way.kind === 'ask' ? [position] : []))
  const plan: Plan = {
    runStartedAt: run.startedAt,
    models: deps.models,
    codebookVersion: CODEBOOK_VERSION,
    promptVersion: PROMPT_VERSION,
    ways,
    chunks: packPositions(ways, toAsk, options.pack),
    warnings,
  }
  return { plan, anew }
}

interface Ways {
  readonly prepared: readonly Prepared[]
  readonly ways: readonly Way[]
  readonly warnings: Warning[]
  /** Shapes whose stored answers do not count: a person has corrected them, and now a model is to be asked again. */
  readonly anew: ReadonlySet<string>
}

/** How each indicator would get its result now, as far as this batch can tell alone. Reads only. */
export async function readWays(
  deps: Pick<PlanDeps, 'store' | 'models'>,
  request: BatchRequest,
  options: BatchOptions,
): Promise<Ways> {
  const { primary, escalation } = deps.models
  const { prepared, warnings } = prepare(request, primary)
  const [latest, words] = await Promise.all([
    options.force && options.overridePerson !== false
      ? NOTHING_KNOWN
      : deps.store.findLatest(prepared.map((one) => one.indicator.indicator_id)),
    deps.store.findHumanAnswers([...new Set(prepared.map((one) => one.personHash))]),
  ])
  const anew = new Set(
    options.overridePerson === true
      ? prepared.flatMap((one) => (words.has(one.personHash) ? [one.shapeHash] : []))
      : [],
  )
  /** What a person said of the shape: it goes before the rules, before any model and before what was asked by force. */
  const wordOn = (one: Prepared): StoredAnswer | undefined => {
    const word = options.overridePerson === false ? words.get(one.personHash) : undefined
    return word !== undefined && isCurrentWord(word) ? word : undefined
  }
  const isUnchanged = (one: Prepared): Classification | undefined => {
    const known = latest.get(one.indicator.indicator_id)
    if (known === undefined || !stillHolds(known, one, options, primary)) return undefined
    const word = wordOn(one)
    return word === undefined || (!options.force && keepsWord(known.classification, word))
      ? known.classification
      : undefined
  }
  const isSettled = (one: Prepared) =>
    options.mode === 'rules' || (options.mode === 'hybrid' && isSettledByRules(one.reading))

  const toLookUp = options.reuse
    ? prepared.filter((one) => isUnchanged(one) === undefined && wordOn(one) === undefined && !isSettled(one))
    : []
  const answers =
    toLookUp.length > 0 ? await deps.store.findAnswers([...new Set(toLookUp.map((one) => one.shapeHash))]) : NO_ANSWERS

  const leaders = new Map<string, number>()
  const ways = prepared.map((one, position): Way => {
    const classification = isUnchanged(one)
    if (classification !== undefined) return { kind: 'unchanged', classification }
    const word = wordOn(one)
    if (word !== undefined) return { kind: 'reuse', answer: word }
    if (isSettled(one)) return { kind: 'rules' }
    const answer = anew.has(one.shapeHash) ? undefined : answers.get(one.shapeHash)
    if (answer !== undefined && !isWorthAsking(answer, one, options.mode, escalation)) return { kind: 'reuse', answer }
    const leader = leaders.get(one.shapeHash)
    if (leader !== undefined) return { kind: 'follow', leader }
    if (options.reuse) leaders.set(one.shapeHash, position)
    const indicator = { ...one.indicator, sample_values: one.indicator.sample_values.slice(-MAX_PROMPT_SAMPLES) }
    return { kind: 'ask', indicator, reading: one.reading, shape: one.shape, shapeHash: one.shapeHash }
  })
  return { prepared, ways, warnings, anew }
}

/** Claims what the plan would ask: what another batch asks already is awaited, what it has answered is reused. */
async function claimQuestions(
  deps: PlanDeps,
  { options, owner }: PlanInput,
  plan: Plan,
  anew: ReadonlySet<string>,
): Promise<Plan> {
  const wanted = plan.ways.flatMap((way) => (way.kind === 'ask' ? [way.shapeHash] : []))
  const { mine, at, answers } = await claimUnanswered(deps.store, owner, wanted)
  const ways = plan.ways.map((way): Way => {
    if (way.kind !== 'ask') return way
    if (!mine.has(way.shapeHash)) return { ...way, kind: 'await' }
    const answer = anew.has(way.shapeHash) ? undefined : answers.get(way.shapeHash)
    if (answer === undefined || isWorthAsking(answer, way, options.mode, plan.models.escalation)) return way
    return { kind: 'reuse', answer }
  })
  const toAsk = ways.flatMap((way, position) => (way.kind === 'ask' ? [position] : []))
  const shapeHashes = toAsk.flatMap((position) => questionAt(ways, position)?.shapeHash ?? [])
  const kept = new Set(shapeHashes)
  await deps.store.releaseClaims(
    owner,
    [...mine].filter((hash) => !kept.has(hash)),
  )
  return { ...plan, ways, chunks: packPositions(ways, toAsk, options.pack), claims: { at, shapeHashes } }
}

/** What is or may be asked of the model for the indicator at `position`. */
export function questionAt(ways: readonly Way[], position: number): Question | undefined {
  const way = ways[position]
  return way?.kind === 'ask' || way?.kind === 'await' ? way : undefined
}

/** Positions packed into requests, with regard to how long each question is. */
export function packPositions(
  ways: readonly Way[],
  positions: readonly number[],
  rule: PackRule,
): readonly (readonly number[])[] {
  const tokensAt = new Map(positions.map((position) => [position, promptTokens(questionAt(ways, position))]))
  return packChunks(positions, rule, (position) => tokensAt.get(position) ?? 0)
}

function promptTokens(question: Question | undefined): number {
  return question === undefined ? 0 : estimateTokens(buildUserPrompt([{ key: 'k1', ...question }]))
}

/** A doubtful answer from a time without an escalation model: now there is one to ask. */
export function isWorthAsking(
  answer: StoredAnswer,
  one: Pick<Question, 'reading'>,
  mode: Mode,
  escalation: string | null,
): boolean {
  if (answer.source !== 'model' || escalation === null) return false
  return needsEscalation(one.reading, answer.decision, mode).escalate
}

const NOTHING_KNOWN: ReadonlyMap<string, LatestResult> = new Map()
const NO_ANSWERS: ReadonlyMap<string, StoredAnswer> = new Map()

/**
 * Whether an earlier result answers this input: same content and versions, by a mode no weaker, and really answered. A
 * person's holds whatever the versions and the mode, also where everything else is asked again by force.
 */
function stillHolds(known: LatestResult, one: Prepared, options: BatchOptions, model: string): boolean {
  const { classification } = known
  const { mode, force, overridePerson } = options
  if (known.inputHash !== one.inputHash || known.unanswered) return false
  if (classification.source === 'person') return overridePerson === false
  if (force || classification.codebook_version !== CODEBOOK_VERSION) return false
  // The rules cost nothing: where they read more than they did, the result is made anew.
  if (!agreesWithRules(classification, one.reading, mode)) return false
  if (MODE_STRENGTH[known.mode] < MODE_STRENGTH[mode]) return false
  // What the rules settled alone does not depend on the prompt or the model.
  return known.askedModel === null || (known.askedModel === model && classification.prompt_version === PROMPT_VERSION)
}
