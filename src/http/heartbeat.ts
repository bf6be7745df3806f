/** Lets a proxy tell a replica that works long from one that is frozen: it hears from the replica while a call of HTTP/2 is open. */
import type { ServerHttp2Session } from 'node:http2'

/**
 * Milliseconds between two signs of life on a connection. NGINX cuts off a call on which it hears nothing for 10 s (nginx/call.conf),
 * and refuses a call after 1,000 pings, which is 33 minutes: twice the longest that a step may take.
 */
export const HEARTBEAT_MS = 2_000

export interface Heartbeat {
  /** Sends pings on the session while any of its streams is open. On an idle connection NGINX would take a ping for a fault. */
  sessionBegan(session: ServerHttp2Session): void
}

export function createHeartbeat(everyMs: number = HEARTBEAT_MS): Heartbeat {
  /** The sessions that have open streams, with their number. One timer serves them all, because NGINX opens one for each call. */
  const busy = new Map<ServerHttp2Session, number>()
  let timer: NodeJS.Timeout | undefined

  const beat = () => {
    for (const session of busy.keys()) if (!session.destroyed) session.ping(() => undefined)
  }
  const change = (session: ServerHttp2Session, by: 1 | -1) => {
    const streams = (busy.get(session) ?? 0) + by
    if (streams > 0) busy.set(session, streams)
    else busy.delete(session)
    if (busy.size === 0) {
      clearInterval(timer)
      timer = undefined
    } else if (timer === undefined) {
      timer = setInterval(beat, everyMs)
      timer.unref()
    }
  }
  return {
    sessionBegan: (session) => {
      session.on('stream', (stream) => {
        change(session, 1)
        stream.once('close', () => change(session, -1))
      })
    },
  }
}
