/** Free ports for the cluster or the stack of a test, which runs beside others. */
import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * The range is below the ports of outgoing connections and apart from the defaults of the Compose file, so that a part that
 * is stopped for a while finds its port free again.
 */
const FIRST_PORT = 11_000
const LAST_PORT = 19_999

export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>()
  while (ports.size < count) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT + 1))
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
