/** Stores the decisions of a review file: all of them, or none where any line of the file is wrong. */
import { pluralise, printable, showValue } from '../../catalogue/problem-report.ts'
import { MAX_REASON_LENGTH } from '../../classification/answers.ts'
import { cleanText, cutText } from '../../classification/clean-text.ts'
import { CODEBOOK_VERSION, DECIDED_FIELDS } from '../../classification/codebook.ts'
import { buildClassification } from '../../classification/merge.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import { ServiceError } from '../../errors.ts'
import type { BatchTotals, KnownIndicator, Labels, ReviewDecision, Store } from '../../store/types.ts'
import { createRunId } from '../classify/run-id.ts'
import { decideLabels } from './decide-labels.ts'
import { type ParsedReview, parseReview } from './review-file.ts'
import { type PersonShape, personShape } from './review-items.ts'
import type { ReviewLine, ReviewProblem } from './review-line.ts'

export interface ApplyOptions {
  /** The name of the review file that messages show. */
  readonly label: string
  /** The name of the person who made the decisions. */
  readonly by: string
  /** True where the file is only checked and nothing is stored. */
  readonly dryRun: boolean
}

/** The output of `review apply --json`, whose property names must not change. */
export interface ApplyReport {
  /** The id under which the decisions are stored; null for a dry run, which stores nothing. */
  readonly run_id: string | null
  readonly by: string
  readonly accepted: number
  readonly corrected: number
  readonly undecided: number
  readonly shapes: number
  readonly dry_run: boolean
  /** The warnings, one for each label that differs from the stored label in a line without a decision. */
  readonly warnings: readonly string[]
  readonly items: readonly {
    readonly indicator_id: string
    readonly decision: 'accept' | 'correct'
    readonly before: Labels
    readonly after: Labels
  }[]
}

/** A line of a review file whose decision is valid, with the indicator and the labels that the decision gives to it. */
interface Decided {
  readonly line: ReviewLine
  readonly known: KnownIndicator
  readonly labels: Labels
  readonly shape: PersonShape
}

/** The number of lines of a review file whose indicators are read from the database by one query. */
const LINES_PER_QUERY = 1_000
const MAX_LISTED = 20

/**
 * Checks a review file and stores its decisions. Throws ServiceError input-invalid whose message names the file, the
 * line, the field and the wrong value, and lists the allowed values.
 */
export async function applyReview(store: Store, bytes: Buffer, options: ApplyOptions): Promise<ApplyReport> {
  const parsed = parseReview(bytes)
  const { decided, problems } = await decideAll(store, parsed)
  if (problems.length > 0) throw refusal(options.label, problems)
  if (decided.length === 0) {
    const advice = 'write accept into decision, or field=value into corrections'
    throw new ServiceError('input-invalid', `${options.label} holds no decision: ${advice}`)
  }
  const runId = options.dryRun ? null : await save(store, decided, options.by)
  return {
    run_id: runId,
    by: options.by,
    accepted: decided.filter(({ line }) => line.decision === 'accept').length,
    corrected: decided.filter(({ line }) => line.decision === 'correct').length,
    undecided: parsed.lines.length - decided.length,
    shapes: new Set(decided.map(({ shape }) => shape.shapeHash)).size,
    dry_run: options.dryRun,
    warnings: await findOverwrittenLabels(store, parsed.lines),
    items: decided.map(({ line, known, labels }) => ({
      indicator_id: known.indicator.indicator_id,
      decision: line.decision === 'accept' ? 'accept' : 'correct',
      before: labelsOf(known.latest.classification),
      after: labels,
    })),
  }
}

async function decideAll(
  store: Store,
  parsed: ParsedReview,
): Promise<{ decided: Decided[]; problems: ReviewProblem[] }> {
  const problems = [...parsed.problems]
  const decided: Decided[] = []
  const byShape = new Map<string, Decided>()
  const lines = parsed.lines.filter((line) => line.decision !== 'undecided')
  for await (const { line, known } of withIndicators(store, lines)) {
    if (known === undefined) {
      const message = `${showValue(line.indicatorId)} is not in the database: classify it first`
      problems.push({ line: line.line, field: 'indicator_id', message })
      continue
    }
    const outcome = decideLabels(line, known.latest.classification)
    if ('problems' in outcome) {
      problems.push(...outcome.problems)
      continue
    }
    const next: Decided = { line, known, labels: outcome.labels, shape: personShape(known) }
    const other = byShape.get(next.shape.shapeHash)
    const field = DECIDED_FIELDS.find((name) => other !== undefined && other.labels[name] !== next.labels[name])
    if (other !== undefined && field !== undefined) {
      const rule = 'but both indicators have the same shape, and a shape has one answer'
      const message = `is ${next.labels[field]} here and ${other.labels[field]} in line ${other.line.line}, ${rule}`
      problems.push({ line: line.line, field, message })
      continue
    }
    byShape.set(next.shape.shapeHash, next)
    decided.push(next)
  }
  return { decided, problems: problems.sort((a, b) => a.line - b.line) }
}

