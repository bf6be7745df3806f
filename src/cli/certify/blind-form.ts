/** Writes labelling files: records with their texts and an empty cell for each field, and neither an answer nor a finding. */
import { stringify } from 'csv-stringify/sync'
import { type ResultsFormat, textCell } from '../../catalogue/results-writer.ts'
import { askableFields } from '../../classification/fields.ts'
import type { Indicator } from '../../classification/types.ts'
import type { Codebook } from '../../codebooks/codebook.ts'
import { toVisibleJson } from '../../lib/visible-text.ts'
import { columnOfField } from '../../review/review-line.ts'

/** A record that a person shall label. */
export interface RecordToLabel {
  readonly indicator: Indicator
  readonly catalogue: string
  /** What the person shall know beside the record, such as the labels that two others gave; none in a blind file. */
  readonly given?: string
}

const SHOWN_SAMPLES = 12
/** A spreadsheet cell holds no more characters. */
const MAX_CELL = 30_000

/** Formats a labelling file with empty cells for `fields`. All forms of a review file can be filled in and read back. */
export function formatBlindForm(
  records: readonly RecordToLabel[],
  fields: readonly string[],
  { format, codebook }: { readonly format: ResultsFormat; readonly codebook: Codebook },
): string {
  // A text that no record has would only take room on the screen.
  const texts = textColumns(codebook).filter(({ text }) =>
    records.some(({ indicator }) => indicator[text] !== undefined),
  )
  const names = askableFields(codebook).flatMap(({ name }) => (fields.includes(name) ? [name] : []))
  const hasGiven = records.some(({ given }) => given !== undefined)
  if (format === 'jsonl') {
    const labels = Object.fromEntries(names.map((name) => [name, '']))
    return records
      .map(({ indicator, catalogue, given }) => {
        const { indicator_id, sample_values } = indicator
        const shown = Object.fromEntries(texts.map(({ text, column }) => [column, indicator[text] ?? null]))
        const known = hasGiven ? { given: given ?? '' } : {}
        return `${toVisibleJson({ indicator_id, ...shown, ...known, labels, note: '', sample_values, catalogue })}\n`
      })
      .join('')
  }
  // What is read stands before what is filled in; long texts stand behind, so that both are on the screen.
  const isLong = ({ text }: TextColumn) => text === 'description'
  const [long, short] = [texts.filter(isLong), texts.filter((one) => !isLong(one))]
  const columns = [
    'indicator_id',
    ...short.map(({ column }) => column),
    ...(hasGiven ? ['given'] : []),
    ...names.map(columnOfField),
    'note',
    ...long.map(({ column }) => column),
    'sample_values',
    'catalogue',
  ]
  const rows = records.map(({ indicator, catalogue, given }) => ({
    ...Object.fromEntries(texts.map(({ text, column }) => [column, cellOf(indicator[text] ?? '')])),
    indicator_id: textCell(indicator.indicator_id),
    given: textCell(given ?? ''),
    note: '',
    sample_values: indicator.sample_values
      .slice(-SHOWN_SAMPLES)
      .map(({ date, value }) => `${date} ${value}`)
      .join('; '),
    catalogue: textCell(catalogue),
  }))
  return stringify(rows, { columns, header: true })
}

interface TextColumn {
  readonly text: Codebook['record']['texts'][number]['name']
  readonly column: string
}

/** The texts that the codebook judges by, each with a column that no field has. */
function textColumns({ record, fields }: Codebook): TextColumn[] {
  return record.texts.map(({ name: text }) => {
    const isTaken = text !== 'name' && fields.some(({ name }) => columnOfField(name) === text)
    return { text, column: isTaken ? `text_${text}` : text }
  })
}

function cellOf(text: string): string {
  return textCell(text.length > MAX_CELL ? text.slice(0, MAX_CELL).toWellFormed() : text)
}
