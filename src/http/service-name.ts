/** Finds what a replica is called. */
import { Resolver } from 'node:dns/promises'
import { hostname, networkInterfaces } from 'node:os'

const LOOKUP_TIMEOUT_MS = 500

/**
 * The configured name; else the container's own number, which Docker's DNS gives for its address
 * ("project-classify-service-3.network" with Compose v2, with underscores in v1); else the host name.
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

function ownAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter((entry) => entry.family === 'IPv4' && !entry.internal)
    .map((entry) => entry.address)
    .slice(0, 4)
}

async function resolvePtr(resolver: Resolver, address: string): Promise<string[]> {
  try {
    // `reverse` would ask the hosts file and getaddrinfo first; the number is in DNS alone.
    return await resolver.resolvePtr(`${address.split('.').reverse().join('.')}.in-addr.arpa`)
  } catch {
    return []
  }
}
