/** Puts the beginning of each attempt into its headers, where hooks find it, and ends attempts whose beginning never comes. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { createEndpointHandler, Request } from '@restatedev/restate-sdk'
import { cutOff } from '../../lib/network/cut-off.ts'
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

/** Wraps the handler of the SDK, which reads the request by its asynchronous iterator. */
export function withAttemptStarts(
  handler: EndpointHandler,
  startTimeoutMs: number = START_TIMEOUT_MS,
): EndpointHandler {
  const watched = (request: IncomingMessage, response: ServerResponse) => {
    if (request.url?.startsWith('/invoke/') === true) watchStart(request, startTimeoutMs)
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

function watchStart(request: IncomingMessage, startTimeoutMs: number): void {
  delete request.headers[ENTRIES_HEADER]
  delete request.headers[RETRIES_HEADER]
  const reader = new AttemptReader()
  const iterator = request[Symbol.asyncIterator]()
  const timer = setTimeout(() => cutOff(request), startTimeoutMs)
  timer.unref()
  request.once('close', () => clearTimeout(timer))
  const first = async (): Promise<IteratorResult<unknown>> => {
    const read = await iterator.next()
    if (read.value instanceof Uint8Array) {
      reader.take(read.value)
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
