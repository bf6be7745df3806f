/** The Restate nodes of a run: round-robin over those that live; one that failed rests for a while. */

export interface NodeCounts {
  batches: number
  failed: number
}

export interface Nodes {
  /** What each node did. `failed` counts tries that went on to another node. */
  readonly counts: Readonly<Record<string, NodeCounts>>
  /** The node to try: the next one that lives, or where none does the next one of all. */
  next(): string
  /** The node answered what was asked of it at `askedAt` (ms of the clock). */
  answered(url: string, askedAt: number): void
  failed(url: string, reason: string): void
  readonly isAnyAlive: boolean
}

export interface NodesOptions {
  readonly urls: readonly string[]
  /** Told once when a node stops answering, and once when it is back. */
  readonly say: (line: string) => void
  /** Milliseconds of a clock that never goes back; default `performance.now`. */
  readonly now?: () => number
}

const FIRST_REST_MS = 2_000
const MAX_REST_MS = 15_000

interface Outage {
  failedAt: number
  restMs: number
}

export function createNodes({ urls, say, now = () => performance.now() }: NodesOptions): Nodes {
  const counts: Record<string, NodeCounts> = Object.fromEntries(urls.map((url) => [url, { batches: 0, failed: 0 }]))
  const outages = new Map<string, Outage>()
  let turn = 0

  const isResting = (url: string) => {
    const outage = outages.get(url)
    return outage !== undefined && now() < outage.failedAt + outage.restMs
  }
  const countsOf = (url: string) => (counts[url] ??= { batches: 0, failed: 0 })

  return {
    counts,
    next() {
      let index = turn % urls.length
      for (let step = 0; step < urls.length; step += 1) {
        const candidate = (turn + step) % urls.length
        if (isResting(urls[candidate] ?? '')) continue
        index = candidate
        break
      }
      turn = index + 1
      return urls[index] ?? ''
    },
    answered(url, askedAt) {
      countsOf(url).batches += 1
      const outage = outages.get(url)
      // An answer to what was asked before the failure does not say that the node is back.
      if (outage === undefined || askedAt < outage.failedAt) return
      outages.delete(url)
      say(`${url} answers again`)
    },
    failed(url, reason) {
      countsOf(url).failed += 1
      const outage = outages.get(url)
      if (outage === undefined) {
        outages.set(url, { failedAt: now(), restMs: FIRST_REST_MS })
        say(`${url} does not answer (${reason}); going on with the same keys`)
      } else if (!isResting(url)) {
        // Many batches meet the same failure at once: only a try after the rest makes the next rest longer.
        outage.failedAt = now()
        outage.restMs = Math.min(outage.restMs * 2, MAX_REST_MS)
      }
    },
    get isAnyAlive() {
      return urls.some((url) => !isResting(url))
    },
  }
}
