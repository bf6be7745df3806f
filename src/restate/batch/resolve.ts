/** Finds for every indicator of a batch how it gets its result: unchanged, by a person, by rules, by reuse, or by asking. */
import { escalationReasonOf } from '../../classification/merge.ts'
import { questionOf } from '../../classification/question.ts'
import type { PreparedScheme, Schemes } from '../../classification/scheme.ts'
import type { Mode } from '../../classification/types.ts'
import { type Trust, withTrust } from '../../evidence/gate/trust.ts'
import { createBreath } from '../../lib/breath.ts'
import type { LatestResult, Store, StoredAnswer } from '../../store/types.ts'
import type { BatchRequest, Warning } from '../contract.ts'
import { createAuditDraw, type Evidence, evidenceHome, trustOf } from './audits.ts'
import { hasKnownLabels, restsOnHumanAnswers } from './human-answer.ts'
import { catalogueOf, type Prepared, prepare } from './prepare.ts'
import { answersAll, decisionsOfAnswers, ownAnswerOf, withoutDoubt } from './questions.ts'
import {
  type BatchOptions,
  type BatchQuestion,
  labelsOfAnswers,
  type Models,
  modeOf,
  type Plan,
  type Resolution,
} from './types.ts'
import { isStillValid } from './unchanged.ts'

export interface ResolveDeps {
  readonly store: Store
  readonly schemes: Schemes
  readonly models: Models
  readonly evidence: Evidence
}

export interface Resolved {
  readonly scheme: PreparedScheme
  readonly prepared: readonly Prepared[]
  /** What rules may decide alone; null where the shipped evidence is enough. */
  readonly trust: Trust | null
  /** One resolution for each indicator, by position in the request. */
  readonly resolutions: readonly Resolution[]
  readonly warnings: readonly Warning[]
  /**
   * Hashes of shapes about which the model is asked again although an answer may be stored, because a person has
   * corrected the stored answer and the run overrides human answers.
   */
  readonly askAgain: ReadonlySet<string>
  /** Positions that an audit of the same run has classified before. */
  readonly audited: readonly number[]
  /** Positions of indicators that a person had decided, and that are decided anew, because what they say has changed since. */
  readonly changedDecisions: readonly number[]
}

/** What is stored about the indicators of a batch. */
interface Stored {
  /** The latest results, by id of the indicator. */
  readonly latest: ReadonlyMap<string, LatestResult>
  /** The human answers, by hash of the shape by which they are kept. */
  readonly humanAnswers: ReadonlyMap<string, StoredAnswer>
  readonly runId: string
  /** What rules may decide alone; null where the shipped evidence is enough. */
  readonly trust: Trust | null
}

const NO_RESULTS: ReadonlyMap<string, LatestResult> = new Map()
const NO_ANSWERS: ReadonlyMap<string, StoredAnswer> = new Map()

/** The scheme by which a batch was planned; for plans of releases without codebook files, the one of this release. */
export async function schemeOfPlan(
  schemes: Schemes,
  { codebook, calibration }: Pick<Plan, 'codebook' | 'calibration'>,
): Promise<PreparedScheme> {
  const scheme = codebook.hash === '' ? await schemes.find(codebook.name) : await schemes.findByHash(codebook.hash)
  return calibration === undefined ? scheme : { ...scheme, calibration }
}

/**
 * Resolves each indicator without looking at the claims of other batches. The function reads the store and writes
 * nothing. Rejects with ServiceError input-invalid for a codebook that is not there.
 */
