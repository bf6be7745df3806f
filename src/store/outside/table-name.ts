/** Reads the name of a table as a user writes it, and quotes it for SQL. */
import { ServiceError } from '../../errors.ts'
import { quoteName } from '../codebooks/result-view.ts'

const PART = /^(?:"((?:[^"]|"")+)"|([^".]+))(?:\.|$)/
const MAX_BYTES = 63

/**
 * The quoted name of a table, such as `"public"."results"` for `public.results`. A point within a name is written in quotes, as in
 * SQL; letters stay as they are. Throws ServiceError input-invalid for what is no name.
 */
export function quoteTable(text: string): string {
  const parts: string[] = []
  let rest = text.trim()
  while (rest !== '' && parts.length < 3) {
    const [matched, quoted, plain] = PART.exec(rest) ?? []
    if (matched === undefined) break
    const name = quoted?.replaceAll('""', '"') ?? plain ?? ''
    if (Buffer.byteLength(name) > MAX_BYTES || name.includes('\0')) break
    parts.push(name)
    rest = rest.slice(matched.length)
  }
  if (rest === '' && parts.length >= 1 && parts.length <= 2 && !text.trim().endsWith('.')) {
    return parts.map(quoteName).join('.')
  }
  throw new ServiceError(
    'input-invalid',
    '--table: the name must be TABLE or SCHEMA.TABLE, each of at most 63 bytes; a name with a point stands in double quotes',
  )
}
