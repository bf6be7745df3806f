/** The first step of a batch: what the rules settle, what is known already, and what must be asked. */
import { createHash } from 'node:crypto'
import { packChunks } from '../classification/chunks.ts'
import { CODEBOOK_VERSION } from '../classification/codebook.ts'
import { normaliseIndicator } from '../classification/indicator.ts'
import { agreesWithRules, isSettledByRules, needsEscalation } from '../classification/merge.ts'
import { PROMPT_VERSION } from '../classification/prompt.ts'
import { readIndicator } from '../classification/rules.ts'
import { shapeOf } from '../classification/shape.ts'
import type { Classification, Indicator, Mode, RuleReading } from '../classification/types.ts'
import { MAX_PROMPT_SAMPLES } from '../classification/user-prompt.ts'
import type { LatestResult, Store, StoredAnswer } from '../store/types.ts'
import type { BatchRequest, Warning } from './contract.ts'

/** Weaker first: a stronger mode asks again what a weaker one had answered. */
const MODE_STRENGTH: Readonly<Record<Mode, number>> = { rules: 0, hybrid: 1, model: 2 }

export interface BatchOptions {
  readonly mode: Mode
  readonly reuse: boolean
  readonly force: boolean
  readonly pack: number
}

export interface Models {
  readonly primary: string
  readonly escalation: string | null
}

/** One indicator with all that is derived from it alone. */
export interface Prepared {
  readonly indicator: Indicator
  readonly reading: RuleReading
  readonly inputHash: string
  readonly shape: string
  readonly shapeHash: string
}

/** How an indicator of the batch gets its result. Positions are those of the request. */
export type Way =
  | { readonly kind: 'unchanged'; readonly classification: Classification }
  | { readonly kind: 'rules' }
  | { readonly kind: 'reuse'; readonly answer: StoredAnswer }
  | {
      readonly kind: 'ask'
      /** With the last sample values only: the prompt shows no more, and the journal carries this to every chunk. */
      readonly indicator: Indicator
      readonly reading: RuleReading
      readonly shape: string
      readonly shapeHash: string
    }
  /** Of the same shape as the one at `leader`, which is asked. */
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
}

export function prepare(request: BatchRequest, model: string): { prepared: Prepared[]; warnings: Warning[] } {
  const unknown = new Set<string>()
  let unknownFields = 0
  let droppedPoints = 0
  const prepared = request.indicators.map((raw) => {
    const { indicator, warnings } = normaliseIndicator(raw)
    for (const field of warnings.unknownFields) unknown.add(field)
    unknownFields += warnings.unknownFields.length
    droppedPoints += warnings.droppedPoints
    const reading = readIndicator(indicator)
    const shape = shapeOf(indicator, reading, { model, promptVersion: PROMPT_VERSION })
    return { indicator, reading, inputHash: sha256(JSON.stringify(indicator)), shape, shapeHash: sha256(shape) }
  })
  const warnings: Warning[] = []
  if (unknownFields > 0) {
    const names = [...unknown].slice(0, 10).map((name) => JSON.stringify(name.slice(0, 60)))
    const message = `unknown fields were left out: ${names.join(', ')}`
    warnings.push({ code: 'unknown-field', message, count: unknownFields })
  }
  if (droppedPoints > 0) {
    const message = 'sample values without a readable date and number were left out'
    warnings.push({ code: 'dropped-sample-value', message, count: droppedPoints })
  }
  return { prepared, warnings }
}

export async function planBatch(
  deps: { readonly store: Store; readonly models: Models },
  request: BatchRequest,
  runId: string,
  options: BatchOptions,
): Promise<Plan> {
  const { primary, escalation } = deps.models
  const { prepared, warnings } = prepare(request, primary)
  const [run, latest] = await Promise.all([
    deps.store.openRun(runId),
    options.force ? NOTHING_KNOWN : deps.store.findLatest(prepared.map((one) => one.indicator.indicator_id)),
  ])
  const isUnchanged = (one: Prepared): Classification | undefined => {
    const known = latest.get(one.indicator.indicator_id)
    return known !== undefined && stillHolds(known, one, options.mode, primary) ? known.classification : undefined
  }
  const isSettled = (one: Prepared) =>
    options.mode === 'rules' || (options.mode === 'hybrid' && isSettledByRules(one.reading))

  const toLookUp = options.reuse ? prepared.filter((one) => isUnchanged(one) === undefined && !isSettled(one)) : []
  const answers =
    toLookUp.length > 0 ? await deps.store.findAnswers([...new Set(toLookUp.map((one) => one.shapeHash))]) : NO_ANSWERS

  const leaders = new Map<string, number>()
  const ways = prepared.map((one, position): Way => {
    const classification = isUnchanged(one)
    if (classification !== undefined) return { kind: 'unchanged', classification }
    if (isSettled(one)) return { kind: 'rules' }
    const answer = answers.get(one.shapeHash)
    if (answer !== undefined && !isWorthAsking(answer, one, options.mode, escalation)) return { kind: 'reuse', answer }
    const leader = leaders.get(one.shapeHash)
    if (leader !== undefined) return { kind: 'follow', leader }
    if (options.reuse) leaders.set(one.shapeHash, position)
    const indicator = { ...one.indicator, sample_values: one.indicator.sample_values.slice(-MAX_PROMPT_SAMPLES) }
    return { kind: 'ask', indicator, reading: one.reading, shape: one.shape, shapeHash: one.shapeHash }
  })
  const toAsk = ways.flatMap((way, position) => (way.kind === 'ask' ? [position] : []))
  return {
    runStartedAt: run.startedAt,
    models: { primary, escalation },
    codebookVersion: CODEBOOK_VERSION,
    promptVersion: PROMPT_VERSION,
    ways,
    chunks: packChunks(toAsk, options.pack),
    warnings,
  }
}

/** A doubtful answer from a time without an escalation model: now there is one to ask. */
function isWorthAsking(answer: StoredAnswer, one: Prepared, mode: Mode, escalation: string | null): boolean {
  if (answer.source !== 'model' || escalation === null) return false
  return needsEscalation(one.reading, answer.decision, mode).escalate
}

const NOTHING_KNOWN: ReadonlyMap<string, LatestResult> = new Map()
const NO_ANSWERS: ReadonlyMap<string, StoredAnswer> = new Map()

/** Whether an earlier result answers this input: same content and versions, by a mode no weaker, and really answered. */
function stillHolds(known: LatestResult, one: Prepared, mode: Mode, model: string): boolean {
  const { classification } = known
  if (known.inputHash !== one.inputHash || known.unanswered) return false
  if (classification.codebook_version !== CODEBOOK_VERSION) return false
  if (classification.source === 'person') return true
  // The rules cost nothing: where they read more than they did, the result is made anew.
  if (!agreesWithRules(classification, one.reading, mode)) return false
  if (MODE_STRENGTH[known.mode] < MODE_STRENGTH[mode]) return false
  // What the rules settled alone does not depend on the prompt or the model.
  return known.askedModel === null || (known.askedModel === model && classification.prompt_version === PROMPT_VERSION)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
