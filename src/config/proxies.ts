/** Lets requests to the model go through a proxy, and keeps those inside this machine away from it. */
import { setGlobalProxyFromEnv } from 'node:http'
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
  if (PROXIES.every((name) => (env[name] ?? '') === '')) return {}
  const given = (env['NO_PROXY'] ?? env['no_proxy'] ?? '').split(',').map((part) => part.trim())
  if (given.includes('*')) return {}
  const direct = [...new Set([...given, ...LOOPBACK])].filter((part) => part !== '').join(',')
  return { NO_PROXY: direct, no_proxy: direct }
}

/**
 * Makes Node.js use the proxies of the environment where NODE_USE_ENV_PROXY is 1, also where `.env` or a file of a secret
 * has set them, which are read after Node.js looked for them. USE_ENV_PROXY means the same and is unknown to Node.js, whose own
 * message about a wrong proxy would print its password. Throws `ServiceError` config-invalid for a proxy that is no URL.
 */
export function useProxies(given: Environment): void {
  const { env } = readSecretFiles(given)
  const direct = directAddresses(env)
  setVariables(direct)
  if (env['NODE_USE_ENV_PROXY'] !== '1' && env['USE_ENV_PROXY'] !== '1') return
  for (const name of PROXIES) {
    const value = env[name] ?? ''
    if (value !== '' && !isProxy(value)) {
      throw new ServiceError(
        'config-invalid',
        `${name} (value not shown) must be a URL that begins with http:// or https://`,
      )
    }
  }
  setGlobalProxyFromEnv({ ...env, ...direct })
}

function isProxy(value: string): boolean {
  return URL.canParse(value) && ['http:', 'https:'].includes(new URL(value).protocol)
}
