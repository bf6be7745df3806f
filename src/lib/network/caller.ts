/** Decides by `Host`, `Origin` and `Sec-Fetch-Site` whether a request may come from this service's own users at all. */

/** The names by which this machine calls itself. */
const OWN_NAMES = ['localhost', '127.0.0.1', '[::1]']

/** The names that `Host` may have: those of this machine, and those that the configuration adds. */
export function allowedHosts(further: readonly string[]): ReadonlySet<string> {
  return new Set([...OWN_NAMES, ...further])
}

const HOST = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9_](?:[a-z0-9_.-]{0,252}))(?::\d{1,5})?$/

/** The name in a `Host` header, in lower case, without the port and without the dot that may end a full name. */
export function nameOfHost(host: string): string | undefined {
  const name = HOST.exec(host.toLowerCase())?.[1]
  return name?.endsWith('.') ? name.slice(0, -1) : name
}

export function isHostAllowed(host: string, allowed: ReadonlySet<string>): boolean {
  const name = nameOfHost(host)
  return name !== undefined && allowed.has(name)
}

export interface BrowserHeaders {
  readonly host: string
  /** The values of the headers; undefined where a client sends none, as programs do. */
  readonly origin: string | undefined
  readonly site: string | undefined
}

/**
 * Whether a browser says that a page of another origin made it send the request. A page cannot take these headers away, and
 * programs send neither.
 */
export function isForeign({ host, origin, site }: BrowserHeaders): boolean {
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  if (origin === undefined) return false
  if (!/^https?:\/\//i.test(origin) || !URL.canParse(origin)) return true
  return new URL(origin).host !== host.toLowerCase()
}

/** What refuses a request that comes from no caller of this service's own. */
export interface ForeignCaller {
  readonly code: 'foreign-host' | 'foreign-origin'
  readonly message: string
}

/** The headers of a request that tell its caller; `:authority` stands for `Host` in HTTP/2. */
export type CallerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/** Checks the headers of a request against `hosts`, the names by which this service is called. */
export function findForeignCaller(headers: CallerHeaders, hosts: ReadonlySet<string>): ForeignCaller | undefined {
  const host = textOf(headers['host'] ?? headers[':authority']) ?? ''
  if (!isHostAllowed(host, hosts)) {
    return { code: 'foreign-host', message: 'The name in Host is not one of this service: add it to ALLOWED_HOSTS' }
  }
  if (isForeign({ host, origin: textOf(headers['origin']), site: textOf(headers['sec-fetch-site']) })) {
    return { code: 'foreign-origin', message: 'Pages of other origins may not call this service' }
  }
  return undefined
}

function textOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.join(', ')
}

const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|::1|\[::1\]|localhost)$/i

/** Whether an address can be reached from this machine alone. */
export function isLoopback(address: string): boolean {
  return LOOPBACK.test(address)
}
