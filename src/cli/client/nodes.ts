/** The Restate nodes of a run: batches go round-robin over those that live, and one that failed or is busy rests for a while. */

/** What a node did in a run. The names are those of `classify --json`. */
export interface NodeCounts {
  /** Batches that the node answered. */
  batches: number
  /** Attempts that went on to another node, or to the same one later. */
  failed: number
}

export interface Nodes {
  /** By the address of each node. */
  readonly counts: Readonly<Record<string, NodeCounts>>
  /** The next node that lives; where none does, the next one of all that did not ask for a wait. */
  next(): string
  /** Notes an answer to an attempt that began at `askedAt` (milliseconds of the clock). */
  answered(url: string, askedAt: number): void
  /** Notes that no answer came. */
  failed(url: string, reason: string): void
  /** Notes that the node takes no more requests for `waitMs`, or for an unknown time. */
  busy(url: string, reason: string, waitMs: number | undefined): void
  readonly isAnyAlive: boolean
  /** Milliseconds until a node may be tried without going against the wait that it asked for; 0 where one may be now. */
  freeInMs(): number
}

export interface NodesOptions {
  readonly urls: readonly string[]
  /** Gets one line when a node stops answering or is busy, and one when it answers again. */
  readonly say: (line: string) => void
  /** Milliseconds of a clock that never goes back; default `performance.now`. */
  readonly now?: () => number
}

/** Milliseconds for which a node rests after its first failure; each further rest is twice as long. */
const FIRST_REST_MS = 2_000
const MAX_REST_MS = 15_000
/** The bounds of the wait that a busy node may ask for, in milliseconds: a wait of 0 would be a loop without pause. */
const MIN_BUSY_MS = 500
const MAX_BUSY_MS = 3_600_000

/** The time since a node stopped answering. */
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
  /** The first node from the turn on that `isWanted`, as its step from there. */
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
      // An answer to an attempt from before the failure does not show that the node is back.
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
        // Many batches meet the same failure at once, so only an attempt after the rest makes the next rest longer.
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