export async function resolveIndicators(
  { store, schemes, models, evidence }: ResolveDeps,
  request: BatchRequest,
  options: BatchOptions,
  runId: string,
): Promise<Resolved> {
  const shipped = await schemes.find(request.codebook)
  const catalogue = catalogueOf(request)
  const [trust, calibration, hasHumanAnswers] = await Promise.all([
    trustOf(evidence, shipped, catalogue, options),
    store.calibrations.find({ catalogue: evidenceHome(catalogue), codebookHash: shipped.hash }),
    store.hasHumanAnswers(),
  ])
  const scheme = calibration === undefined ? shipped : { ...shipped, calibration }
  const isAudit = createAuditDraw(scheme, options, runId)
  const { prepared, warnings } = await prepare(scheme, request, models.primary, { mode: options.mode, trust, isAudit })
  const scope = { catalogue, codebook: scheme.codebook.name }
  const ignoresLatest = options.force && options.overridePerson !== false
  const ids = prepared.map((one) => one.indicator.indicator_id)
  // Long texts take milliseconds to hash, and in a long code list a tenth of a second to find.
  const breathe = createBreath()
  const humanHashes = new Set<string>()
  for (const one of hasHumanAnswers ? prepared : []) {
    for (const hash of one.humanHashes) humanHashes.add(hash)
    await breathe()
  }
  const [latest, humanAnswers] = await Promise.all([
    ignoresLatest ? NO_RESULTS : store.findLatest(scope, ids),
    hasHumanAnswers ? store.findHumanAnswers([...humanHashes]) : NO_ANSWERS,
  ])
  const isAnyFound = humanAnswers.size > 0
  const isCorrected = (one: Prepared) => isAnyFound && one.humanHashes.some((hash) => humanAnswers.has(hash))
  const corrected = prepared.filter(isCorrected).map((one) => one.shapeHash)
  const askAgain = new Set(options.overridePerson === true ? corrected : [])
  const drafts: Resolution[] = []
  const changedDecisions: number[] = []
  for (const [position, one] of prepared.entries()) {
    const draft = draftOf(scheme, { latest, humanAnswers, runId, trust }, one, options, models.primary)
    drafts.push(draft)
    const known = latest.get(one.indicator.indicator_id)
    if (options.overridePerson === false && replacesPerson(known, one, draft)) changedDecisions.push(position)
    await breathe()
  }

  const open = prepared.filter((_, position) => drafts[position]?.kind === 'ask')
  // A run that reuses no answers takes its own all the same, so that it asks nothing again when it is resumed.
  const mayHaveOwn = options.reuse || request.run_id !== undefined
  const hashes = mayHaveOwn ? [...new Set(open.map((one) => one.shapeHash))] : []
  const answers = hashes.length > 0 ? await store.findAnswers(hashes) : NO_ANSWERS

  const resolutions: Resolution[] = []
  const leaders = new Map<string, number>()
  for (const [position, one] of prepared.entries()) {
    await breathe()
    const draft = drafts[position] ?? { kind: 'rules' }
    // Most rows of a run that changes little are settled, and of those no shape is computed.
    if (draft.kind !== 'ask') {
      resolutions.push(draft)
      continue
    }
    const found = askAgain.has(one.shapeHash) ? undefined : answers.get(one.shapeHash)
    const isOwn = found?.givenFor === ownAnswerOf(runId, one.indicator)
    const stored = options.reuse || isOwn ? found : undefined
    const resolution = useAnswer({ scheme, options, models }, one, draft, stored)
    const leader = leaders.get(one.shapeHash)
    if (resolution.kind === 'ask' && leader !== undefined) {
      const widened = widenLeader(resolutions[leader], resolution)
      const { answers: own } = resolution
      const isAlike = own.length === widened.answers.length && own.every((one) => widened.answers.includes(one))
      resolutions[leader] = widened
      resolutions.push({ kind: 'follow', leader, ...(isAlike ? {} : { answers: own }) })
      continue
    }
    if (resolution.kind === 'ask' && options.reuse) leaders.set(one.shapeHash, position)
    resolutions.push(resolution)
  }
  const audited = prepared.flatMap(({ indicator: { indicator_id: id } }, position) => {
    return isOfAudit(latest.get(id), options, runId) ? [position] : []
  })
  return { scheme, prepared, trust, resolutions, warnings, askAgain, audited, changedDecisions }
}

/** Whether an audit of the run made the result: in mode hybrid only audits are asked as in mode model. */
function isOfAudit(known: LatestResult | undefined, { mode }: BatchOptions, runId: string): boolean {
  if (known === undefined || known.unanswered || mode !== 'hybrid') return false
  return known.mode === 'model' && known.classification.run_id === runId
}

