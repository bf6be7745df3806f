/** Tells JSON Lines from one JSON document, finds the records of a document, and opens either as a table. */
import { isRecord, parseJson } from '../../lib/json/json.ts'
import { MAX_LINE_BYTES } from '../limits.ts'
import { matchesOf } from '../mapping/synonyms.ts'
import { inputInvalid, showValue } from '../problem-report.ts'
import { splitRecords } from '../record-splitter.ts'
import { looksLikeJson } from '../source/file-detection.ts'
import type { PlainFile } from '../source/unpack.ts'
import { chooseContainer, namedContainer, pathText } from './json-place.ts'
import { type Container, findContainers, recordsAt } from './json-scan.ts'
import { JSON_STAT } from './json-stat.ts'
import { openJsonTable } from './json-table.ts'
import { SDMX_JSON } from './sdmx-json.ts'
import { type DocumentKind, seriesRecords } from './series-document.ts'
import type { Table, TableOptions } from './types.ts'

/** The kinds of documents that hold whole data sets. */
const DOCUMENTS: readonly DocumentKind[] = [SDMX_JSON, JSON_STAT]

export async function openJson(file: PlainFile, options: TableOptions): Promise<Table> {
  const { readAt, start, label } = file
  if (options.records === undefined && isLines(file, options)) return await openLines(file, options)
  const { containers, tops } = await findContainers(readAt, start)
  if (tops === 0)
    throw inputInvalid(
      `${label}: the file holds no JSON object and no list; it begins with ${showValue(file.head.toString('utf8', start, start + 200))}`,
    )
  const paths = containers.map(({ path }) => pathText(path))
  const kind = DOCUMENTS.find(({ isOne }) => isOne(paths))
  if (kind !== undefined) {
    const records = await seriesRecords(file, kind)
    return await openJsonTable('json', () => recordsOf(records), {
      signal: options.signal,
      notes: [`${kind.name}: each series is a record`],
    })
  }
  if (options.records !== undefined)
    return await openAt(file, namedContainer(containers, options.records, label), options)
  const whole = parseJson(file.head.length < file.size ? '' : file.head.toString('utf8', start))
  const chosen = isRecord(whole) && isRecordItself(whole) ? 'document' : chooseContainer(containers, label)
  if (chosen === 'document' && (tops > 1 || !file.head.toString('utf8', start).trim().includes('\n')))
    return await openLines(file, options)
  return await openAt(file, chosen, options)
}

async function* recordsOf<T>(records: readonly T[]): AsyncGenerator<T> {
  yield* records
}

async function openAt(
  { readAt, start, head }: PlainFile,
  container: Container | 'document',
  { signal }: TableOptions,
): Promise<Table> {
  const place =
    container === 'document' || container.path.length === 0 ? [] : [`records at "${pathText(container.path)}"`]
  const above = looksLikeJson(head.subarray(start)) ? [] : ['text above the JSON document not read']
  return await openJsonTable('json', () => recordsAt(readAt, start, container), {
    notes: [...above, ...place],
    signal,
  })
}

async function openLines({ readAt, start }: PlainFile, { signal }: TableOptions): Promise<Table> {
  const split = { delimiter: undefined, maxBytes: MAX_LINE_BYTES, start }
  return await openJsonTable('jsonl', () => splitRecords(readAt, split), { signal })
}

/** Whether every line is an object of its own: by the name of the file, or because the first line is a whole object. */
function isLines({ head, start, size }: PlainFile, { path, format }: TableOptions): boolean {
  const text = head.toString('utf8', start)
  const [first = '', ...rest] = text.trimStart().split('\n')
  if (first.trimStart().startsWith('[') || first.trim() === '{') return false
  if (format === 'jsonl' || /\.(?:jsonl|ndjson)(?:\.gz|\.zst)?$/i.test(path)) return true
  const object = parseJson(first)
  if (!isRecord(object)) return false
  return rest.some((line) => line.trim() !== '') || head.length < size || isRecordItself(object)
}

/** Whether an object is one record: it has an id and a name, and whatever lists it has belong to it. */
function isRecordItself(object: Readonly<Record<string, unknown>>): boolean {
  const has = (wanted: string) =>
    Object.entries(object).some(([key, value]) => {
      const isText = typeof value === 'string' || typeof value === 'number'
      return isText && matchesOf(key).some(({ field, isWeak }) => field === wanted && !isWeak)
    })
  return has('indicator_id') && has('name')
}
