/** Puts the beginning of each attempt into its headers, where hooks find it, and ends attempts whose beginning never comes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { createEndpointHandler, Request } from '@restatedev/restate-sdk'
import { cutOff } from '../../lib/network/cut-off.ts'
import { CLASSIFIER } from '../contract.ts'
import { createInputRoom, type InputRoom, type InputRoomBounds } from './input-room.ts'
import { AttemptReader, type AttemptStart } from './start-message.ts'

/** Headers of an attempt that this file sets; what a caller sends under these names is replaced. */
const ENTRIES_HEADER = 'x-attempt-entries'
const RETRIES_HEADER = 'x-attempt-retries'
/**
 * The milliseconds in which the journal of an attempt must be there. Restate sends it at once, so a body that trickles is nobody's
 * work.
 */
export const START_TIMEOUT_MS = 60_000

/** The handler that the SDK builds, for servers of HTTP/1.1 and HTTP/2. */
export type EndpointHandler = ReturnType<typeof createEndpointHandler>

/**
 * A journal of more bytes needs room. Chunks have none of their own, because a batch waits for them; most batches are smaller too.
 * What has room gives it back within seconds, because a batch that waits for anything suspends. An attempt that waits for more
 * than two minutes is given up by Restate (see the timeouts of batches) and tried again.
 */
const LARGE_BYTES = 262_144
/**
 * To read a batch takes about twelve times its bytes. The limit of a replica is 512 MB, and 150 MB of them are in use without any.
 * Each attempt that waits takes up to 1 MiB, which the connection lets in unasked.
 */
const ROOM: InputRoomBounds = { bytes: 8_388_608, waiting: 32 }

export interface AttemptStartOptions {
  readonly startTimeoutMs?: number
  readonly room?: InputRoom
}

/** Wraps the handler of the SDK, which reads the request by its asynchronous iterator. */
export function withAttemptStarts(
  handler: EndpointHandler,
  { startTimeoutMs = START_TIMEOUT_MS, room = createInputRoom(ROOM) }: AttemptStartOptions = {},
): EndpointHandler {
  const watched = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith('/invoke/') === true) {
      const isChunk = request.url.startsWith(`/invoke/${CLASSIFIER}/`)
      watchStart(request, response, { startTimeoutMs, room: isChunk ? null : room })
    }
    handler(request, response)
  }
  return watched as EndpointHandler
}

/** What the headers say of the beginning of an attempt; undefined where it came without `withAttemptStarts`. */
export function startOf({ attemptHeaders }: Pick<Request, 'attemptHeaders'>): AttemptStart | undefined {
  const [entries, retries] = [ENTRIES_HEADER, RETRIES_HEADER].map((name) => attemptHeaders.get(name))
  return entries === undefined || retries === undefined
    ? undefined
    : { entries: Number(entries), retries: Number(retries) }
}

interface Watch {
  readonly startTimeoutMs: number
  /** Null where the attempt needs no room. */
  readonly room: InputRoom | null
}

function watchStart(request: IncomingMessage, response: ServerResponse, { startTimeoutMs, room }: Watch): void {
  delete request.headers[ENTRIES_HEADER]
  delete request.headers[RETRIES_HEADER]
  const reader = new AttemptReader()
  const iterator = request[Symbol.asyncIterator]()
  const ended = new AbortController()
  // A request of HTTP/1.1 is closed when its body has been read, and its answer when the attempt is over.
  response.once('close', () => ended.abort())
  let timer = startTimer()
  function startTimer() {
    return setTimeout(() => cutOff(request), startTimeoutMs).unref()
  }
  ended.signal.addEventListener('abort', () => clearTimeout(timer))
  let needsRoom = room !== null
  const waitForRoom = async (from: InputRoom) => {
    needsRoom = false
    // What has not been read yet stays with Restate, so that the wait takes no memory and is not the fault of the caller.
    clearTimeout(timer)
    const share = await from.enter(reader.announcedBytes, ended.signal)
    if (share === undefined) return cutOff(request)
    if (ended.signal.aborted) return share.end()
    ended.signal.addEventListener('abort', share.end)
    timer = startTimer()
  }
  const first = async (): Promise<IteratorResult<unknown>> => {
    const read = await iterator.next()
    if (read.value instanceof Uint8Array) {
      reader.take(read.value)
      if (needsRoom && room !== null && reader.announcedBytes > LARGE_BYTES) await waitForRoom(room)
      if (reader.start !== undefined) {
        request.headers[ENTRIES_HEADER] = String(reader.start.entries)
        request.headers[RETRIES_HEADER] = String(reader.start.retries)
      }
      if (reader.isComplete) clearTimeout(timer)
    }
    return read
  }
  const next = () => (reader.isComplete ? iterator.next() : first())
  const watched = { next, [Symbol.asyncIterator]: () => watched }
  Object.defineProperty(request, Symbol.asyncIterator, { value: () => watched })
}
