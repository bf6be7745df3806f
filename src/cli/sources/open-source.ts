/** Opens the catalogue of a source: a file as it is, and everything else through a private temporary file. */
import { Readable } from 'node:stream'
import { openCatalogue } from '../../catalogue/open-catalogue.ts'
import { isObjectUrl, readObject } from '../../catalogue/remote/objects.ts'
import type { Catalogue, CatalogueOptions } from '../../catalogue/types.ts'
import { readObjectStore } from '../../config/object-store.ts'
import { openUserDatabase } from '../database/outside.ts'
import type { InputSource } from './input-source.ts'

const NEVER = new AbortController().signal

/** The connection to a database is closed before this resolves, so that a long run holds no transaction open. */
export async function openSource(source: InputSource, options: CatalogueOptions): Promise<Catalogue> {
  const { path, database, rows, name = 'rows' } = source
  if (database !== undefined && rows !== undefined) {
    const outside = await openUserDatabase(database.at)
    const what = 'table' in rows ? `, table ${rows.table}` : ', a query'
    const lines = outside.readRows(rows, `read from ${database.label}`)
    const stream = { readable: Readable.from(lines), label: `${database.label}${what}` }
    try {
      return await openCatalogue(`${name}.jsonl`, { ...options, stream, format: 'jsonl' })
    } finally {
      await outside.close()
    }
  }
  if (!isObjectUrl(path)) return await openCatalogue(path, options)
  const readable = await readObject(path, readObjectStore(), options.signal ?? NEVER)
  return await openCatalogue(path, { ...options, stream: { readable, label: path } })
}