/** Whether the latest result is a person's of another input, and no human answer fits what the indicator says now. */
function replacesPerson(known: LatestResult | undefined, one: Prepared, draft: Resolution): boolean {
  if (known?.classification.source !== 'person' || known.inputHash === one.inputHash) return false
  return draft.kind === 'rules' || (draft.kind === 'ask' && draft.answers.length === 0)
}

/** Resolves an indicator by what a person or an earlier run decided and by the rules; what then is open is a question. */
function draftOf(
  scheme: PreparedScheme,
  stored: Stored,
  one: Prepared,
  options: BatchOptions,
  model: string,
): Resolution {
  const { humanAnswers } = stored
  const counts = options.overridePerson === false && humanAnswers.size > 0
  const found = counts ? one.humanHashes.map((hash) => humanAnswers.get(hash)) : []
  // The answer to the exact shape stands last, because of two answers to a field the later one counts.
  const human = found
    .flatMap((answer) => answer ?? [])
    .filter((answer) => hasKnownLabels(scheme, answer))
    .reverse()
  const known = stored.latest.get(one.indicator.indicator_id)
  // An audit asks whatever may stand in for a model, but a result that holds outside audits is not made again by one.
  const held = one.audit && stored.trust !== null ? { ...one, reading: withTrust(one.reading, stored.trust) } : one
  const valid =
    known !== undefined && isStillValid(scheme, known, held, options, { model, runId: stored.runId })
      ? known.classification
      : undefined
  const isUnchanged = human.length === 0 || (!options.force && valid && restsOnHumanAnswers(scheme, valid, human))
  if (valid !== undefined && isUnchanged) return { kind: 'unchanged', classification: valid }
  const mode = modeOf(one, options.mode)
  const asked = { mode, decided: labelsOfAnswers(human), isAudit: one.audit }
  const question = questionOf(scheme, one.indicator, one.reading, asked)
  if (question === null) return human.length > 0 ? { kind: 'reuse', answers: human } : { kind: 'rules' }
  return { kind: 'ask', ...question, answers: human, shape: one.shape, shapeHash: one.shapeHash }
}

/** Answers a question by the stored answer to its shape, as far as that goes; the rest is asked. */
function useAnswer(
  { scheme, options, models }: { scheme: PreparedScheme; options: BatchOptions; models: Models },
  one: Prepared,
  question: { readonly kind: 'ask' } & BatchQuestion,
  stored: StoredAnswer | undefined,
): Resolution {
  if (stored === undefined) return question
  const mode = modeOf(one, options.mode)
  if (isWorthEscalating(scheme, stored, one, mode, models.escalation)) {
    return answersAll(stored, question)
      ? { ...question, answers: [stored, ...question.answers], inDoubt: true }
      : question
  }
  // The answers of people stand last, because of two answers to a field the later one counts.
  const answers = [stored, ...question.answers]
  const asked = { mode, decided: labelsOfAnswers(answers), isAudit: one.audit }
  const rest = questionOf(scheme, one.indicator, one.reading, asked)
  return rest === null ? { kind: 'reuse', answers } : { ...question, ...rest, answers }
}

/** Lets the question of a shape ask for every field that one of its indicators needs. */
function widenLeader(leader: Resolution | undefined, follower: BatchQuestion): Extract<Resolution, { kind: 'ask' }> {
  if (leader?.kind !== 'ask') throw new RangeError('only a question has followers')
  const more = follower.fields.filter((name) => !leader.fields.includes(name))
  if (more.length === 0) return leader
  return { ...withoutDoubt(leader), fields: [...leader.fields, ...more], codes: { ...follower.codes, ...leader.codes } }
}

/**
 * Whether a stored answer of the primary model is in doubt and an escalation model, perhaps set only since, can judge
 * it.
 */
export function isWorthEscalating(
  scheme: PreparedScheme,
  answer: StoredAnswer,
  { reading }: Pick<BatchQuestion, 'reading'>,
  mode: Mode,
  escalation: string | null,
): boolean {
  if (answer.source !== 'model' || escalation === null) return false
  return escalationReasonOf({ scheme, mode, reading, decisions: decisionsOfAnswers([answer]) }) !== null
}
