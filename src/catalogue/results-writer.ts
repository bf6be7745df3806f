/** Writes classifications as JSON Lines, or as flat CSV that is safe to open in a spreadsheet. */
import { stringify } from 'csv-stringify/sync'
import type { Classification } from '../classification/types.ts'

export type ResultsFormat = 'csv' | 'jsonl'

export interface ResultsWriterOptions {
  readonly format: ResultsFormat
  /** Receives whole lines of output. The writer waits for the returned promise, so that a slow reader slows down the export. */
  readonly write: (text: string) => void | Promise<void>
}

export interface ResultsWriter {
  write(classification: Classification): Promise<void>
  /** Writes the remaining rows, and for CSV the header even where there is no row. The output stream stays open. */
  end(): Promise<void>
}

/** How many rows are formatted in one call of the CSV formatter, because a call costs more than formatting a row. */
const ROWS_AT_ONCE = 200

/** The columns of the CSV form, in their order. */
export const CSV_COLUMNS = [
  'indicator_id',
  'name',
  'type',
  'family',
  'temporal_aggregation',
  'time_basis',
  'orientation',
  'unit_kind',
  'unit_scale',
  'unit_currency',
  'unit_per',
  'frequency',
  'cumulative_pattern',
  'cumulative_reset_month',
  'confidence',
  'source',
  'status',
  'issues',
  'reason',
  'model',
  'codebook_version',
  'prompt_version',
  'run_id',
  'classified_at',
] as const

type Row = Record<(typeof CSV_COLUMNS)[number], string>

export function createResultsWriter({ format, write }: ResultsWriterOptions): ResultsWriter {
  let rows: Classification[] = []
  let isHeaderDue = format === 'csv'

  async function flush(): Promise<void> {
    const text = (isHeaderDue ? csvHeader() : '') + (format === 'csv' ? csvRows(rows) : jsonLines(rows))
    isHeaderDue = false
    rows = []
    if (text !== '') await write(text)
  }

  return {
    async write(classification) {
      rows.push(classification)
      if (rows.length >= ROWS_AT_ONCE) await flush()
    },
    end: flush,
  }
}

function jsonLines(classifications: readonly Classification[]): string {
  return classifications.map((classification) => `${JSON.stringify(classification)}\n`).join('')
}

function csvHeader(): string {
  return `${CSV_COLUMNS.join(',')}\n`
}

function csvRows(classifications: readonly Classification[]): string {
  return stringify(classifications.map(flatten), { columns: [...CSV_COLUMNS], header: false })
}

/** Turns one classification into the cells of a CSV row. Texts are escaped, so that a spreadsheet runs none as a formula. */
function flatten(one: Classification): Row {
  const { unit, cumulative, issues, ...rest } = one
  return {
    indicator_id: escapeFormula(rest.indicator_id),
    name: escapeFormula(rest.name),
    type: rest.type,
    family: rest.family,
    temporal_aggregation: rest.temporal_aggregation,
    time_basis: rest.time_basis,
    orientation: rest.orientation,
    unit_kind: unit.kind,
    unit_scale: String(unit.scale),
    unit_currency: escapeFormula(unit.currency ?? ''),
    unit_per: escapeFormula(unit.per ?? ''),
    frequency: rest.frequency,
    cumulative_pattern: cumulative.pattern,
    cumulative_reset_month: String(cumulative.reset_month ?? ''),
    confidence: String(rest.confidence),
    source: rest.source,
    status: rest.status,
    issues: escapeFormula(issues.map((issue) => issue.code).join('; ')),
    reason: escapeFormula(rest.reason),
    model: escapeFormula(rest.model ?? ''),
    codebook_version: escapeFormula(rest.codebook_version),
    prompt_version: escapeFormula(rest.prompt_version),
    run_id: escapeFormula(rest.run_id),
    classified_at: rest.classified_at,
  }
}

const FORMULA_START = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
const PLAIN_NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

/**
 * Puts an apostrophe before a cell that a spreadsheet would run as a formula, such as `=HYPERLINK(…)`, because the text comes
 * from catalogues and models. A full-width sign such as `＝` counts as the plain sign, because Excel reads it so.
 */
export function escapeFormula(cell: string): string {
  return FORMULA_START.test(cell) && !PLAIN_NUMBER.test(cell) ? `'${cell}` : cell
}
