/** Reads bodies whole within bounds: of one body, of all bodies that are held at once, and of time. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Transform } from 'node:stream'
import { MAX_JSON_BYTES } from '../lib/json/json-shape.ts'
import { GrowingBody, HeldBody } from './held-body.ts'
import { BODY_TOO_LARGE, type Refusal, refusal, tooManyCalls } from './refusals.ts'

export interface BodyBounds {
  /** The bytes of all bodies that are held at once. */
  readonly maxHeldBytes: number
  /** The milliseconds in which a body must be there. */
  readonly timeoutMs: number
}

export const BODY_BOUNDS: BodyBounds = { maxHeldBytes: 128 * 1024 * 1024, timeoutMs: 60_000 }

export interface BodyReader {
  readonly heldBytes: number
  /** Reads the body of a request. Resolves with the refusal where it breaks a bound, or where its caller left in the middle. */
  read(request: IncomingMessage, response: ServerResponse): Promise<HeldBody | Refusal>
}

/** Only what came is held: the length that a body declares costs its caller nothing. */
export function createBodyReader({ maxHeldBytes, timeoutMs }: BodyBounds): BodyReader {
  let heldBytes = 0

  const read = (request: IncomingMessage, response: ServerResponse): Promise<HeldBody | Refusal> => {
    if (isDeclaredTooLarge(request)) return Promise.resolve(BODY_TOO_LARGE)
    permitBody(request, response)
    const { promise, resolve } = Promise.withResolvers<HeldBody | Refusal>()
    let own = 0
    const holdNow = (bytes: number) => {
      heldBytes += bytes - own
      own = bytes
    }
    const growing = new GrowingBody((bytes) => {
      holdNow(own + bytes)
      return heldBytes <= maxHeldBytes
    })
    const stop = () => {
      clearTimeout(timer)
      request.off('data', take).off('end', done).off('close', broken).off('error', broken)
    }
    const refuse = (refused: Refusal) => {
      stop()
      growing.forget()
      holdNow(0)
      resolve(refused)
    }
    const slow = () => refuse(refusal('body-slow', `The body did not come within ${timeoutMs / 1_000} s`))
    const broken = () => refuse(refusal('body-broken', 'The connection ended in the middle of the body'))
    const timer = setTimeout(slow, timeoutMs)
    const take = (part: Buffer) => {
      if (growing.length + part.length > MAX_JSON_BYTES) return refuse(BODY_TOO_LARGE)
      if (!growing.add(part)) refuse(tooManyCalls('Too many bodies are held at once', 2))
    }
    const done = () => {
      stop()
      resolve(new HeldBody(growing.finish(), holdNow))
    }
    request.on('data', take).on('end', done).on('close', broken).on('error', broken)
    return promise
  }
  return {
    get heldBytes() {
      return heldBytes
    },
    read,
  }
}

/** The error of a body that is passed on as it comes and grows beyond the bound. */
export class BodyTooLargeError extends Error {}

/** Tells a caller who asked first (`Expect: 100-continue`) to send its body. The header is gone then, and so is the question. */
function permitBody(request: IncomingMessage, response: ServerResponse): void {
  if (request.headers.expect === undefined) return
  response.writeContinue()
  delete request.headers.expect
}

/** Whether the caller itself says that the body is larger than any that is taken. */
function isDeclaredTooLarge(request: IncomingMessage): boolean {
  return Number(request.headers['content-length'] ?? 0) > MAX_JSON_BYTES
}

/** Passes a body on as it comes, and fails with `BodyTooLargeError` where it grows beyond the bound. */
export function passBody(request: IncomingMessage, response: ServerResponse): Transform | Refusal {
  if (isDeclaredTooLarge(request)) return BODY_TOO_LARGE
  permitBody(request, response)
  let length = 0
  const passed = new Transform({
    transform(part: Buffer, _encoding, done) {
      length += part.length
      if (length > MAX_JSON_BYTES) done(new BodyTooLargeError(BODY_TOO_LARGE.message))
      else done(null, part)
    },
  })
  request.once('close', () => {
    if (!request.complete) passed.destroy()
  })
  return request.pipe(passed)
}
