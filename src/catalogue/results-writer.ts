/** Writes classifications by any codebook as JSON Lines, or as flat CSV that is safe to open in a spreadsheet. */
import { stringify } from 'csv-stringify/sync'
import { toResultBody, versionOf } from '../classification/result-body.ts'
import type { Classification, LabelValue, Scheme, SdmxCodes } from '../classification/types.ts'
import { readVisibleText, toVisibleJson, visibleText } from '../lib/visible-text.ts'

export type ResultsFormat = 'csv' | 'jsonl'

export interface ResultsWriterOptions {
  readonly format: ResultsFormat
  /** The codebook whose fields become columns and properties. */
  readonly scheme: Scheme
  /** The codes that are added to each result; absent where none were asked for. */
  readonly codes?: SdmxCodes | undefined
  /** Receives whole lines of output. The writer waits for the returned promise, so that a slow reader slows down the export. */
  readonly write: (text: string) => void | Promise<void>
}

export interface ResultsWriter {
  write(classification: Classification): Promise<void>
  /** Writes the remaining rows, and for CSV the header even where there is no row. The output stream stays open. */
  end(): Promise<void>
}

/**
 * How many rows are formatted in one call of the CSV formatter, because a call costs more than formatting a row. More rows would be no
 * faster, and would outlive the youngest generation of the heap, which then grows by all that was written between two full collections.
 */
export const ROWS_AT_ONCE = 20

/** The columns before the fields of the codebook. */
const FIRST_COLUMNS = ['indicator_id', 'name'] as const
/** The columns behind the fields of the codebook. The order of the first ones is that of releases without codebook files. */
const LAST_COLUMNS = [
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
  'catalogue',
  'codebook',
  'field_confidence',
  'field_source',
] as const

/** The fixed columns of a result: those before the fields of its codebook, and those behind them. */
export const RESULT_COLUMNS = { first: FIRST_COLUMNS, last: LAST_COLUMNS } as const

/** Returns the columns of the CSV form: the fixed ones, between them one for each field of the codebook, and the codes at the end. */
export function csvColumnsOf({ codebook }: Scheme, codes?: SdmxCodes): string[] {
  return [...FIRST_COLUMNS, ...codebook.fields.map(({ name }) => name), ...LAST_COLUMNS, ...(codes?.columns ?? [])]
}

export function createResultsWriter({ format, scheme, codes, write }: ResultsWriterOptions): ResultsWriter {
  const columns = csvColumnsOf(scheme, codes)
  const codesOf = (row: Classification) => codes?.codesOf(row.labels) ?? {}
  let rows: Classification[] = []
  let isHeaderDue = format === 'csv'

  function formatRows(): string {
    if (format === 'jsonl') {
      return rows.map((row) => `${toVisibleJson({ ...toResultBody(row, scheme), ...codesOf(row) })}\n`).join('')
    }
    return stringify(
      rows.map((row) => ({ ...cellsOf(row, scheme), ...codesOf(row) })),
      { columns, header: false },
    )
  }

  async function flush(): Promise<void> {
    const text = (isHeaderDue ? `${columns.join(',')}\n` : '') + formatRows()
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

/** Turns one classification into the cells of a CSV row. */
function cellsOf(one: Classification, { codebook }: Scheme): Record<string, string> {
  const labels = codebook.fields.map(({ name }) => [name, textCell(labelText(one.labels[name] ?? null))])
  const fixed: Record<(typeof FIRST_COLUMNS)[number] | (typeof LAST_COLUMNS)[number], string> = {
    indicator_id: textCell(one.indicator_id),
    name: textCell(one.name),
    confidence: String(one.confidence),
    source: one.source,
    status: one.status,
    issues: textCell(one.issues.map((issue) => issue.code).join('; ')),
    reason: textCell(one.reason),
    model: textCell(one.model ?? ''),
    codebook_version: textCell(versionOf(one.codebook)),
    prompt_version: textCell(one.prompt_version),
    run_id: textCell(one.run_id),
    classified_at: one.classified_at,
    catalogue: textCell(one.catalogue),
    codebook: textCell(one.codebook),
    field_confidence: JSON.stringify(one.field_confidence),
    field_source: JSON.stringify(one.field_source),
  }
  return { ...Object.fromEntries(labels), ...fixed }
}

/** Writes a label as a cell holds it: several values are joined by "; ", and no label is an empty text. */
export function labelText(label: LabelValue): string {
  if (label === null) return ''
  return Array.isArray(label) ? label.join('; ') : String(label)
}

const FORMULA_START = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
const PLAIN_NUMBER = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i

/**
 * Writes a text as a cell: on one line, with what nobody sees as an escape such as `\u{202e}`, and as no formula. The exact text
 * is that of JSON Lines.
 */
export function textCell(text: string): string {
  return escapeFormula(visibleText(text))
}

/** Reads back the text of a cell that `textCell` has written. */
export function readTextCell(cell: string): string {
  const plain = cell.startsWith("'") && escapeFormula(cell.slice(1)) === cell ? cell.slice(1) : cell
  return readVisibleText(plain)
}

/** The texts that a cell may stand for: as it stands, and as `textCell` or a release before it would have written them so. */
export function textsOfCell(cell: string): string[] {
  return [...new Set([cell, cell.startsWith("'") ? cell.slice(1) : cell, readTextCell(cell)])]
}

/**
 * Puts an apostrophe before a cell that a spreadsheet would run as a formula, such as `=HYPERLINK(…)`, because the text comes
 * from catalogues and models. A full-width sign such as `＝` counts as the plain sign, because Excel reads it so.
 */
export function escapeFormula(cell: string): string {
  return FORMULA_START.test(cell) && !PLAIN_NUMBER.test(cell) ? `'${cell}` : cell
}
