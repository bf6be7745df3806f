/** The databases that a command reads from or writes to, by the URLs or SQLite files that a user names with --from and --to. */
import { readFileSync, statSync } from 'node:fs'
import { parse, resolve } from 'node:path'
import { messageOf, ServiceError } from '../errors.ts'
import type { DatabaseConnection } from './database-connection.ts'
import { splitDatabaseUrl } from './database-tls.ts'
import { passwordVariables } from './environment.ts'

/** Where the database is: a server of PostgreSQL, or a file of SQLite. */
export type OutsidePlace =
  | { readonly kind: 'postgres'; readonly connection: DatabaseConnection }
  | { readonly kind: 'sqlite'; readonly path: string }

export interface OutsideDatabase {
  readonly at: OutsidePlace
  /** The URL without its password, for the journal of a run. */
  readonly url: string
  /** What messages call the database, such as "postgres://db.example:5432/stats". */
  readonly label: string
  /** The name of the database alone. */
  readonly name: string
}

const PROTOCOL = /^postgres(?:ql)?:\/\//i
const FILE_PROTOCOL = /^sqlite:(?:\/\/(?=\/))?/i
/** Parameters of a URL that hold a password, or the place of one. */
const SECRET_PARAMETERS = ['password', 'passfile', 'sslpassword']
const DEFAULT_PORT = '5432'
/** The rights of the group and of everybody. */
const OF_OTHERS = 0o077

export function isDatabaseUrl(text: string): boolean {
  return PROTOCOL.test(text) || FILE_PROTOCOL.test(text)
}

/**
 * Reads the URL that `option` names. A password that it does not hold comes from PGPASSWORD, or from the file of PGPASSFILE. Throws
 * ServiceError input-invalid, whose message holds neither user nor password.
 */
export function readOutsideDatabase(text: string, option: string): OutsideDatabase {
  if (FILE_PROTOCOL.test(text)) return fileDatabase(text.replace(FILE_PROTOCOL, ''), option)
  if (!PROTOCOL.test(text) || !URL.canParse(text)) {
    const form = 'postgres://user@host:port/database, with special characters percent-encoded, or sqlite:FILE'
    throw new ServiceError('input-invalid', `${option}: the URL of the database cannot be read; it must be ${form}`)
  }
  const url = new URL(text)
  if (url.pathname.length <= 1) {
    throw new ServiceError('input-invalid', `${option}: the URL names no database: postgres://user@host:port/database`)
  }
  const given = decoded(url.password) || (url.searchParams.get('password') ?? '')
  url.password = ''
  for (const name of SECRET_PARAMETERS) url.searchParams.delete(name)
  const name = decoded(url.pathname.slice(1))
  const port = url.port === '' ? DEFAULT_PORT : url.port
  const password = given === '' ? findPassword({ host: url.hostname, port, name, user: decoded(url.username) }) : given
  const stored = url.href
  if (password !== undefined) url.password = encodeURIComponent(password)
  return {
    at: {
      kind: 'postgres',
      connection: splitDatabaseUrl(url.href, { mode: 'prefer', rootCert: undefined }, `the URL of ${option}`),
    },
    url: stored,
    label: `postgres://${url.hostname}:${port}/${name}`,
    name,
  }
}

function fileDatabase(file: string, option: string): OutsideDatabase {
  if (file === '') throw new ServiceError('input-invalid', `${option}: the URL names no file: sqlite:FILE`)
  const path = resolve(file)
  return { at: { kind: 'sqlite', path }, url: `sqlite:${path}`, label: `sqlite:${file}`, name: parse(path).name }
}

/** A part of a URL without its escapes; as it stands where they are none. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

interface Login {
  readonly host: string
  readonly port: string
  readonly name: string
  readonly user: string
}

function findPassword(login: Login): string | undefined {
  const { password, file } = passwordVariables()
  if (password !== undefined) return password
  return file === undefined ? undefined : passwordInFile(file, login)
}

/** The password of the first line of the file that fits, as libpq reads it; a file that others may read is not used. */
function passwordInFile(path: string, { host, port, name, user }: Login): string | undefined {
  const text = readIfThere(path)
  for (const line of text?.split('\n') ?? []) {
    if (line.startsWith('#')) continue
    const fields = (line.replace(/\r$/, '').match(/(?:\\.|[^:\\])*(?::|$)/g) ?? []).map((field) =>
      field.replace(/:$/, '').replace(/\\(.)/g, '$1'),
    )
    const [password] = fields.slice(4)
    const fits = [host, port, name, user].every((value, place) => fields[place] === '*' || fields[place] === value)
    if (fits && password !== undefined) return password
  }
  return undefined
}

function readIfThere(path: string): string | undefined {
  try {
    const isOpen = process.platform !== 'win32' && (statSync(path).mode & OF_OTHERS) !== 0
    if (!isOpen) return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new ServiceError('config-invalid', `PGPASSFILE cannot be read: ${messageOf(error)}`)
  }
  throw new ServiceError('config-invalid', `PGPASSFILE is ${path}: others may read it; take their rights (chmod 600)`)
}
