/** TLS between node-postgres and the server, by the modes of libpq, of which node-postgres itself lacks `prefer`. */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import pg from 'pg'

/** How a connection uses TLS, with the content of the certificate files. */
export interface TlsOptions {
  readonly mode: 'disable' | 'prefer' | 'require' | 'verify-ca' | 'verify-full'
  readonly rootCert: { readonly pem: string } | null
  readonly clientCert: { readonly cert: { readonly pem: string }; readonly key: { readonly pem: string } } | null
}

/** What node-postgres needs to know of TLS: its option `ssl`, and the class of a client. */
export interface TlsClient {
  readonly ssl: NonNullable<pg.ClientConfig['ssl']>
  readonly Client: typeof pg.Client
}

/** Sockets of the file system are never encrypted, as in libpq. */
export function tlsClient(tls: TlsOptions | undefined, host: string | undefined): TlsClient {
  if (tls === undefined || tls.mode === 'disable' || host?.startsWith('/') === true)
    return { ssl: false, Client: pg.Client }
  return { ssl: tlsOptions(tls), Client: tls.mode === 'prefer' ? PreferringClient : pg.Client }
}

function tlsOptions({ mode, rootCert, clientCert }: TlsOptions): Exclude<TlsClient['ssl'], boolean> {
  const files = {
    ...(rootCert === null ? {} : { ca: rootCert.pem }),
    ...(clientCert === null ? {} : { cert: clientCert.cert.pem, key: clientCert.key.pem }),
  }
  if (mode === 'verify-full') return { ...files, rejectUnauthorized: true }
  // As in libpq, `require` checks the certificate where an authority is named.
  if (mode === 'verify-ca' || (mode === 'require' && rootCert !== null))
    return { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined }
  return { ...files, rejectUnauthorized: false }
}

/** The members of node-postgres' connection that its types leave out. */
interface FullConnection extends pg.Connection {
  readonly stream: Socket
  connect(port: number | string, host?: string): void
  attachListeners(stream: Duplex): void
}

const BaseConnection = pg.Connection as unknown as new (config: pg.ClientConfig) => FullConnection

/** The byte by which a server says that it has no TLS. */
const NO_TLS = 'N'

/** A connection that goes on without TLS where the server has none, at which node-postgres' own gives up. */
class PreferringConnection extends BaseConnection {
  override connect(port: number | string, host?: string): void {
    super.connect(port, host)
    const [negotiate] = this.stream.listeners('data')
    this.stream.removeAllListeners('data')
    this.stream.once('data', (answer: Buffer) => {
      if (answer.toString('latin1') !== NO_TLS) return negotiate?.(answer)
      this.attachListeners(this.stream)
      // The client sends its first message on this event, encrypted or not.
      this.emit('sslconnect')
    })
  }
}

class PreferringClient extends pg.Client {
  constructor(config: pg.ClientConfig = {}) {
    // The pool hides the password from enumeration, so that a plain copy of the options would lack it.
    const hidden = Object.getOwnPropertyDescriptors(config)
    const options: pg.ClientConfig & { connection: pg.Connection } = { connection: new PreferringConnection(config) }
    super(Object.defineProperties(options, hidden))
  }
}
