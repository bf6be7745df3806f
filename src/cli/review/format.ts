/** Formats results that need review as a list for the terminal, and as a review file that people fill in.
 *
 * Texts of the catalogue and of the model come from outside, so control characters and spreadsheet formulas in them
 * are made harmless.
 */
import { stringify } from 'csv-stringify/sync'
import { pluralise, printable } from '../../catalogue/problem-report.ts'
import { labelText, type ResultsFormat, textCell } from '../../catalogue/results-writer.ts'
import { askableFields } from '../../classification/fields.ts'
import type { Labels } from '../../classification/types.ts'
import { codeOf } from '../../codebooks/built-in.ts'
import type { Codebook } from '../../codebooks/codebook.ts'
import { joinLines, toVisibleJson } from '../../lib/visible-text.ts'
import { showLabel } from '../../review/decide-labels.ts'
import { shownLabel } from '../../review/label-text.ts'
import type { Candidate, ReviewItem } from '../../review/review-item.ts'
import type { ReviewItems } from '../../review/review-items.ts'
import { CODE_COLUMNS, columnOfField, REVIEW_COLUMNS } from '../../review/review-line.ts'
import { sourceName } from '../ui/label-text.ts'
import { formatCount } from '../ui/terminal.ts'

const REASON_TEXT: Readonly<Record<ReviewItem['why'], string>> = {
  conflict: 'the rules, the codebook and the answer contradict each other',
  'no-answer': 'no model answered',
  doubt: 'the answer is in doubt',
  'older-codebook': 'decided by a person under an older codebook',
  unverified: 'a guess that nothing has checked',
}

/** Says what a list of so many results or shapes holds; `withGuesses` is true where --unverified lists guesses as well. */
export function openVerb(count: number, withGuesses: boolean): string {
  if (count === 1) return withGuesses ? 'needs review or rests on a guess' : 'needs review'
  return withGuesses ? 'need review or rest on guesses' : 'need review'
}

export function formatReviewItems(found: ReviewItems, codebook: Codebook, withGuesses: boolean): string {
  const { answered } = found
  const rest = answered > 0 ? ` ${pluralise(answered, 'more indicator')} answered already: run classify again.` : ''
  if (found.shapes === 0) {
    return withGuesses
      ? `Nothing needs review, and nothing rests on a guess.${rest}`
      : `Nothing needs review. With --unverified guesses are listed as well.${rest}`
  }
  const shown = found.items.length < found.shapes ? `; the worst ${formatCount(found.items.length)} follow` : ''
  const verb = openVerb(found.indicators, withGuesses)
  const head = `${pluralise(found.indicators, 'indicator')} of ${pluralise(found.shapes, 'shape')} ${verb}${shown}.${rest}`
  return [head, ...found.items.map((item, index) => formatItem(item, index, codebook))].join('\n\n')
}

function formatItem(item: ReviewItem, index: number, codebook: Codebook): string {
  const { rules, model } = item
  const shows = (text: 'units' | 'description') => codebook.record.texts.some(({ name }) => name === text)
  const lines = [
    `${index + 1}. ${printable(item.indicator_id, 256)}  ${printable(item.name, 200)}`,
    `   why          ${reasonText(item.why, codebook)}${item.same_shape > 1 ? `; one answer settles ${formatCount(item.same_shape)} indicators` : ''}`,
    `   catalogue    ${printable(item.catalogue)}`,
    shows('units') ? `   units        ${printable(item.units ?? '(none)', 100)}` : '',
    shows('description') && item.description !== null ? `   description  ${printable(item.description, 200)}` : '',
    item.sample_values.length === 0
      ? ''
      : `   samples      ${item.sample_values.map(({ date, value }) => `${date} ${value}`).join(', ')}`,
    `   now          ${formatLabels(codebook, item.labels, item.field_confidence)}; by ${sourceName(item.source, codebook.name)}`,
    ...Object.entries(rules).map(([field, { value, sure, rule, because }]) => {
      const origin = `${sure ? 'sure' : 'a guess'}, ${rule}`
      return `   rules        ${field} ${showLabel(value)} (${origin}): ${printable(because, 120)}`
    }),
    ...(model === null
      ? []
      : [
          `   model        ${formatLabels(codebook, model.answer, model.confidence)} (${printable(model.name ?? '', 60)}): ${printable(model.reason, 300)}`,
        ]),
    ...Object.entries(item.candidates).map(
      ([field, candidates]) => `   candidates   ${field}: ${printable(formatCandidates(candidates), 600)}`,
    ),
    ...item.issues.map(({ code, message }) => `   issue        ${printable(code, 60)}: ${printable(message, 300)}`),
  ]
  return joinLines(lines.filter((line) => line !== ''))
}

