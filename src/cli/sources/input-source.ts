/** What a command reads its catalogue from: a file, a query or a table of a database, or an object of S3. */
import { z } from 'zod'
import { isObjectUrl, parseObjectUrl } from '../../catalogue/remote/objects.ts'
import { isDatabaseUrl, type OutsideDatabase, readOutsideDatabase } from '../../config/outside-database.ts'
import { ServiceError } from '../../errors.ts'
import type { SourceFlags } from './source-flags.ts'

/** What the journal of a run keeps of a source that is no file. */
export const sourceSchema = z.object({ query: z.string().optional(), table: z.string().optional() })

export interface InputSource {
  /** The path of the file, "-" for standard input, or the URL without its password. */
  readonly path: string
  /** The name of the catalogue where the path says none. */
  readonly name?: string
  readonly database?: OutsideDatabase
  /** What is read of the database. */
  readonly rows?: { readonly query: string } | { readonly table: string }
}

/** What the journal of an earlier run says of its source. */
interface EarlierRun {
  readonly header: {
    readonly run_id: string
    readonly file: string
    readonly source?: z.infer<typeof sourceSchema> | undefined
  }
}

/**
 * The source that a user typed as FILE or with --from, or that of the run that is resumed. Throws ServiceError input-invalid, whose
 * message holds no password.
 */
export function settleSource(
  file: string | undefined,
  flags: SourceFlags,
  earlier: EarlierRun | null = null,
): InputSource {
  if (file !== undefined && flags.from !== undefined) {
    throw new ServiceError('input-invalid', 'FILE and --from name two catalogues: give one of them')
  }
  const typed = file ?? flags.from
  const text = typed ?? earlier?.header.file
  if (text === undefined) {
    throw new ServiceError(
      'input-invalid',
      'Name a catalogue: FILE (- for standard input) or --from URL; classify also takes --resume RUN',
    )
  }
  if (!isDatabaseUrl(text)) return plainSource(text, flags)
  const database = readOutsideDatabase(text, typed === undefined ? 'the run' : file === undefined ? '--from' : 'FILE')
  const rows = rowsOf(flags, earlier)
  if (earlier !== null) requireSame(earlier, database, rows)
  return { path: database.url, name: 'table' in rows ? tableName(rows.table) : database.name, database, rows }
}

/** The part of the source that the journal keeps beside its path. */
export function storedSource({ rows }: InputSource): z.infer<typeof sourceSchema> | undefined {
  return rows
}

function plainSource(text: string, { query, fromTable, from }: SourceFlags): InputSource {
  const wrong = query !== undefined ? '--query' : fromTable !== undefined ? '--table' : undefined
  if (wrong !== undefined) {
    throw new ServiceError('input-invalid', `${wrong} is for a database: --from postgres://user@host/database`)
  }
  if (isObjectUrl(text)) parseObjectUrl(text, from === undefined ? 'FILE' : '--from')
  else if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const known = 'postgres://user@host/database, sqlite:FILE, s3://bucket/key, or the name of a file'
    throw new ServiceError('input-invalid', `A catalogue is read from ${known}; for other addresses: curl URL | … -`)
  }
  return { path: text }
}

function rowsOf({ query, fromTable }: SourceFlags, earlier: EarlierRun | null): NonNullable<InputSource['rows']> {
  if (query !== undefined && fromTable !== undefined) {
    throw new ServiceError('input-invalid', '--query and --table say two things: give one of them behind --from')
  }
  if (query !== undefined) return { query }
  if (fromTable !== undefined) return { table: fromTable }
  const { query: earlierQuery, table } = earlier?.header.source ?? {}
  if (earlierQuery !== undefined) return { query: earlierQuery }
  if (table !== undefined) return { table }
  throw new ServiceError('input-invalid', 'Say what is read of the database: --table NAME, or --query "select …"')
}

function requireSame({ header }: EarlierRun, { url }: OutsideDatabase, rows: NonNullable<InputSource['rows']>): void {
  const isSame = header.file === url && JSON.stringify(header.source) === JSON.stringify(rows)
  if (isSame) return
  const message = `The run ${header.run_id} began with another source: resume without --query and --table, or classify as a new run`
  throw new ServiceError('input-invalid', message)
}

/** The name of a table without its schema. */
function tableName(table: string): string {
  return (/(?:"([^"]+)"|([^".]+))$/.exec(table.trim()) ?? []).slice(1).find((part) => part !== undefined) ?? table
}
