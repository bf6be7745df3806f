/** Puts the beginning of each attempt into its headers, where hooks find it, and ends attempts whose beginning never comes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { createEndpointHandler, Request } from '@restatedev/restate-sdk'
import { cutOff } from '../../lib/network/cut-off.ts'
import { CLASSIFIER, CLASSIFY_API } from '../contract.ts'
import { createInputRoom, type InputRoom, type InputRoomBounds, type Share } from './input-room.ts'
import { AttemptReader, type AttemptStart } from './start-message.ts'
import { beginAttempt } from './suspension.ts'

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
 * The room for attempts of batches that are read and worked on at a time, so that thousands that come at once are worked off one after
 * the other, and their chunks get the processor in between. Chunks need no room, because batches wait for them. To read a batch takes about
 * twelve times its bytes, and the limit of a replica is 512 MB, of which 150 MB are in use without any. What only waits counts for no more than its
 * own bytes. An attempt that waits for room takes up to the window of its stream, and is given up by Restate after two minutes (see the
 * timeouts of batches) and tried again.
 */
const ROOM: InputRoomBounds = { bytes: 8_388_608, waiting: 1_024 }
/** The bytes that an attempt of a batch counts for at least: sixteen fit. */
const BATCH_BYTES = ROOM.bytes / 16
/** Other attempts, which do little more than read, need room where their journal has more bytes. */
const LARGE_BYTES = 262_144

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
      const leastBytes = request.url === `/invoke/${CLASSIFY_API}/batch` ? BATCH_BYTES : 0
      watchStart(request, response, { startTimeoutMs, room: isChunk ? null : room, leastBytes })
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
  /** The bytes that it counts for at least; an attempt that counts for less than LARGE_BYTES needs no room. */
  readonly leastBytes: number
}

function watchStart(
  request: IncomingMessage,
  response: ServerResponse,
  { startTimeoutMs, room, leastBytes }: Watch,
): void {
  delete request.headers[ENTRIES_HEADER]
  delete request.headers[RETRIES_HEADER]
  const reader = new AttemptReader()
  const iterator = request[Symbol.asyncIterator]()
  let share: Share | undefined
  const input = beginAttempt(request.headers, {
    waits: () => share?.shrink(reader.announcedBytes),
    mayWaitLong: () => reader.announcedBytes <= LARGE_BYTES,
    suspends: () => void readToEnd(iterator),
  })
  const ended = new AbortController()
  // A request of HTTP/1.1 is closed when its body has been read, and its answer when the attempt is over.
  response.once('close', () => ended.abort())
  let timer = startTimer()
  function startTimer() {
    return setTimeout(() => cutOff(request), startTimeoutMs).unref()
  }
  ended.signal.addEventListener('abort', () => {
    clearTimeout(timer)
    share?.end()
    input.end()
  })
  let needsRoom = room !== null
  const waitForRoom = async (from: InputRoom) => {
    needsRoom = false
    // What has not been read yet stays with Restate, so that the wait takes no memory and is not the fault of the caller.
    clearTimeout(timer)
    share = await from.enter(Math.max(reader.announcedBytes, leastBytes), ended.signal)
    if (share === undefined) return cutOff(request)
    if (ended.signal.aborted) return share.end()
    timer = startTimer()
  }
  const first = async (): Promise<IteratorResult<unknown>> => {
    const read = await iterator.next()
    if (read.value instanceof Uint8Array) {
      reader.take(read.value)
      const isLarge = Math.max(reader.announcedBytes, leastBytes) > LARGE_BYTES
      if (needsRoom && room !== null && reader.knowsInput && isLarge) await waitForRoom(room)
      if (reader.start !== undefined) {
        request.headers[ENTRIES_HEADER] = String(reader.start.entries)
        request.headers[RETRIES_HEADER] = String(reader.start.retries)
      }
      if (reader.isComplete) clearTimeout(timer)
    }
    return read
  }
  const next = () => input.next(() => (reader.isComplete ? iterator.next() : first()))
  const watched = { next, [Symbol.asyncIterator]: () => watched }
  Object.defineProperty(request, Symbol.asyncIterator, { value: () => watched })
}

/** Reads what still comes, which nobody needs: a stream with unread bytes would stay open. */
async function readToEnd(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    while ((await iterator.next()).done !== true);
  } catch {
    // The connection is lost, and the attempt is over either way.
  }
}
