/** Lets requests to the model go through a proxy, and keeps those inside this machine away from it. */
import { ServiceError } from '../errors.ts'
import { type Environment, setVariables } from './environment.ts'
import { PROXIES, readSecretFiles } from './secret-files.ts'

/** Addresses of this machine: the parts of the embedded stack reach each other there, and no proxy can. */
const LOOPBACK = ['localhost', '127.0.0.1', '::1', '[::1]']

/**
 * The variables that keep this machine's own addresses away from proxies, in `env` and in child processes. None where no
 * proxy is set.
 */
export function directAddresses(env: Environment): Readonly<Record<string, string>> {
  if (proxyVariable(env) === undefined) return {}
  const given = (env['NO_PROXY'] ?? env['no_proxy'] ?? '').split(',').map((part) => part.trim())
  if (given.includes('*')) return {}
  const direct = [...new Set([...given, ...LOOPBACK])].filter((part) => part !== '').join(',')
  return { NO_PROXY: direct, no_proxy: direct }
}

/**
 * Makes Node.js use the proxies of the environment where NODE_USE_ENV_PROXY is 1, also where `.env` or a file of a secret
 * has set them, which are read after Node.js looked for them. USE_ENV_PROXY means the same and is unknown to Node.js, whose own
 * message about a wrong proxy would print its password. ALL_PROXY, which Node.js does not know, stands in for the other two.
 * Throws `ServiceError` config-invalid for a proxy that is no URL.
 */
export function useProxies(given: Environment): void {
  const { env } = readSecretFiles(given)
  const direct = directAddresses(env)
  setVariables(direct)
  if (!areProxiesUsed(env)) return
  // The parts take no options of Node.js from the shell, so that they are told by the variable.
  if (OPTION.test(env['NODE_OPTIONS'] ?? '')) setVariables({ USE_ENV_PROXY: '1' })
  const proxies = PROTOCOLS.map((protocol) => [protocol, proxyOf(protocol, env)] as const)
  for (const [, proxy] of proxies) {
    if (proxy !== undefined && !isProxy(proxy.value)) {
      throw new ServiceError(
        'config-invalid',
        `${proxy.name} (value not shown) must be a URL that begins with http:// or https://`,
      )
    }
  }
  const used = Object.fromEntries(proxies.map(([protocol, proxy]) => [`${protocol}_proxy`, proxy?.value ?? '']))
  // An import would load all of fetch in every command, which is a sixth of its start.
  process.getBuiltinModule('node:http').setGlobalProxyFromEnv({
    ...env,
    ...direct,
    ...used,
    HTTP_PROXY: used['http_proxy'],
    HTTPS_PROXY: used['https_proxy'],
  })
}

const PROTOCOLS = ['https', 'http'] as const

/** The option of Node.js that means the same as NODE_USE_ENV_PROXY=1. */
const OPTION = /(?:^|\s)--use-env-proxy(?:\s|$)/

function areProxiesUsed(env: Environment): boolean {
  const isSet = env['NODE_USE_ENV_PROXY'] === '1' || env['USE_ENV_PROXY'] === '1'
  return isSet || OPTION.test(env['NODE_OPTIONS'] ?? '')
}

/** The first variable that names a proxy; undefined where there is none. */
export function proxyVariable(env: Environment): string | undefined {
  return PROXIES.find((name) => (env[name] ?? '') !== '')
}

/** The variable that names the proxy of a protocol, and its value; the lower-case form goes first, as it does for Node.js. */
function proxyOf(protocol: 'http' | 'https', env: Environment): { name: string; value: string } | undefined {
  const names = [`${protocol}_proxy`, `${protocol}_proxy`.toUpperCase(), 'all_proxy', 'ALL_PROXY']
  const name = names.find((one) => (env[one] ?? '') !== '')
  return name === undefined ? undefined : { name, value: env[name] ?? '' }
}

/**
 * The proxy through which requests to `url` go, for messages: its host and port without credentials, and the variable that
 * names it. Undefined where they go directly.
 */
export function proxyFor(url: string, given: Environment): string | undefined {
  const { env } = readSecretFiles(given)
  const { hostname, protocol, port } = new URL(url)
  const proxy = proxyOf(protocol === 'http:' ? 'http' : 'https', env)
  if (proxy === undefined || !areProxiesUsed(env) || !isProxy(proxy.value)) return undefined
  const noProxy = directAddresses(env)['NO_PROXY'] ?? env['no_proxy'] ?? env['NO_PROXY'] ?? ''
  const isDirect = noProxy.split(/[\s,]+/).some((entry) => {
    const host = entry.replace(/^\*?\./, '')
    return (
      entry === '*' ||
      (host !== '' && [hostname, `${hostname}:${port}`].some((at) => at === host || at.endsWith(`.${host}`)))
    )
  })
  return isDirect ? undefined : `${new URL(proxy.value).host} of ${proxy.name}`
}

function isProxy(value: string): boolean {
  return URL.canParse(value) && ['http:', 'https:'].includes(new URL(value).protocol)
}
