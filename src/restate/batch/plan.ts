/** The first step of a batch: resolves every indicator, and claims the shapes that must be asked. */
import { MAX_ROUNDS } from '../../classification/chunks.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { Admission, AdmissionWait } from '../admission.ts'
import type { BatchRequest } from '../contract.ts'
import { claimUnanswered } from './claims.ts'
import { catalogueOf } from './prepare.ts'
import { packPositions, positionsInDoubt, questionAt, withoutDoubt } from './questions.ts'
import { isWorthEscalating, type ResolveDeps, resolveIndicators } from './resolve.ts'
import { type BatchOptions, modeOf, type Plan, type Resolution } from './types.ts'

export interface PlanDeps extends ResolveDeps {
  readonly admission: Admission
  /** Whether an invocation is under way again after an attempt that did not end. */
  readonly isTriedAgain?: (invocation: string) => boolean
}

export interface PlanInput {
  readonly request: BatchRequest
  readonly runId: string
  readonly options: BatchOptions
  /** Id of the batch's invocation, under which its claims are held. */
  readonly owner: string
  /** The wait that admission gave on the last attempt to plan; null on the first attempt. */
  readonly before: AdmissionWait | null
  /** Aborts once the attempt is over: the batch was cancelled, or Restate's connection to this replica was lost. */
  readonly signal: AbortSignal
}

/**
 * The number of rounds of a plan that does not name it, as every release that journaled such plans asked in this many
 * rounds.
 */
const ROUNDS_OF_EARLIER_RELEASES = 3

/**
 * Requests that share a call ask about at most this many indicators together. Measured at 6,000 requests a minute with one
 * indicator each, on 2 cores: with groups of 8 all parts together took a fifth less CPU than with a call for each request.
 */
const MOST_IN_GROUP = 8
/** A batch makes at least this many calls where it has as many chunks, so that each replica gets its part of the work. */
const LEAST_CALLS = 20

/** The number of rounds in which the indicators of a plan are asked before they stay without an answer. */
export function roundsOf(plan: Plan): number {
  return plan.maxRounds ?? ROUNDS_OF_EARLIER_RELEASES
}

/**
 * Returns the plan of an admitted batch, or else the wait after which the batch must try again. Admission is asked
 * before and after planning, because only planning shows how many chunks a new batch needs. The batch claims shapes
 * last, so that no batch holds a claim while it waits for admission.
 */
export async function planBatch(deps: PlanDeps, input: PlanInput): Promise<Plan | AdmissionWait> {
  const { before, options } = input
  // A batch whose replica may have died of it is planned at once, because after a wait its next attempt would look like a first one. It may
  // wait once, since while all replicas are away every batch is tried again, and thousands would be planned at once when they come back.
  const mustPlan = before !== null && deps.isTriedAgain?.(input.owner) === true
  const expected = mustPlan ? 0 : expectedChunks(input)
  const early = deps.admission.enter(before, expected)
  if (early !== null) return early
  try {
    const { plan, scheme, askAgain } = await planUnclaimed(deps, input)
    // Lookups may wait long for a database connection. A plan that nobody takes any more takes no place and claims nothing.
    input.signal.throwIfAborted()
    const late = deps.admission.admit(input.owner, plan.chunks.length, before)
    if (late !== null) return late
    let askedChunks = 0
    try {
      const isAsking = plan.ways.some(({ kind }) => kind === 'ask')
      const claims = options.reuse && isAsking
      const claimed = claims ? await claimQuestions(deps, input, { plan, scheme, askAgain }) : plan
      askedChunks = claimed.chunks.length
      return claimed
    } finally {
      deps.admission.giveBack(input.owner, plan.chunks.length - askedChunks)
    }
  } finally {
    deps.admission.leave()
  }
}

/** How many chunks the batch will need about; 0 where it asks no model, null where only its plan can tell. */
function expectedChunks({ request, options }: PlanInput): number | null {
  if (options.mode === 'rules') return 0
  if (options.mode === 'hybrid' || options.reuse) return null
  return Math.max(1, Math.ceil(request.indicators.length / options.pack.pack))
}

interface UnclaimedPlan {
  readonly plan: Plan
  readonly scheme: PreparedScheme
  readonly askAgain: ReadonlySet<string>
}

