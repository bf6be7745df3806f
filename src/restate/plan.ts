/** The first step of a batch: what the rules settle, what is known already, and what must be asked. */
import { createHash } from 'node:crypto'
import { packChunks } from '../classification/chunks.ts'
import { CODEBOOK_VERSION } from '../classification/codebook.ts'
import { normaliseIndicator } from '../classification/indicator.ts'
import { isSettledByRules } from '../classification/merge.ts'
import { PROMPT_VERSION } from '../classification/prompt.ts'
import { readIndicator } from '../classification/rules.ts'
import { shapeOf } from '../classification/shape.ts'
import type { Classification, Indicator, Mode, RuleReading } from '../classification/types.ts'
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
  | { readonly kind: 'ask'; readonly indicator: Indicator; readonly reading: RuleReading }
  /** Of the same shape as the one at `leader`, which is asked. */
  | { readonly kind: 'follow'; readonly leader: number }

/** What the plan step journals. It carries what later steps send on, so that a new release replays them unchanged. */
export interface Plan {
  readonly runStartedAt: string
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
  deps: { readonly store: Store; readonly model: string },
  request: BatchRequest,
  runId: string,
  options: BatchOptions,
): Promise<Plan> {
  const { prepared, warnings } = prepare(request, deps.model)
  const [run, latest] = await Promise.all([
    deps.store.openRun(runId),
    options.force ? NOTHING_KNOWN : deps.store.findLatest(prepared.map((one) => one.indicator.indicator_id)),
  ])
  const isUnchanged = (one: Prepared): Classification | undefined => {
    const known = latest.get(one.indicator.indicator_id)
    return known !== undefined && stillHolds(known, one, options.mode, deps.model) ? known.classification : undefined
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
    if (answer !== undefined) return { kind: 'reuse', answer }
    const leader = leaders.get(one.shapeHash)
    if (leader !== undefined) return { kind: 'follow', leader }
    if (options.reuse) leaders.set(one.shapeHash, position)
    return { kind: 'ask', indicator: one.indicator, reading: one.reading }
  })
  const toAsk = ways.flatMap((way, position) => (way.kind === 'ask' ? [position] : []))
  return { runStartedAt: run.startedAt, ways, chunks: packChunks(toAsk, options.pack), warnings }
}

const NOTHING_KNOWN: ReadonlyMap<string, LatestResult> = new Map()
const NO_ANSWERS: ReadonlyMap<string, StoredAnswer> = new Map()

/** Whether an earlier result answers this input: same content and versions, by a mode no weaker, and really answered. */
function stillHolds(known: LatestResult, one: Prepared, mode: Mode, model: string): boolean {
  const { classification } = known
  if (known.inputHash !== one.inputHash || known.unanswered) return false
  if (classification.codebook_version !== CODEBOOK_VERSION) return false
  if (classification.source === 'person') return true
  if (MODE_STRENGTH[known.mode] < MODE_STRENGTH[mode]) return false
  // What the rules settled alone does not depend on the prompt or the model.
  return known.askedModel === null || (known.askedModel === model && classification.prompt_version === PROMPT_VERSION)
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
