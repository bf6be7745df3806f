/** Where commands look for the nodes of Restate on this machine, when no variable says it. */
import type { Environment } from './environment.ts'
import { type Variables, variables } from './variables.ts'

const NUMBERS = [1, 2, 3, 4, 5] as const
/** Addresses that stand for all of the machine, so that the machine itself reaches a port there at its own address. */
const ALL_ADDRESSES = new Set(['0.0.0.0', '::', 'localhost'])

type Ports = Pick<
  Variables,
  'ADMIN_PORT' | 'INGRESS_PORT' | 'CLUSTER_BIND' | `CLUSTER_${'ADMIN' | 'INGRESS'}_PORT_${(typeof NUMBERS)[number]}`
>

/**
 * The addresses of ingress and admin, without repeats. Where ports of the cluster were moved, the cluster alone is meant, since
 * another program may well have the ports that it left; a port of the embedded stack that `env` gives speaks for that stack.
 * A port of 0 is left out, because Docker chose the real number.
 */
export function addressesOnThisHost(values: Ports, env: Environment): { ingressUrls: string[]; adminUrls: string[] } {
  const defaults = variables.parse({})
  const isMoved = NUMBERS.some((number) =>
    ([`CLUSTER_INGRESS_PORT_${number}`, `CLUSTER_ADMIN_PORT_${number}`] as const).some(
      (name) => values[name] !== defaults[name],
    ),
  )
  const isClusterMeant = (name: 'INGRESS_PORT' | 'ADMIN_PORT') => isMoved && env[name] === undefined
  const ofCluster = (kind: 'ADMIN' | 'INGRESS') =>
    NUMBERS.map((number) => values[`CLUSTER_${kind}_PORT_${number}`])
      .filter((port) => port !== 0)
      .map((port) => `http://${hostOf(values.CLUSTER_BIND)}:${port}`)
  const ingress = `http://127.0.0.1:${values.INGRESS_PORT}`
  const admin = `http://127.0.0.1:${values.ADMIN_PORT}`
  return {
    ingressUrls: isClusterMeant('INGRESS_PORT') ? orElse(ofCluster('INGRESS'), ingress) : [ingress],
    adminUrls: isClusterMeant('ADMIN_PORT')
      ? orElse(ofCluster('ADMIN'), admin)
      : [...new Set([admin, ...ofCluster('ADMIN')])],
  }
}

/** Where Docker chose all ports, nothing here tells them. */
function orElse(urls: readonly string[], fallback: string): string[] {
  return urls.length === 0 ? [fallback] : [...urls]
}

function hostOf(bind: string): string {
  if (ALL_ADDRESSES.has(bind)) return '127.0.0.1'
  return bind.includes(':') ? `[${bind}]` : bind
}
