/** Finds for every indicator of a batch how it gets its result: unchanged, by a person, by rules, by reuse, or by asking. */
import { escalationReasonOf, isSettledByRules } from '../../classification/merge.ts'
import type { Classification, Mode } from '../../classification/types.ts'
import { MAX_PROMPT_SAMPLES } from '../../classification/user-prompt.ts'
import type { LatestResult, Store, StoredAnswer } from '../../store/types.ts'
import type { BatchRequest, Warning } from '../contract.ts'
import { hasKnownLabels, restsOnHumanAnswer } from './human-answer.ts'
import { type Prepared, prepare } from './prepare.ts'
import type { BatchOptions, Models, Question, Resolution } from './types.ts'
import { isStillValid } from './unchanged.ts'

export interface ResolveDeps {
  readonly store: Store
  readonly models: Models
}

export interface Resolved {
  readonly prepared: readonly Prepared[]
  /** One resolution for each indicator, by position in the request. */
  readonly resolutions: readonly Resolution[]
  readonly warnings: Warning[]
  /**
   * Hashes of shapes about which the model is asked again although an answer may be stored, because a person has
   * corrected the stored answer and the run overrides human answers.
   */
  readonly askAgain: ReadonlySet<string>
}

/** What is stored about the indicators of a batch. */
interface Stored {
  /** The latest results, by id of the indicator. */
  readonly latest: ReadonlyMap<string, LatestResult>
  /** The human answers, by hash of the shape by which they are kept. */
  readonly humanAnswers: ReadonlyMap<string, StoredAnswer>
}

const NO_RESULTS: ReadonlyMap<string, LatestResult> = new Map()
const NO_ANSWERS: ReadonlyMap<string, StoredAnswer> = new Map()

/**
 * Resolves each indicator without looking at the claims of other batches. The function reads the store and writes
 * nothing.
 */
export async function resolveIndicators(
  { store, models }: ResolveDeps,
  request: BatchRequest,
  options: BatchOptions,
): Promise<Resolved> {
  const { prepared, warnings } = prepare(request, models.primary)
  const ignoresLatest = options.force && options.overridePerson !== false
  const [latest, humanAnswers] = await Promise.all([
    ignoresLatest ? NO_RESULTS : store.findLatest(prepared.map((one) => one.indicator.indicator_id)),
    store.findHumanAnswers([...new Set(prepared.map((one) => one.humanHash))]),
  ])
  const corrected = prepared.filter((one) => humanAnswers.has(one.humanHash)).map((one) => one.shapeHash)
  const askAgain = new Set(options.overridePerson === true ? corrected : [])
  const settled = prepared.map((one) => resolveWithoutModel({ latest, humanAnswers }, one, options, models.primary))

  const open = prepared.filter((_, position) => settled[position] === undefined)
  const hashes = options.reuse ? [...new Set(open.map((one) => one.shapeHash))] : []
  const answers = hashes.length > 0 ? await store.findAnswers(hashes) : NO_ANSWERS

  const leaders = new Map<string, number>()
  const resolutions = prepared.map((one, position): Resolution => {
    const known = settled[position]
    if (known !== undefined) return known
    const answer = askAgain.has(one.shapeHash) ? undefined : answers.get(one.shapeHash)
    if (answer !== undefined && !isWorthEscalating(answer, one, options.mode, models.escalation)) {
      return { kind: 'reuse', answer }
    }
    const leader = leaders.get(one.shapeHash)
    if (leader !== undefined) return { kind: 'follow', leader }
    if (options.reuse) leaders.set(one.shapeHash, position)
    const indicator = { ...one.indicator, sample_values: one.indicator.sample_values.slice(-MAX_PROMPT_SAMPLES) }
    return { kind: 'ask', indicator, reading: one.reading, shape: one.shape, shapeHash: one.shapeHash }
  })
  return { prepared, resolutions, warnings, askAgain }
}

/**
 * The resolution of an indicator that needs no model; undefined for an indicator that does. A human answer comes before
 * the rules, before any model's answer, and before the option `force`.
 */
function resolveWithoutModel(
  stored: Stored,
  one: Prepared,
  options: BatchOptions,
  model: string,
): Resolution | undefined {
  const human = options.overridePerson === false ? stored.humanAnswers.get(one.humanHash) : undefined
  const humanAnswer = human !== undefined && hasKnownLabels(human) ? human : undefined
  const known = stored.latest.get(one.indicator.indicator_id)
  const valid = known !== undefined && isStillValid(known, one, options, model) ? known.classification : undefined
  if (valid !== undefined && (humanAnswer === undefined || isUnchangedBy(humanAnswer, valid, options))) {
    return { kind: 'unchanged', classification: valid }
  }
  if (humanAnswer !== undefined) return { kind: 'reuse', answer: humanAnswer }
  const isSettled = options.mode === 'rules' || (options.mode === 'hybrid' && isSettledByRules(one.reading))
  return isSettled ? { kind: 'rules' } : undefined
}

function isUnchangedBy(humanAnswer: StoredAnswer, valid: Classification, { force }: BatchOptions): boolean {
  return !force && restsOnHumanAnswer(valid, humanAnswer)
}

/**
 * Whether a stored answer of the primary model is in doubt and an escalation model, perhaps set only since, can judge
 * it.
 */
export function isWorthEscalating(
  answer: StoredAnswer,
  { reading }: Pick<Question, 'reading'>,
  mode: Mode,
  escalation: string | null,
): boolean {
  if (answer.source !== 'model' || escalation === null) return false
  return escalationReasonOf(reading, answer.decision, mode) !== null
}
