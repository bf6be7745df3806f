/** Opens a file as a table by what it is: a workbook, a Parquet file, JSON, or delimited text. */
import { parseJson } from '../../lib/json/json.ts'
import { looksLikeJson } from '../source/file-detection.ts'
import type { PlainFile } from '../source/unpack.ts'
import { openDelimited } from './delimited.ts'
import { openJson } from './json.ts'
import type { Table, TableOptions } from './types.ts'

export async function openTable(file: PlainFile, options: TableOptions): Promise<Table> {
  // The libraries of these formats are loaded where they are needed, because every command would start later by them.
  if (file.kind === 'xlsx') return await (await import('./workbook.ts')).openWorkbook(file, options)
  if (file.kind === 'parquet') return await (await import('./parquet.ts')).openParquet(file)
  return isJson(file, options) ? await openJson(file, options) : await openDelimited(file, options)
}

/** Whether the text is JSON, by the ending of the name, or by its first character where the ending is unknown. */
function isJson({ head }: PlainFile, { path, format }: TableOptions): boolean {
  if (format !== undefined) return format === 'jsonl'
  const name = path.replace(/\.(?:gz|zst|zstd|gzip)$/i, '')
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase()
  // What stands in a file counts more than its name where it is a whole value of JSON.
  if (extension === 'csv' || extension === 'tsv' || extension === 'tab') return isJsonLine(head)
  if (extension === 'jsonl' || extension === 'ndjson' || extension === 'json') return true
  return looksLikeJson(head)
}

function isJsonLine(head: Buffer): boolean {
  const first = head.toString('utf8').trimStart().split('\n', 1)[0] ?? ''
  return looksLikeJson(head) && (first.trim().length === 1 || typeof parseJson(first) === 'object')
}
