/** Stores decisions of a review as a run of its own, with the result of each indicator after its decision. */
import { MAX_REASON_LENGTH } from '../classification/answers.ts'
import { cutText, oneLine } from '../classification/clean-text.ts'
import { PROMPT_VERSION } from '../classification/prompt.ts'
import { buildClassification } from '../classification/result.ts'
import type { PreparedScheme } from '../classification/scheme.ts'
import type { Decision } from '../classification/types.ts'
import type { BatchTotals, KnownIndicator, ReviewDecision, Store } from '../store/types.ts'
import type { DecidedLabels } from './decide-labels.ts'
import type { PersonShapes, vouchedAnswer } from './person-shape.ts'
import type { ReviewLine } from './review-line.ts'
import { createRunId } from './run-id.ts'

/** A line of a review file whose decision is valid, with the indicator and the labels that the decision gives to it. */
export interface Decided extends DecidedLabels {
  readonly line: ReviewLine
  readonly known: KnownIndicator
  readonly shapes: PersonShapes
  /** The shape under which the answer is stored, and the labels that answer every indicator of it. */
  readonly answer: ReturnType<typeof vouchedAnswer>
}

/** A part of a review in which a person decides one thing after the other: one run, to which each decision adds. */
export interface Sitting {
  readonly runId: string
  /** The id of this decision, so that one that is saved again counts once. */
  readonly decisionId: string
  /** When the person decided, ISO 8601 by the database's clock. */
  readonly decidedAt: string
}

/** Stores all decisions as one run, or in one of a sitting, and resolves with the id of that run. */
export async function saveDecisions(
  store: Store,
  scheme: PreparedScheme,
  decided: readonly Decided[],
  { by, sitting }: { readonly by: string; readonly sitting?: Sitting | undefined },
): Promise<string> {
  const runId = sitting?.runId ?? createRunId('review')
  const { startedAt: runStartedAt, sequence } = await store.openRun(runId)
  const startedAt = sitting?.decidedAt ?? runStartedAt
  const decisions = decided.map((one) => decisionOf(scheme, one, { runId, startedAt, by }))
  const { name: codebook } = scheme.codebook
  await store.saveReview({
    ...{ runId, codebook, runStartedAt, sequence, decidedBy: by, decisions, totals: totalsOf(decisions) },
    ...(sitting === undefined ? {} : { ofSitting: { batchId: sitting.decisionId, decidedAt: sitting.decidedAt } }),
  })
  return runId
}

function decisionOf(
  scheme: PreparedScheme,
  { line, known, labels, shapes, answer }: Decided,
  { runId, startedAt, by }: { readonly runId: string; readonly startedAt: string; readonly by: string },
): ReviewDecision {
  const note = oneLine(line.note)
  const reason = cutText(`${note === '' ? 'A person decided it' : note} (${by})`, MAX_REASON_LENGTH)
  const confidence = Object.fromEntries(Object.keys(labels).map((name) => [name, 1]))
  const decision: Decision = { labels, confidence, reason }
  const { classification, mode } = known.latest
  return {
    indicator: known.indicator,
    labels: answer.labels,
    before: known.latest,
    after: buildClassification({
      indicator: known.indicator,
      catalogue: classification.catalogue,
      scheme,
      reading: shapes.shared.reading,
      mode,
      decisions: [{ decision, source: 'person', model: null, isGuess: false }],
      unanswered: {},
      promptVersion: PROMPT_VERSION,
      runId,
      classifiedAt: startedAt,
    }),
    decision: line.decision === 'accept' ? 'accept' : 'correct',
    note,
    shapeHash: answer.shape.shapeHash,
    shape: answer.shape.shape,
  }
}

function totalsOf(decisions: readonly ReviewDecision[]): BatchTotals {
  const count = decisions.length
  return {
    indicators: count,
    classified: count,
    unchanged: 0,
    needsReview: 0,
    unverified: 0,
    bySource: { rules: 0, reuse: 0, model: 0, escalation: 0, person: count },
    modelRequests: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    costUsd: 0,
    estimatedRequests: 0,
    estimatedCostUsd: 0,
  }
}
