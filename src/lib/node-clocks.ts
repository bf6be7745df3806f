/** The clocks of the Restate nodes, as a replica sees them: each signed call of a node names the time by its clock. */
import { isRecord, parseJson } from './json/json.ts'
import { createReferenceClock, type ReferenceClock } from './reference-clock.ts'

/** What was seen of a clock counts for this many milliseconds. */
const KEPT_MS = 60_000

export interface NodeClocks {
  /** Takes the time out of the signature of a call (a JSON Web Token); what is none is left out. */
  note(token: string | readonly string[] | undefined): void
  /** The clock that is furthest off, of the nodes that called within a minute, minus the reference; undefined where none was seen. */
  skewMs(): number | undefined
}

export interface NodeClocksOptions {
  /** The reference, in milliseconds since 1970. */
  readonly now: () => number
  /** Milliseconds of a clock that never goes back; the default is `performance.now`. */
  readonly monotonic?: () => number
}

/** The clock of the database and those of the nodes, as one replica sees them. */
export interface Clocks {
  readonly clock: ReferenceClock
  readonly nodeClocks: NodeClocks
  readonly skewMs: { readonly replica: () => number | undefined; readonly node: () => number | undefined }
}

/** `ownNow` is this machine's own clock, in milliseconds since 1970. */
export function createClocks(ownNow: () => number): Clocks {
  const clock = createReferenceClock({ ownNow })
  const nodeClocks = createNodeClocks(clock)
  return { clock, nodeClocks, skewMs: { replica: clock.skewMs, node: nodeClocks.skewMs } }
}

/**
 * The signature need not hold: that of a node whose clock is minutes off has run out, and a call that is refused for it is
 * the one that should be told of. Only warnings rest on what is seen.
 */
export function createNodeClocks({ now, monotonic = () => performance.now() }: NodeClocksOptions): NodeClocks {
  let furthest: { readonly skewMs: number; readonly at: number } | undefined
  return {
    note(token) {
      if (typeof token !== 'string') return
      const claims = parseJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
      const issued = isRecord(claims) ? (claims.iat ?? claims.nbf) : undefined
      if (typeof issued !== 'number') return
      // The token has whole seconds, on average half a second too few.
      const skewMs = issued * 1_000 + 500 - now()
      const at = monotonic()
      const isOld = furthest === undefined || at - furthest.at > KEPT_MS
      if (isOld || Math.abs(skewMs) >= Math.abs(furthest?.skewMs ?? 0)) furthest = { skewMs, at }
    },
    skewMs: () => (furthest === undefined || monotonic() - furthest.at > KEPT_MS ? undefined : furthest.skewMs),
  }
}
