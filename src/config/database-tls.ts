/** Whether and how the connection to PostgreSQL uses TLS, from POSTGRES_SSLMODE and POSTGRES_SSLROOTCERT or from a database URL.
 *
 * The modes mean what they mean to libpq; one URL gives the same connection to psql and to the service.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf, ServiceError } from '../errors.ts'
import { SSL_MODES } from './variables.ts'

export type SslMode = (typeof SSL_MODES)[number]

export interface PemFile {
  readonly path: string
  readonly pem: string
}

export interface DatabaseTls {
  /**
   * `prefer` encrypts where the server can, `require` always. `verify-ca` checks that `rootCert` has signed the server's
   * certificate, and `verify-full` also that it names the host. With a `rootCert`, `require` checks as `verify-ca` does.
   */
  readonly mode: SslMode
  /** The certificates of the authorities that are believed; null where `verify-full` believes those of Node.js. */
  readonly rootCert: PemFile | null
  /** The certificate and the key by which the client shows who it is; null where it has none. */
  readonly clientCert: { readonly cert: PemFile; readonly key: PemFile } | null
}

export const WITHOUT_TLS: DatabaseTls = { mode: 'disable', rootCert: null, clientCert: null }

/** The word in place of a path that stands for the authorities that come with the program, as in libpq. */
const SYSTEM = 'system'

export interface TlsSettings {
  readonly mode: SslMode
  readonly rootCert: string | undefined
}

/**
 * Reads the certificate files of `settings`. Throws `ServiceError` config-invalid that names variable and path where a
 * file cannot be read or holds no certificate, and where a mode cannot check what it promises.
 */
export function readTls(
  { mode, rootCert }: TlsSettings,
  variables = { mode: 'POSTGRES_SSLMODE', rootCert: 'POSTGRES_SSLROOTCERT' },
): DatabaseTls {
  if (mode === 'disable') return WITHOUT_TLS
  const isSystem = rootCert === undefined || rootCert === SYSTEM
  if (mode === 'verify-ca' && isSystem) {
    const advice = `set ${variables.rootCert} to the certificate of your authority, or ${variables.mode} to verify-full`
    throw new ServiceError('config-invalid', `${variables.mode} is verify-ca, but no authority is named: ${advice}`)
  }
  if (rootCert === SYSTEM && mode !== 'verify-full') {
    throw new ServiceError(
      'config-invalid',
      `${variables.rootCert} is system: ${variables.mode} must be verify-full then`,
    )
  }
  return { mode, rootCert: isSystem ? null : readPem(variables.rootCert, rootCert), clientCert: null }
}

/**
 * A database URL without its parameters of TLS, and what these say; `defaults` counts for those that it does not have. Messages call
 * the URL `called`.
 */
export function splitDatabaseUrl(
  text: string,
  defaults: TlsSettings,
  called = 'DATABASE_URL',
): { readonly url: string; readonly tls: DatabaseTls } {
  const url = new URL(text)
  const take = (name: string) => {
    const value = url.searchParams.get(name) ?? undefined
    url.searchParams.delete(name)
    return value === '' ? undefined : value
  }
  const [given, ssl, rootCert, cert, key] = ['sslmode', 'ssl', 'sslrootcert', 'sslcert', 'sslkey'].map(take)
  const mode = given ?? modeOfFlag(ssl) ?? defaults.mode
  const known = SSL_MODES.find((one) => one === mode)
  if (known === undefined) {
    throw new ServiceError('config-invalid', `${called}: its sslmode must be one of ${SSL_MODES.join(', ')}`)
  }
  const names = {
    mode: `sslmode of ${called}`,
    rootCert: rootCert === undefined ? 'POSTGRES_SSLROOTCERT' : `sslrootcert of ${called}`,
  }
  const tls = readTls({ mode: known, rootCert: rootCert ?? defaults.rootCert }, names)
  // A text without parameters of TLS is kept as it is, because URL writes some characters of a password in another way.
  const rest = [given, ssl, rootCert, cert, key].every((value) => value === undefined) ? text : url.href
  return { url: rest, tls: known === 'disable' ? tls : { ...tls, clientCert: readClientCert(cert, key, called) } }
}

/** `url` with the parameters that make another process read the same `tls` from it. */
export function urlWithTls(url: string, { mode, rootCert, clientCert }: DatabaseTls): string {
  const parameters = [
    ['sslmode', mode],
    ['sslrootcert', rootCert?.path],
    ['sslcert', clientCert?.cert.path],
    ['sslkey', clientCert?.key.path],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`]))
  return `${url}${url.includes('?') ? '&' : '?'}${parameters.join('&')}`
}

/** What node-postgres and JDBC mean by `ssl=true`. node-postgres checked the host then, so that the check stays. */
function modeOfFlag(ssl: string | undefined): SslMode | undefined {
  if (ssl === 'true' || ssl === '1') return 'verify-full'
  return ssl === 'false' || ssl === '0' ? 'disable' : undefined
}

function readClientCert(cert: string | undefined, key: string | undefined, called: string): DatabaseTls['clientCert'] {
  if (cert === undefined && key === undefined) return null
  if (cert === undefined || key === undefined) {
    throw new ServiceError(
      'config-invalid',
      `${called}: sslcert and sslkey belong together, and one of them is missing`,
    )
  }
  return { cert: readPem(`sslcert of ${called}`, cert), key: readPem(`sslkey of ${called}`, key) }
}

function readPem(variable: string, path: string): PemFile {
  const refuse = (reason: string): never => {
    throw new ServiceError(
      'config-invalid',
      `${variable} is "${path}": it must be a file with certificates (PEM): ${reason}`,
    )
  }
  try {
    const pem = readFileSync(path, 'utf8')
    return pem.includes('-----BEGIN ') ? { path: resolve(path), pem } : refuse('there is none in it')
  } catch (error) {
    if (error instanceof ServiceError) throw error
    return refuse(error instanceof Error && 'code' in error ? String(error.code) : messageOf(error))
  }
}
