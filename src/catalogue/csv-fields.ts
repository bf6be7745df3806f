/** Splits one record of a CSV file (RFC 4180) into its cells. */

import { MAX_COLUMNS } from './limits.ts'
import { showValue } from './problem-report.ts'

/** The fields of a row, or the fault that prevents splitting the row, with the column of the fault (counted from 0). */
export type Fields = { readonly fields: readonly string[] } | { readonly fault: string; readonly column: number }

/** Splits a record into its cells. The split stops after MAX_COLUMNS + 1 cells, which is enough to refuse the record. */
export function splitFields(text: string, delimiter: string): Fields {
  const fields: string[] = []
  for (let at = 0; ; at += 1) {
    const column = fields.length
    if (text[at] === '"') {
      let value = ''
      let from = at + 1
      for (;;) {
        const quote = text.indexOf('"', from)
        if (quote < 0) return { fault: `a quote is opened and not closed, at ${showValue(text.slice(at))}`, column }
        value += text.slice(from, quote)
        at = quote + 1
        if (text[at] !== '"') break
        value += '"'
        from = at + 1
      }
      if (at < text.length && text[at] !== delimiter) {
        const near = showValue(text.slice(Math.max(0, at - 20), at + 20))
        return { fault: `text after a closing quote, near ${near}; a quote inside quotes is written twice`, column }
      }
      fields.push(value)
    } else {
      const found = text.indexOf(delimiter, at)
      const end = found < 0 ? text.length : found
      const value = text.slice(at, end)
      if (value.includes('"')) {
        return {
          fault: `a quote inside text without quotes, at ${showValue(value)}; write "…" around it, inner quotes twice`,
          column,
        }
      }
      fields.push(value)
      at = end
    }
    if (at >= text.length || fields.length > MAX_COLUMNS) return { fields }
  }
}
