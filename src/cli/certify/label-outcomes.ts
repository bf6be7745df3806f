/** What people's labels of a certificate say of the rules and of the model, kept as evidence for later runs of the catalogue. */
import { SENTINEL_PREFIX } from '../../classification/batch-request.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import { isModelSource } from '../../evidence/confidence.ts'
import { MODEL_SOURCE } from '../../evidence/gate/field-gates.ts'
import type { CertificateStore, LabelOutcome, RunRowWithInput } from '../../store/types.ts'
import type { Evaluation } from './evaluate.ts'
import { isRight, type LabelledRow } from './row-labels.ts'
import type { CertifiedRun } from './run-part.ts'

/**
 * Keeps what the counted labels of a certificate say. Rows behind one without labels, or behind one in dispute, wait as they do
 * in the certificate. Resolves with the number of outcomes that changed; with 0 for rows that were asked again to find drift,
 * which are no rows of a catalogue, and for a codebook without rules.
 */
export async function keepOutcomes(
  certificates: CertificateStore,
  { scope, scheme }: CertifiedRun,
  { labelled, answers, certificate }: Pick<Evaluation, 'labelled' | 'answers' | 'certificate'>,
): Promise<number> {
  const { catalogue, runId } = scope
  if (scheme.code === null || catalogue.startsWith(SENTINEL_PREFIX)) return 0
  const counted = labelled.slice(0, certificate.result.labelled)
  const outcomes = outcomesOf(counted, answers, { scheme, population: certificate.plan.population })
  return await certificates.replaceOutcomes({ catalogue, codebookHash: scheme.hash }, runId, outcomes)
}

interface Draw {
  readonly scheme: Pick<PreparedScheme, 'code'>
  /** The number of rows that the certificate drew from. */
  readonly population: number
}

/**
 * The outcomes of labelled rows, which are the beginning of the draw: in each field of which a rule is sure, and which no person
 * had decided in the run, whether the rule is right; and where the run had the field from a model, whether the model was. They end
 * before the first row that was submitted with other texts since: nobody can read it again, and leaving out single rows might
 * favour those that were wrong.
 */
export function outcomesOf(
  labelled: readonly LabelledRow[],
  rows: ReadonlyMap<string, RunRowWithInput>,
  { scheme, population }: Draw,
): LabelOutcome[] {
  const outcomes: LabelOutcome[] = []
  for (const [place, { id, fields }] of labelled.entries()) {
    const row = rows.get(id)
    if (row === undefined || row.indicator === null) break
    const reading = scheme.code?.read(row.indicator) ?? {}
    const { labels, field_source: sources, model } = row.classification
    const common = { indicatorId: id, inputHash: row.inputHash, rank: place / population }
    for (const verdict of fields) {
      const { field } = verdict
      const finding = reading[field]
      const source = sources[field]
      // Where the field does not apply to the record, or a person decided it, the rule has nothing to decide.
      if (finding?.sure !== true || source === undefined || source === 'person') continue
      const { rule, value } = finding
      outcomes.push({ ...common, field, rule, agreed: isRight(verdict, value), model: '' })
      if (!isModelSource(source) || model === null) continue
      outcomes.push({ ...common, field, rule: MODEL_SOURCE, agreed: isRight(verdict, labels[field]), model })
    }
  }
  return outcomes
}
