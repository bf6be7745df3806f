/** Reads bodies whole within bounds: of one body, of all bodies that are held at once, and of time. */
import type { IncomingMessage } from 'node:http'
import { Transform } from 'node:stream'
import { type Refusal, refusal, tooManyCalls } from './refusals.ts'

/** The largest body that Restate takes. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024

export interface BodyBounds {
  /** The bytes of all bodies that are held at once. */
  readonly maxHeldBytes: number
  /** The milliseconds in which a body must be there. */
  readonly timeoutMs: number
}

export const BODY_BOUNDS: BodyBounds = { maxHeldBytes: 128 * 1024 * 1024, timeoutMs: 60_000 }

export interface HeldBody {
  readonly bytes: Buffer
  /** Gives the body's bytes back to the bound on all bodies. */
  release(): void
}

export interface BodyReader {
  readonly heldBytes: number
  /** Reads the body of a request. Resolves with the refusal where it breaks a bound, or where its caller left in the middle. */
  read(request: IncomingMessage): Promise<HeldBody | Refusal>
}

const TOO_LARGE = refusal('body-too-large', `The body is larger than ${MAX_BODY_BYTES} bytes`)

export function createBodyReader({ maxHeldBytes, timeoutMs }: BodyBounds): BodyReader {
  let heldBytes = 0

  const read = (request: IncomingMessage): Promise<HeldBody | Refusal> => {
    const declared = declaredLength(request)
    if (isDeclaredTooLarge(request)) return Promise.resolve(TOO_LARGE)
    const { promise, resolve } = Promise.withResolvers<HeldBody | Refusal>()
    const parts: Buffer[] = []
    let own = 0
    const hold = (bytes: number) => {
      own += bytes
      heldBytes += bytes
      return heldBytes <= maxHeldBytes
    }
    const release = () => {
      heldBytes -= own
      own = 0
    }
    const end = (answer: HeldBody | Refusal) => {
      clearTimeout(timer)
      request.off('data', take).off('end', done).off('close', broken).off('error', broken)
      if ('code' in answer) release()
      resolve(answer)
    }
    const slow = () => end(refusal('body-slow', `The body did not come within ${timeoutMs / 1_000} s`))
    const broken = () => end(refusal('body-broken', 'The connection ended in the middle of the body'))
    const timer = setTimeout(slow, timeoutMs)
    let length = 0
    const take = (part: Buffer) => {
      length += part.length
      if (length > MAX_BODY_BYTES) return end(TOO_LARGE)
      parts.push(part)
      if (length > own && !hold(length - own)) end(tooManyCalls('Too many bodies are held at once', 2))
    }
    const done = () => end({ bytes: Buffer.concat(parts, length), release })
    // The length that a body declares is held from the start, so that bodies that come in at the same time fit as well.
    if (!hold(declared)) end(tooManyCalls('Too many bodies are held at once', 2))
    else request.on('data', take).on('end', done).on('close', broken).on('error', broken)
    return promise
  }
  return {
    get heldBytes() {
      return heldBytes
    },
    read,
  }
}

/** The length that the head of a request declares; 0 where it declares none. */
function declaredLength(request: IncomingMessage): number {
  return Number(request.headers['content-length'] ?? 0)
}

/** The error of a body that is passed on as it comes and grows beyond the bound. */
export class BodyTooLargeError extends Error {}

/** Whether the caller itself says that the body is larger than any that is taken. */
export function isDeclaredTooLarge(request: IncomingMessage): boolean {
  return declaredLength(request) > MAX_BODY_BYTES
}

/** Passes a body on as it comes, and fails with `BodyTooLargeError` where it grows beyond the bound. */
export function passBody(request: IncomingMessage): Transform | Refusal {
  if (isDeclaredTooLarge(request)) return TOO_LARGE
  let length = 0
  const passed = new Transform({
    transform(part: Buffer, _encoding, done) {
      length += part.length
      if (length > MAX_BODY_BYTES) done(new BodyTooLargeError(TOO_LARGE.message))
      else done(null, part)
    },
  })
  request.once('close', () => {
    if (!request.complete) passed.destroy()
  })
  return request.pipe(passed)
}
