/** Stores decisions of a review as a run of its own, with the result of each indicator after its decision. */
import { MAX_REASON_LENGTH } from '../classification/answers.ts'
import { cutText, oneLine } from '../classification/clean-text.ts'
import { PROMPT_VERSION } from '../classification/prompt.ts'
import { buildClassification } from '../classification/result.ts'
import type { PreparedScheme } from '../classification/scheme.ts'
import type { Decision } from '../classification/types.ts'
import type { BatchTotals, ReviewDecision, Store } from '../store/types.ts'
import type { Decided } from './decide.ts'

/** A decision that is one of several in a run, which a person makes one after the other. */
export interface InSitting {
  /** By which a decision that is saved again counts once. */
  readonly decisionId: string
  /** When the person decided, ISO 8601 by the database's clock. */
  readonly decidedAt: string
}

/** Stores all decisions as the run `runId`, or in it. To store the same again under the same run changes nothing. */
export async function saveDecisions(
  store: Store,
  scheme: PreparedScheme,
  decided: readonly Decided[],
  { runId, by, inSitting }: { readonly runId: string; readonly by: string; readonly inSitting?: InSitting },
): Promise<void> {
  const { startedAt: runStartedAt, sequence } = await store.openRun(runId)
  const startedAt = inSitting?.decidedAt ?? runStartedAt
  const decisions = decided.map((one) => decisionOf(scheme, one, { runId, startedAt, by }))
  const { name: codebook } = scheme.codebook
  const review = {
    runId,
    codebook,
    runStartedAt,
    sequence,
    decidedBy: by,
    decisions,
    totals: totalsOf(decisions),
  }
  const ofSitting = inSitting && { batchId: inSitting.decisionId, decidedAt: inSitting.decidedAt }
  await store.saveReview(ofSitting === undefined ? review : { ...review, ofSitting })
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