async function planUnclaimed(deps: PlanDeps, { request, runId, options }: PlanInput): Promise<UnclaimedPlan> {
  // The codebook is looked up first, so that a request for an unknown one opens no run.
  const resolved = await resolveIndicators(deps, request, options, runId)
  const { scheme, prepared, trust, resolutions, warnings, askAgain, audited, changedDecisions } = resolved
  const ids = prepared.map(({ indicator }) => indicator.indicator_id)
  const run = await deps.store.openRun(runId)
  const { name, version } = scheme.codebook
  // An indicator whose earlier result still holds is not audited.
  const audits = prepared.flatMap(({ audit }, position) => {
    return audit && resolutions[position]?.kind !== 'unchanged' ? [position] : []
  })
  const plan: Plan = {
    runStartedAt: run.startedAt,
    sequence: run.sequence,
    models: deps.models,
    codebook: { name, version, hash: scheme.hash },
    promptVersion: PROMPT_VERSION,
    ...(trust === null ? {} : { trust }),
    ...(scheme.calibration === undefined ? {} : { calibration: scheme.calibration }),
    ...(changedDecisions.length === 0 ? {} : { changedDecisions }),
    ...(audits.length === 0 ? {} : { audits }),
    ...(audited.length === 0 ? {} : { audited }),
    maxRounds: MAX_ROUNDS,
    batchId: batchIdOf([catalogueOf(request), name, ids]),
    ways: resolutions,
    ...groupsOf(packPositions(scheme, resolutions, positionsToAsk(resolutions), options.pack, options.mode)),
    warnings,
  }
  return { plan, scheme, askAgain }
}

/**
 * Claims the shapes that the plan would ask about. The plan waits for a shape that another batch asks about already,
 * and reuses the answer of a shape that was answered meanwhile.
 */
async function claimQuestions(
  { store }: PlanDeps,
  { options, owner }: PlanInput,
  { plan, scheme, askAgain }: UnclaimedPlan,
): Promise<Plan> {
  const wanted = plan.ways.flatMap((way) => (way.kind === 'ask' ? [way.shapeHash] : []))
  const { mine, at, answers } = await claimUnanswered(store, owner, wanted)
  const resolutions = plan.ways.map((resolution): Resolution => {
    if (resolution.kind !== 'ask') return resolution
    const { shapeHash } = resolution
    if (!mine.has(shapeHash)) return { ...withoutDoubt(resolution), kind: 'await' }
    const answer = askAgain.has(shapeHash) ? undefined : answers.get(shapeHash)
    if (answer === undefined) return resolution
    const mode = modeOf(resolution, options.mode)
    if (isWorthEscalating(scheme, answer, resolution, mode, plan.models.escalation)) return resolution
    const known = [answer, ...resolution.answers.filter((one) => one.shapeHash !== shapeHash)]
    const fields = resolution.fields.filter((name) => !(name in answer.decision.labels))
    return fields.length === 0
      ? { kind: 'reuse', answers: known }
      : { ...withoutDoubt(resolution), fields, answers: known }
  })
  const toAsk = positionsToAsk(resolutions)
  const shapeHashes = [...toAsk, ...positionsInDoubt(resolutions)].flatMap(
    (position) => questionAt(resolutions, position)?.shapeHash ?? [],
  )
  const kept = new Set(shapeHashes)
  await store.releaseClaims(
    owner,
    [...mine].filter((hash) => !kept.has(hash)),
  )
  const chunks = packPositions(scheme, resolutions, toAsk, options.pack, options.mode)
  return { ...plan, ways: resolutions, ...groupsOf(chunks), claims: { at, shapeHashes } }
}

/** The chunks with the size of their groups, which leaves enough calls for all replicas. */
function groupsOf(chunks: Plan['chunks']): Pick<Plan, 'chunks' | 'groupSize'> {
  return { chunks, groupSize: Math.max(1, Math.min(MOST_IN_GROUP, Math.floor(chunks.length / LEAST_CALLS))) }
}

/**
 * Derives the id of a batch from its indicators, its catalogue and its codebook, so that a batch that a run submits again replaces its
 * earlier totals.
 */
export function batchIdOf(key: unknown): string {
  return sha256(JSON.stringify(key)).slice(0, 32)
}

function positionsToAsk(resolutions: readonly Resolution[]): number[] {
  return resolutions.flatMap((way, position) => (way.kind === 'ask' && way.inDoubt !== true ? [position] : []))
}
