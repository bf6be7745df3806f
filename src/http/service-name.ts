/** Finds the name of a replica, such as "classify-service-3", for logs, health reports and leases. */
import { Resolver } from 'node:dns/promises'
import { hostname, networkInterfaces } from 'node:os'

/**
 * Milliseconds that one DNS lookup may take, because outside Docker no server may answer and the start would wait for
 * it.
 */
const LOOKUP_TIMEOUT_MS = 500

/**
 * The configured name, else "classify-service-N" with the number of the container, else the host name. Docker's DNS
 * gives the number in the name that it holds for the container's address: "project-classify-service-3.network" with
 * Compose v2, the same with underscores with v1.
 */
export async function findServiceName(configured: string | undefined): Promise<string> {
  if (configured !== undefined) return configured
  const resolver = new Resolver({ timeout: LOOKUP_TIMEOUT_MS, tries: 1 })
  for (const address of ownAddresses()) {
    const names = await resolvePtr(resolver, address)
    for (const name of names) {
      const number = /(?:^|[-_])classify-service[-_](\d+)(?:\.|$)/.exec(name)?.[1]
      if (number !== undefined) return `classify-service-${number}`
    }
  }
  return hostname()
}

/** A replica looks up at most this many of its addresses, because a machine with many interfaces would be slow to start. */
const MAX_ADDRESSES = 4

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((entry) => entry.family === 'IPv4' && !entry.internal)
    .map((entry) => entry.address)
    .slice(0, MAX_ADDRESSES)
}

async function resolvePtr(resolver: Resolver, address: string): Promise<string[]> {
  try {
    // The name is asked of DNS directly, because `resolver.reverse` would look into the hosts file first, which lacks
    // the container's number.
    return await resolver.resolvePtr(`${address.split('.').reverse().join('.')}.in-addr.arpa`)
  } catch {
    return []
  }
}
