/** Formats results that need review as a list for the terminal, and as a review file that people fill in.
 *
 * Texts of the catalogue and of the model come from outside, so control characters and spreadsheet formulas in them
 * are made harmless.
 */
import { stringify } from 'csv-stringify/sync'
import { pluralise, printable } from '../../catalogue/problem-report.ts'
import { escapeFormula, labelText, type ResultsFormat } from '../../catalogue/results-writer.ts'
import { askableFields } from '../../classification/fields.ts'
import type { Labels } from '../../classification/types.ts'
import type { Codebook } from '../../codebooks/codebook.ts'
import { formatCount } from '../ui/terminal.ts'
import { showLabel } from './decide-labels.ts'
import type { ReviewItem } from './review-item.ts'
import type { ReviewItems } from './review-items.ts'
import { columnOfField, REVIEW_COLUMNS } from './review-line.ts'

const REASON_TEXT: Readonly<Record<ReviewItem['why'], string>> = {
  conflict: 'the rules, the codebook and the answer contradict each other',
  'no-answer': 'no model answered',
  doubt: 'the answer is in doubt',
  'older-codebook': 'decided by a person under an older codebook',
  unverified: 'a guess that nothing has checked',
}

export function formatReviewItems(found: ReviewItems, codebook: Codebook): string {
  const { answered } = found
  const rest = answered > 0 ? ` ${pluralise(answered, 'more indicator')} answered already: run classify again.` : ''
  if (found.shapes === 0) return `Nothing needs review. With --unverified guesses are listed as well.${rest}`
  const shown = found.items.length < found.shapes ? `; the worst ${formatCount(found.items.length)} follow` : ''
  const verb = found.indicators === 1 ? 'needs' : 'need'
  const head = `${pluralise(found.indicators, 'indicator')} of ${pluralise(found.shapes, 'shape')} ${verb} review${shown}.${rest}`
  return [head, ...found.items.map((item, index) => formatItem(item, index, codebook))].join('\n\n')
}

function formatItem(item: ReviewItem, index: number, codebook: Codebook): string {
  const { rules, model } = item
  const names = askableFields(codebook).map(({ name }) => name)
  const shows = (text: 'units' | 'description') => codebook.record.texts.some(({ name }) => name === text)
  const lines = [
    `${index + 1}. ${printable(item.indicator_id, 256)}  ${printable(item.name, 200)}`,
    `   why          ${REASON_TEXT[item.why]}${item.same_shape > 1 ? `; one answer settles ${formatCount(item.same_shape)} indicators` : ''}`,
    `   catalogue    ${printable(item.catalogue)}`,
    shows('units') ? `   units        ${printable(item.units ?? '(none)', 100)}` : '',
    shows('description') && item.description !== null ? `   description  ${printable(item.description, 200)}` : '',
    item.sample_values.length === 0
      ? ''
      : `   samples      ${item.sample_values.map(({ date, value }) => `${date} ${value}`).join(', ')}`,
    `   now          ${formatLabels(names, item.labels, item.field_confidence)}; by ${item.source}`,
    ...Object.entries(rules).map(([field, { value, sure, rule, because }]) => {
      const origin = `${sure ? 'sure' : 'a guess'}, ${rule}`
      return `   rules        ${field} ${showLabel(value)} (${origin}): ${printable(because, 120)}`
    }),
    ...(model === null
      ? []
      : [
          `   model        ${formatLabels(names, model.answer, model.confidence)} (${printable(model.name ?? '', 60)}): ${printable(model.reason, 300)}`,
        ]),
    ...item.issues.map(({ code, message }) => `   issue        ${printable(code, 60)}: ${printable(message, 300)}`),
  ]
  return lines.filter((line) => line !== '').join('\n')
}

/** Lists labels with their confidence, as in "topic prices 90 %, kind none"; fields that `labels` lacks are left out. */
function formatLabels(names: readonly string[], labels: Labels, confidence: Readonly<Record<string, number>>): string {
  const parts = names.flatMap((name) => {
    const label = labels[name]
    if (label === undefined) return []
    const sure = confidence[name] === undefined ? '' : ` ${Math.round(confidence[name] * 100)} %`
    return [`${name} ${showLabel(label)}${sure}`]
  })
  return parts.join(', ')
}

/** Formats the items as a review file in which no decision is filled in yet. */
export function formatReviewFile(items: readonly ReviewItem[], format: ResultsFormat, codebook: Codebook): string {
  if (format === 'jsonl') {
    return items
      .map(({ indicator_id, ...rest }) => {
        const first = { indicator_id, decision: '', corrections: {}, note: '' }
        // The first properties stand twice, because a field of the codebook may have the name of one of them.
        return `${JSON.stringify({ ...first, ...rest, ...first })}\n`
      })
      .join('')
  }
  const names = askableFields(codebook).map(({ name }) => name)
  const [id, decision, corrections, note, ...others] = REVIEW_COLUMNS
  const columns = [id, decision, corrections, note, ...names.map(columnOfField), ...others]
  return stringify(
    items.map((item) => csvRow(item, names)),
    { columns, header: true },
  )
}

function csvRow(item: ReviewItem, names: readonly string[]): Record<string, string> {
  const { rules, model } = item
  const readings = Object.entries(rules).map(
    ([field, { value, sure }]) => `${field} ${showLabel(value)} (${sure ? 'sure' : 'a guess'})`,
  )
  const labels = names.map((name) => [columnOfField(name), escapeFormula(labelText(item.labels[name] ?? null))])
  const fixed: Record<(typeof REVIEW_COLUMNS)[number], string> = {
    indicator_id: escapeFormula(item.indicator_id),
    decision: '',
    corrections: '',
    note: '',
    catalogue: escapeFormula(item.catalogue),
    name: escapeFormula(item.name),
    units: escapeFormula(item.units ?? ''),
    description: escapeFormula(item.description ?? ''),
    why: REASON_TEXT[item.why],
    same_shape: String(item.same_shape),
    confidence: String(item.confidence),
    source: item.source,
    issues: escapeFormula(item.issues.map(({ code, message }) => `${code}: ${message}`).join('; ')),
    rules: escapeFormula(readings.join('; ')),
    model: model === null ? '' : escapeFormula(`${formatLabels(names, model.answer, {})}: ${model.reason}`),
    sample_values: item.sample_values.map(({ date, value }) => `${date} ${value}`).join('; '),
  }
  return { ...Object.fromEntries(labels), ...fixed }
}
