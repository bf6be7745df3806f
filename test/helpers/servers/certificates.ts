/** Certificates for tests of TLS, made by openssl: an authority, and a server's certificate that it has signed. */
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Makes an authority in `directory` and resolves with the paths of its certificate and key. */
export async function makeAuthority(directory: string, name: string): Promise<{ cert: string; key: string }> {
  const [cert, key] = [join(directory, `${name}.pem`), join(directory, `${name}.key`)]
  const subject = ['-subj', `/CN=${name}`, '-days', '2']
  const basic = ['-addext', 'basicConstraints=critical,CA:TRUE']
  await run('openssl', ['req', '-x509', ...EC_KEY, '-keyout', key, '-out', cert, ...subject, ...basic])
  return { cert, key }
}

/** Makes a server's certificate for the DNS name `host`, signed by `authority`. */
export async function makeServerCert(
  directory: string,
  host: string,
  authority: { readonly cert: string; readonly key: string },
): Promise<{ cert: string; key: string }> {
  const at = (end: string) => join(directory, `server.${end}`)
  await run('openssl', ['req', ...EC_KEY, '-keyout', at('key'), '-out', at('csr'), '-subj', `/CN=${host}`])
  await writeFile(at('ext'), `subjectAltName=DNS:${host}\n`)
  const by = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial', '-extfile', at('ext'), '-days', '2']
  await run('openssl', ['x509', '-req', '-in', at('csr'), '-out', at('pem'), ...by])
  return { cert: at('pem'), key: at('key') }
}

const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
