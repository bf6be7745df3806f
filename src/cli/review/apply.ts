/** Takes the decisions of a review file: all of them, or none where one line is wrong. */
import { randomBytes } from 'node:crypto'
import { counted, printable, showValue } from '../../catalogue/problem-report.ts'
import { MAX_REASON_LENGTH } from '../../classification/answers.ts'
import { cleanText, cutText } from '../../classification/clean-text.ts'
import { CODEBOOK_VERSION, DECIDED_FIELDS } from '../../classification/codebook.ts'
import { buildClassification } from '../../classification/merge.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import { ServiceError } from '../../errors.ts'
import type { BatchTotals, KnownIndicator, Labels, ReviewDecision, Store } from '../../store/types.ts'
import { decideLabels } from './decide-labels.ts'
import { type ParsedReview, parseReview, type ReviewLine, type ReviewProblem } from './review-file.ts'
import { type PersonShape, personShape } from './open-items.ts'

export interface ApplyOptions {
  /** How messages call the file. */
  readonly label: string
  readonly by: string
  readonly dryRun: boolean
}

/** The one JSON object of `review apply --json`. */
export interface ApplyReport {
  /** Null for a dry run: nothing was stored. */
  readonly run_id: string | null
  readonly by: string
  readonly accepted: number
  readonly corrected: number
  readonly undecided: number
  readonly shapes: number
  readonly dry_run: boolean
  /** Lines that decide nothing though their labels are not those that are stored: somebody may have meant it. */
  readonly warnings: readonly string[]
  readonly items: readonly {
    readonly indicator_id: string
    readonly decision: 'accept' | 'correct'
    readonly before: Labels
    readonly after: Labels
  }[]
}

interface Decided {
  readonly line: ReviewLine
  readonly known: KnownIndicator
  readonly labels: Labels
  readonly shape: PersonShape
}

const IDS_AT_ONCE = 1_000
const MAX_LISTED = 20

/** Throws `ServiceError` input-invalid that names file, line, field, value and what is allowed. */
export async function applyReview(store: Store, bytes: Buffer, options: ApplyOptions): Promise<ApplyReport> {
  const parsed = parseReview(bytes)
  const { decided, problems } = await decideAll(store, parsed)
  if (problems.length > 0) throw refusal(options.label, problems)
  if (decided.length === 0) {
    const way = 'write accept into decision, or field=value into corrections'
    throw new ServiceError('input-invalid', `${options.label}: nothing is decided in it: ${way}`)
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
    warnings: await overlooked(store, parsed.lines),
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
  for (let from = 0; from < lines.length; from += IDS_AT_ONCE) {
    const part = lines.slice(from, from + IDS_AT_ONCE)
    const found = await store.findIndicators(part.flatMap((line) => [line.indicatorId, asExported(line.indicatorId)]))
    for (const line of part) {
      const known = found.get(line.indicatorId) ?? found.get(asExported(line.indicatorId))
      if (known === undefined) {
        const message = `${showValue(line.indicatorId)} is not known: classify it first`
        problems.push({ line: line.line, field: 'indicator_id', message })
        continue
      }
      const outcome = decideLabels(line, known.latest.classification)
      if ('problems' in outcome) {
        problems.push(...outcome.problems)
        continue
      }
      const one: Decided = { line, known, labels: outcome.labels, shape: personShape(known) }
      const other = byShape.get(one.shape.shapeHash)
      const differs = other === undefined ? undefined : DECIDED_FIELDS.find((f) => other.labels[f] !== one.labels[f])
      if (other !== undefined && differs !== undefined) {
        const message = `is ${one.labels[differs]} here and ${other.labels[differs]} in line ${other.line.line}, and both are of one shape, which has one answer`
        problems.push({ line: line.line, field: differs, message })
        continue
      }
      byShape.set(one.shape.shapeHash, one)
      decided.push(one)
    }
  }
  return { decided, problems: problems.sort((a, b) => a.line - b.line) }
}

/** A label that was overwritten in place decides nothing; so does a file that is older than the results. */
async function overlooked(store: Store, all: readonly ReviewLine[]): Promise<string[]> {
  const lines = all.filter((line) => line.decision === 'undecided' && Object.keys(line.seen).length > 0)
  const warnings: string[] = []
  for (let from = 0; from < lines.length; from += IDS_AT_ONCE) {
    const part = lines.slice(from, from + IDS_AT_ONCE)
    const found = await store.findIndicators(part.flatMap((line) => [line.indicatorId, asExported(line.indicatorId)]))
    for (const { line, indicatorId, seen } of part) {
      const known = found.get(indicatorId) ?? found.get(asExported(indicatorId))
      for (const field of DECIDED_FIELDS) {
        const [said, stored] = [seen[field] ?? '', known?.latest.classification[field]]
        if (said === '' || stored === undefined || said === stored) continue
        const way = `to set it, write ${field}=… into corrections`
        warnings.push(
          `line ${line} decides nothing, but says ${field} ${showValue(said)} where ${stored} is stored: ${way}`,
        )
      }
    }
  }
  return warnings
}

async function save(store: Store, decided: readonly Decided[], by: string): Promise<string> {
  const runId = `review-${new Date().toISOString().replace(/\D/g, '').slice(0, 14)}-${randomBytes(4).toString('hex')}`
  const { startedAt } = await store.openRun(runId)
  const decisions = decided.map((one): ReviewDecision => {
    const { line, known, labels, shape } = one
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

/** A result from a machine whose clock is ahead must not make the person's look the older one. */
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

/** Our own CSV has an apostrophe before an id that a spreadsheet would take for a formula. */
function asExported(id: string): string {
  return id.startsWith("'") ? id.slice(1) : id
}

function refusal(label: string, problems: readonly ReviewProblem[]): ServiceError {
  const lines = problems.slice(0, MAX_LISTED).map(({ line, field, message }) => {
    return `  line ${line}${field === '' ? '' : `, ${printable(field)}`}: ${message}`
  })
  if (problems.length > MAX_LISTED) lines.push(`  and ${problems.length - MAX_LISTED} more`)
  const head = `${label}: ${counted(problems.length, 'problem')}; nothing was stored. Correct the file and run again.`
  return new ServiceError('input-invalid', [head, ...lines].join('\n'))
}
