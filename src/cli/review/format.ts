/** Formats results that need review as a list for the terminal, and as a review file that people fill in.
 *
 * Texts of the catalogue and of the model come from outside, so control characters and spreadsheet formulas in them
 * are made harmless.
 */
import { stringify } from 'csv-stringify/sync'
import { pluralise, printable } from '../../catalogue/problem-report.ts'
import { escapeFormula, type ResultsFormat } from '../../catalogue/results-writer.ts'
import { DECIDED_FIELDS } from '../../classification/codebook.ts'
import { formatCount } from '../ui/terminal.ts'
import type { ReviewItem, ReviewItems } from './review-items.ts'

const REASON_TEXT: Readonly<Record<ReviewItem['why'], string>> = {
  conflict: 'the rules, the codebook and the answer contradict each other',
  'no-answer': 'no model answered',
  doubt: 'the answer is in doubt',
  'older-codebook': 'decided by a person under an older codebook',
}

export function formatReviewItems(found: ReviewItems): string {
  const { answered } = found
  const rest = answered > 0 ? ` ${pluralise(answered, 'more indicator')} answered already: run classify again.` : ''
  if (found.shapes === 0) return `Nothing needs review.${rest}`
  const shown = found.items.length < found.shapes ? `; the worst ${formatCount(found.items.length)} follow` : ''
  const verb = found.indicators === 1 ? 'needs' : 'need'
  const head = `${pluralise(found.indicators, 'indicator')} of ${pluralise(found.shapes, 'shape')} ${verb} review${shown}.${rest}`
  return [head, ...found.items.map(formatItem)].join('\n\n')
}

function formatItem(item: ReviewItem, index: number): string {
  const { rules, model } = item
  const percent = (value: number) => `${Math.round(value * 100)} %`
  const lines = [
    `${index + 1}. ${printable(item.indicator_id, 256)}  ${printable(item.name, 200)}`,
    `   why          ${REASON_TEXT[item.why]}${item.same_shape > 1 ? `; one answer settles ${formatCount(item.same_shape)} indicators` : ''}`,
    `   units        ${printable(item.units ?? '(none)', 100)}; ${item.frequency}; cumulative ${item.cumulative}`,
    item.description === null ? '' : `   description  ${printable(item.description, 200)}`,
    item.sample_values.length === 0
      ? ''
      : `   samples      ${item.sample_values.map(({ date, value }) => `${date} ${value}`).join(', ')}`,
    `   now          ${item.type}, ${item.temporal_aggregation}, ${item.orientation}; by ${item.source}, confidence ${percent(item.confidence)}`,
    ...DECIDED_FIELDS.map((field) => {
      const { value, sure, rule, because } = rules[field]
      return `   rules        ${field} ${value} (${sure ? 'sure' : 'a guess'}, ${rule}): ${printable(because, 120)}`
    }),
    ...(model === null
      ? []
      : [
          `   model        ${DECIDED_FIELDS.map((field) => `${model.answer[field]} ${percent(model.confidence[field])}`).join(', ')} (${printable(model.name ?? '', 60)}): ${printable(model.reason, 300)}`,
        ]),
    ...item.issues.map(({ code, message }) => `   issue        ${printable(code, 60)}: ${printable(message, 300)}`),
  ]
  return lines.filter((line) => line !== '').join('\n')
}

const CSV_COLUMNS = [
  'indicator_id',
  'decision',
  'corrections',
  'note',
  'type',
  'temporal_aggregation',
  'orientation',
  'name',
  'units',
  'unit_kind',
  'frequency',
  'why',
  'same_shape',
  'confidence',
  'source',
  'issues',
  'rules',
  'model',
  'description',
  'sample_values',
] as const

/** Formats the items as a review file in which no decision is filled in yet. */
export function formatReviewFile(items: readonly ReviewItem[], format: ResultsFormat): string {
  if (format === 'jsonl') {
    return items
      .map(({ indicator_id, ...rest }) => {
        return `${JSON.stringify({ indicator_id, decision: '', corrections: {}, note: '', ...rest })}\n`
      })
      .join('')
  }
  return stringify(items.map(csvRow), { columns: [...CSV_COLUMNS], header: true })
}

function csvRow(item: ReviewItem): Record<(typeof CSV_COLUMNS)[number], string> {
  const { rules, model } = item
  const readings = DECIDED_FIELDS.map(
    (field) => `${field} ${rules[field].value} (${rules[field].sure ? 'sure' : 'a guess'})`,
  )
  return {
    indicator_id: escapeFormula(item.indicator_id),
    decision: '',
    corrections: '',
    note: '',
    type: item.type,
    temporal_aggregation: item.temporal_aggregation,
    orientation: item.orientation,
    name: escapeFormula(item.name),
    units: escapeFormula(item.units ?? ''),
    unit_kind: item.unit.kind,
    frequency: item.frequency,
    why: REASON_TEXT[item.why],
    same_shape: String(item.same_shape),
    confidence: String(item.confidence),
    source: item.source,
    issues: escapeFormula(item.issues.map(({ code, message }) => `${code}: ${message}`).join('; ')),
    rules: readings.join('; '),
    model:
      model === null
        ? ''
        : escapeFormula(`${DECIDED_FIELDS.map((field) => model.answer[field]).join(', ')}: ${model.reason}`),
    description: escapeFormula(item.description ?? ''),
    sample_values: item.sample_values.map(({ date, value }) => `${date} ${value}`).join('; '),
  }
}