/**
 * Finds lines without a decision whose labels differ from the stored labels, and warns about each. Either the person
 * has overwritten a label in its column, which decides nothing, or the file is older than the stored results.
 */
async function findOverwrittenLabels(store: Store, all: readonly ReviewLine[]): Promise<string[]> {
  const lines = all.filter((line) => line.decision === 'undecided' && Object.keys(line.seen).length > 0)
  const warnings: string[] = []
  for await (const { line, known } of withIndicators(store, lines)) {
    for (const field of DECIDED_FIELDS) {
      const [seen, stored] = [line.seen[field] ?? '', known?.latest.classification[field]]
      if (seen === '' || stored === undefined || seen === stored) continue
      const advice = `to change it, write ${field}=… into corrections`
      const difference = `its ${field} is ${showValue(seen)} where ${stored} is stored`
      warnings.push(`line ${line.line} has no decision, but ${difference}: ${advice}`)
    }
  }
  return warnings
}

/** Yields each line, in order, with its indicator; the indicator is undefined where the database does not have it. */
async function* withIndicators(
  store: Store,
  lines: readonly ReviewLine[],
): AsyncGenerator<{ readonly line: ReviewLine; readonly known: KnownIndicator | undefined }> {
  for (let from = 0; from < lines.length; from += LINES_PER_QUERY) {
    const part = lines.slice(from, from + LINES_PER_QUERY)
    const ids = part.flatMap(({ indicatorId }) => [indicatorId, withoutApostrophe(indicatorId)])
    const found = await store.findIndicators(ids)
    for (const line of part) {
      const known = found.get(line.indicatorId) ?? found.get(withoutApostrophe(line.indicatorId))
      yield { line, known }
    }
  }
}

/** Removes the apostrophe that a CSV export puts before an id that a spreadsheet would take for a formula. */
function withoutApostrophe(id: string): string {
  return id.startsWith("'") ? id.slice(1) : id
}

/** Stores all decisions as one run, and resolves with the id of that run. */
async function save(store: Store, decided: readonly Decided[], by: string): Promise<string> {
  const runId = createRunId('review')
  const { startedAt } = await store.openRun(runId)
  const decisions = decided.map(({ line, known, labels, shape }): ReviewDecision => {
    const note = cleanText(line.note).replace(/\s+/g, ' ')
    const reason = cutText(`${note === '' ? 'A person decided it' : note} (${by})`, MAX_REASON_LENGTH)
    const confidence = { type: 1, temporal_aggregation: 1, orientation: 1 }
    return {
      indicator: known.indicator,
      before: known.latest,
      after: buildClassification({
        indicator: known.indicator,
        reading: shape.reading,
        mode: known.latest.mode,
        decision: { decision: { ...labels, confidence, reason }, source: 'person', model: null },
        codebookVersion: CODEBOOK_VERSION,
        promptVersion: PROMPT_VERSION,
        runId,
        classifiedAt: laterOf(startedAt, known.latest.classification.classified_at),
      }),
      decision: line.decision === 'accept' ? 'accept' : 'correct',
      note,
      shapeHash: shape.shapeHash,
      shape: shape.shape,
    }
  })
  await store.saveReview({ runId, runStartedAt: startedAt, decidedBy: by, decisions, totals: totalsOf(decisions) })
  return runId
}

/**
 * Returns the time of a decision in ISO 8601, always later than the time `before` of the result that it replaces. That
 * result may come from a machine whose clock is ahead, and of two results of an indicator the later one counts.
 */
function laterOf(startedAt: string, before: string): string {
  return startedAt > before ? startedAt : new Date(Date.parse(before) + 1).toISOString()
}

function totalsOf(decisions: readonly ReviewDecision[]): BatchTotals {
  const count = decisions.length
  return {
    indicators: count,
    classified: count,
    unchanged: 0,
    needsReview: 0,
    bySource: { rules: 0, reuse: 0, model: 0, escalation: 0, person: count },
    modelRequests: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    costUsd: 0,
  }
}

function labelsOf({ type, temporal_aggregation, orientation }: Labels): Labels {
  return { type, temporal_aggregation, orientation }
}

function refusal(label: string, problems: readonly ReviewProblem[]): ServiceError {
  const lines = problems.slice(0, MAX_LISTED).map(({ line, field, message }) => {
    return `  line ${line}${field === '' ? '' : `, ${printable(field)}`}: ${message}`
  })
  if (problems.length > MAX_LISTED) lines.push(`  and ${problems.length - MAX_LISTED} more`)
  const head = `${label}: ${pluralise(problems.length, 'problem')}; nothing was stored. Correct the file and run again.`
  return new ServiceError('input-invalid', [head, ...lines].join('\n'))
}