function reasonText(why: ReviewItem['why'], { name }: Codebook): string {
  const isWithoutRules = why === 'conflict' && codeOf(name) === null
  return isWithoutRules ? 'the codebook and the answer contradict each other' : REASON_TEXT[why]
}

function formatCandidates(candidates: readonly Candidate[]): string {
  return candidates
    .map(({ code, title, parents }) => `${code} ${title}${parents.length === 0 ? '' : ` (${parents.join(' > ')})`}`)
    .join('; ')
}

/** Lists labels with their confidence, as in "topic prices 90 %, kind none"; fields that `labels` lacks are left out. */
function formatLabels(codebook: Codebook, labels: Labels, confidence: Readonly<Record<string, number>>): string {
  const parts = askableFields(codebook).flatMap(({ name }) => {
    const label = labels[name]
    if (label === undefined) return []
    const sure = confidence[name] === undefined ? '' : ` ${Math.round(confidence[name] * 100)} %`
    const text = shownLabel(codebook, name, label)
    return [`${name} ${text === '' ? 'none' : printable(text, 300)}${sure}`]
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
        return `${toVisibleJson({ ...first, ...rest, ...first })}\n`
      })
      .join('')
  }
  const names = askableFields(codebook).map(({ name }) => name)
  const [id, decision, corrections, note, ...all] = REVIEW_COLUMNS
  const asksCodes = askableFields(codebook).some(({ type }) => type.kind === 'codes')
  const others = all.filter((column) => asksCodes || !CODE_COLUMNS.has(column))
  const columns = [id, decision, corrections, note, ...names.map(columnOfField), ...others]
  return stringify(
    items.map((item) => csvRow(item, codebook)),
    { columns, header: true },
  )
}

function csvRow(item: ReviewItem, codebook: Codebook): Record<string, string> {
  const names = askableFields(codebook).map(({ name }) => name)
  const { rules, model } = item
  const readings = Object.entries(rules).map(
    ([field, { value, sure }]) => `${field} ${showLabel(value)} (${sure ? 'sure' : 'a guess'})`,
  )
  const labels = names.map((name) => [columnOfField(name), textCell(labelText(item.labels[name] ?? null))])
  const fixed: Record<(typeof REVIEW_COLUMNS)[number], string> = {
    indicator_id: textCell(item.indicator_id),
    decision: '',
    corrections: '',
    note: '',
    catalogue: textCell(item.catalogue),
    name: textCell(item.name),
    units: textCell(item.units ?? ''),
    description: textCell(item.description ?? ''),
    why: reasonText(item.why, codebook),
    same_shape: String(item.same_shape),
    confidence: String(item.confidence),
    source: sourceName(item.source, codebook.name),
    issues: textCell(item.issues.map(({ code, message }) => `${code}: ${message}`).join('; ')),
    rules: textCell(readings.join('; ')),
    model: model === null ? '' : textCell(`${formatLabels(codebook, model.answer, {})}: ${model.reason}`),
    sample_values: item.sample_values.map(({ date, value }) => `${date} ${value}`).join('; '),
    titles: textCell(byField(Object.entries(item.titles))),
    candidates: textCell(
      byField(Object.entries(item.candidates).map(([field, found]) => [field, formatCandidates(found)] as const)),
    ),
  }
  return { ...Object.fromEntries(labels), ...fixed }
}

/** Writes texts by field in one cell, which names the fields only where there are several. */
function byField(texts: readonly (readonly [field: string, text: string])[]): string {
  return texts.map(([field, text]) => (texts.length === 1 ? text : `${field}: ${text}`)).join(' | ')
}
