/** Free ports for a cluster that lives beside others. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * Below the range that outgoing connections take, and clear of the Compose file's own: a part that is stopped for a while
 * must find its port free again.
 */
const FIRST = 11_000
const LAST = 19_999

export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1))
    if (!ports.has(port) && (await isFree(port))) ports.add(port)
  }
  return [...ports]
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1')
  try {
    await once(probe, 'listening')
    return true
  } catch {
    return false
  } finally {
    probe.close()
  }
}
