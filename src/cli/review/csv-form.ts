/** Review files in CSV form: a row of column names, then one row for each indicator, with commas, semicolons or tabs. */
import { splitFields } from '../../catalogue/csv-fields.ts'
import { printable } from '../../catalogue/problem-report.ts'
import { type ReviewLine, type ReviewProblem, readReviewLine } from '../../review/review-line.ts'

/** Whether the first line of `text` has a column indicator_id, in any spelling such as "Indicator ID". */
export function isCsvForm(text: string): boolean {
  const first = /^\s*([^\r\n]*)/.exec(text)?.[1] ?? ''
  return (
    /[,;\t]/.test(first) &&
    first.split(/[,;\t]/).some((cell) => columnName(cell.replaceAll('"', '')) === 'indicator_id')
  )
}

/**
 * Reads every row below the header. Where the header cannot be read, no row is read, because the columns have no names.
 */
export function readCsvForm(text: string, labels: readonly string[]): (ReviewLine | ReviewProblem)[] {
  const read: (ReviewLine | ReviewProblem)[] = []
  let columns: readonly string[] | undefined
  let delimiter = ','
  for (const { line, content } of recordsOf(text)) {
    if (content.trim() === '') continue
    if (columns === undefined) delimiter = [',', ';', '\t'].find((candidate) => content.includes(candidate)) ?? ','
    const split = splitFields(content, delimiter)
    if ('fault' in split) {
      read.push({ line, field: printable(columns?.[split.column] ?? ''), message: split.fault })
      if (columns === undefined) return read
      continue
    }
    if (columns === undefined) {
      columns = split.fields.map(columnName)
      const repeated = columns.find((name, index) => name !== '' && columns?.indexOf(name) !== index)
      if (repeated === undefined) continue
      return [{ line, field: printable(repeated), message: 'two columns have this name: rename or remove one of them' }]
    }
    const cells = split.fields
    if (cells.every((cell) => cell.trim() === '')) continue
    if (cells.slice(columns.length).some((cell) => cell.trim() !== '')) {
      const advice = `a text with ${JSON.stringify(delimiter)} in it needs quotes around it`
      const message = `${cells.length} cells where the header has ${columns.length}: ${advice}`
      read.push({ line, field: '', message })
      continue
    }
    const fields = Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? '']))
    read.push(readReviewLine(line, fields, labels))
  }
  return read
}

/**
 * Yields the records of a CSV text, each with the number of its first line; a record with an open quote goes on in the
 * next line.
 */
function* recordsOf(text: string): Generator<{ readonly line: number; readonly content: string }> {
  let open: { readonly line: number; readonly parts: string[] } | undefined
  let quotes = 0
  for (const [index, part] of text.split(/\r?\n/).entries()) {
    open ??= { line: index + 1, parts: [] }
    open.parts.push(part)
    quotes += part.split('"').length - 1
    if (quotes % 2 === 1) continue
    yield { line: open.line, content: open.parts.join('\n') }
    open = undefined
    quotes = 0
  }
  if (open !== undefined) yield { line: open.line, content: open.parts.join('\n') }
}

function columnName(cell: string): string {
  return cell
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
}
