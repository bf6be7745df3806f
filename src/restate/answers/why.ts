/** The handler classify-api/why: the findings, the evidence, the part of the prompt and the answer that a result rests on. */
import { promptItemOf, questionOf, questionShapeOf } from '../../classification/question.ts'
import type { PreparedScheme, Schemes } from '../../classification/scheme.ts'
import { humanShapeOf } from '../../classification/shape.ts'
import type { Classification, Indicator, Mode, Reading } from '../../classification/types.ts'
import { buildPromptLine } from '../../classification/user-prompt.ts'
import { NO_TRUST, withTrust } from '../../evidence/gate/trust.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { LatestResult, Store, StoredAnswer } from '../../store/types.ts'
import { type Evidence, evidenceHome } from '../batch/audits.ts'
import { BLIND_PROMPT_VERSION } from '../batch/prepare.ts'
import { DEFAULT_TARGET, type WhyRequest, type WhyResponse } from '../contract.ts'
import { findResult, schemeOfResult } from './status.ts'

export interface WhyDeps {
  readonly store: Pick<Store, 'findClassifications' | 'findIndicators' | 'findAnswers' | 'findHumanAnswers'>
  readonly schemes: Schemes
  readonly evidence: Evidence
  readonly models: { readonly primary: string }
}

/** Rejects with ServiceError as the handler `status` does. */
export async function answerWhy(deps: WhyDeps, request: WhyRequest): Promise<WhyResponse> {
  const { store, schemes, evidence } = deps
  const result = await findResult(store, request)
  const { indicator_id: id, catalogue, codebook } = result
  const scheme = await schemeOfResult(schemes, result)
  const [known, gates] = await Promise.all([
    store.findIndicators({ catalogue, codebook: scheme.codebook.name }, [id]),
    evidence.gates({ catalogue: evidenceHome(catalogue), codebookHash: scheme.hash }, DEFAULT_TARGET),
  ])
  const stored = known.get(id)
  const reading = stored === undefined ? {} : (scheme.code?.read(stored.indicator) ?? {})
  // Where a model was asked, rules that nobody has checked on the catalogue left their fields open.
  const asked = stored === undefined || stored.latest.askedModel === null ? reading : withTrust(reading, NO_TRUST)
  const verdicts = Object.entries(gates.verdicts())
  return {
    indicator_id: id,
    catalogue,
    codebook,
    findings: stored === undefined ? [] : findingsOf(scheme, stored.indicator, reading, result),
    evidence: verdicts.map(([field, { state, audits, counted, misses, bound }]) => {
      return { field, state, audits, counted, misses, bound }
    }),
    prompt: stored === undefined ? null : promptOf(scheme, stored.indicator, asked, stored.latest.mode),
    answer: stored === undefined ? null : await answerOf(deps, scheme, { ...stored, reading, result }),
  }
}

function findingsOf({ code }: PreparedScheme, record: Indicator, reading: Reading, { field_source }: Classification) {
  const explained = code?.explain(record, reading) ?? {}
  return Object.entries(reading).map(([field, { value, sure, rule, because }]) => {
    return { field, value, sure, rule, because: explained[field] ?? because, stands: field_source[field] === rule }
  })
}

function promptOf(scheme: PreparedScheme, record: Indicator, reading: Reading, mode: Mode): string | null {
  const question = questionOf(scheme, record, reading, { mode })
  return question === null ? null : buildPromptLine(scheme.codebook, promptItemOf('k1', question, mode))
}

/** The answer of a person to the shape, else that of a model, asked with the findings or blind. */
async function answerOf(
  { store, models }: WhyDeps,
  scheme: PreparedScheme,
  known: {
    readonly indicator: Indicator
    readonly latest: LatestResult
    readonly reading: Reading
    readonly result: Classification
  },
): Promise<WhyResponse['answer']> {
  const { indicator, latest, reading, result } = known
  const ofPeople = [true, false].map((isExact) => sha256(humanShapeOf(scheme, indicator, reading, isExact)))
  const model = latest.askedModel ?? models.primary
  const { mode } = latest
  // Which rules were trusted when the result was made decides which fields were open, and nobody has kept that.
  const shapes = [reading, withTrust(reading, NO_TRUST)].flatMap((seen) => [
    questionShapeOf(scheme, indicator, seen, { mode, model, promptVersion: result.prompt_version }),
    questionShapeOf(scheme, indicator, seen, { mode: 'model', model, promptVersion: BLIND_PROMPT_VERSION }),
  ])
  const ofModels = shapes.map(sha256)
  const [human, asked] = await Promise.all([
    store.findHumanAnswers([...new Set(ofPeople)]),
    store.findAnswers([...new Set(ofModels)]),
  ])
  const found = firstOf(human, ofPeople) ?? firstOf(asked, ofModels)
  if (found === undefined) return null
  const { decision, source, model: by, promptVersion } = found
  return {
    labels: { ...decision.labels },
    confidence: { ...decision.confidence },
    reason: decision.reason,
    source,
    model: by,
    prompt_version: promptVersion,
  }
}

function firstOf(found: ReadonlyMap<string, StoredAnswer>, hashes: readonly string[]): StoredAnswer | undefined {
  return hashes.map((hash) => found.get(hash)).find((answer) => answer !== undefined)
}
