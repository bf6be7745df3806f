/** Chooses the Restate node for each batch of a run: living nodes in turn, while a node that failed or is busy rests for a while. */

/** The counts of what a node did in a run. The property names are those of `classify --json`. */
export interface NodeCounts {
  /** The number of batches that the node answered. */
  batches: number
  /** The number of attempts that failed at this node and were repeated, at another node or later at the same one. */
  failed: number
}

export interface Nodes {
  /** The counts of each node, by its URL. */
  readonly counts: Readonly<Record<string, NodeCounts>>
  /** Returns the next living node; where no node lives, the next of those nodes that did not ask for a wait. */
  next(): string
  /** Notes that the node answered an attempt that began at `askedAt`, in milliseconds of the clock `now`. */
  answered(url: string, askedAt: number): void
  /** Notes that the node did not answer, so that it rests. */
  failed(url: string, reason: string): void
  /** Notes that the node accepts no requests for `waitMs`, or for an unknown time where `waitMs` is undefined. */
  busy(url: string, reason: string, waitMs: number | undefined): void
  readonly isAnyAlive: boolean
  /**
   * Returns the milliseconds until some node may be tried without breaking the wait that the node asked for; 0 where
   * one may be tried now.
   */
  freeInMs(): number
}

export interface NodesOptions {
  readonly urls: readonly string[]
  /** Shows a message to the user; called when a node stops answering, is busy, or answers again. */
  readonly say: (line: string) => void
  /** A clock in milliseconds that never goes back; the default is `performance.now`. */
  readonly now?: () => number
}

/** The milliseconds for which a node rests after its first failure; each further rest is twice as long. */
const FIRST_REST_MS = 2_000
const MAX_REST_MS = 15_000
/**
 * The wait in milliseconds that a busy node asks for is limited to this range, because a wait of 0 would repeat
 * requests without a pause.
 */
const MIN_BUSY_MS = 500
const MAX_BUSY_MS = 3_600_000

/** The state of a node that does not answer or is busy: when that began, and how long the node rests. */
interface Outage {
  failedAt: number
  restMs: number
  /** Whether the node itself asked for the rest. */
  isAskedFor: boolean
}

export function createNodes({ urls, say, now = () => performance.now() }: NodesOptions): Nodes {
  const counts: Record<string, NodeCounts> = Object.fromEntries(urls.map((url) => [url, { batches: 0, failed: 0 }]))
  const outages = new Map<string, Outage>()
  let turn = 0

  const restLeftMs = (url: string) => {
    const outage = outages.get(url)
    return outage === undefined ? 0 : Math.max(0, outage.failedAt + outage.restMs - now())
  }
  const askedWaitMs = (url: string) => (outages.get(url)?.isAskedFor === true ? restLeftMs(url) : 0)
  const countsOf = (url: string) => (counts[url] ??= { batches: 0, failed: 0 })
  /**
   * Finds the next node in turn for which `isWanted` is true, and returns how many nodes are skipped on the way;
   * undefined where there is none.
   */
  const findStep = (isWanted: (url: string) => boolean) => {
    const step = urls.findIndex((_, offset) => isWanted(urls[(turn + offset) % urls.length] ?? ''))
    return step < 0 ? undefined : step
  }

  return {
    counts,
    next() {
      const step = findStep((url) => restLeftMs(url) === 0) ?? findStep((url) => askedWaitMs(url) === 0) ?? 0
      const index = (turn + step) % urls.length
      turn = index + 1
      return urls[index] ?? ''
    },
    answered(url, askedAt) {
      countsOf(url).batches += 1
      const outage = outages.get(url)
      // An answer to an attempt that began before the node failed does not show that the node works again.
      if (outage === undefined || askedAt < outage.failedAt) return
      outages.delete(url)
      say(`${url} answers again`)
    },
    failed(url, reason) {
      countsOf(url).failed += 1
      const outage = outages.get(url)
      if (outage === undefined) {
        outages.set(url, { failedAt: now(), restMs: FIRST_REST_MS, isAskedFor: false })
        say(`${url} does not answer (${reason}); its batches are tried again with the same keys`)
      } else if (restLeftMs(url) === 0) {
        // Many batches meet the same failure at the same time, so only a failure after the end of a rest makes the next
        // rest longer.
        const restMs = Math.min(outage.restMs * 2, MAX_REST_MS)
        outages.set(url, { failedAt: now(), restMs, isAskedFor: false })
      }
    },
    busy(url, reason, waitMs) {
      countsOf(url).failed += 1
      const restMs = Math.min(Math.max(waitMs ?? FIRST_REST_MS, MIN_BUSY_MS), MAX_BUSY_MS)
      if (!outages.has(url)) {
        say(`${url} is busy (${reason}); it is tried again in ${Math.ceil(restMs / 1_000)} s, with the same keys`)
      }
      outages.set(url, { failedAt: now(), restMs, isAskedFor: true })
    },
    get isAnyAlive() {
      return urls.some((url) => restLeftMs(url) === 0)
    },
    freeInMs: () => Math.min(...urls.map(askedWaitMs)),
  }
}
