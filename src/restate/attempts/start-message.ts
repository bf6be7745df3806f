/** Reads the beginning of an attempt as Restate sends it: how often the work was tried before, and when its journal is there. */

/** What the first message of an attempt says. The SDK reads it too, and does not pass it on. */
export interface AttemptStart {
  /** The entries that the journal holds already, with the input. */
  readonly entries: number
  /** The attempts since the last entry was stored, those on replicas that were away included. */
  readonly retries: number
}

/** A message of Restate's protocol: two bytes of type, two of flags, four of length, then the content. */
const HEADER_BYTES = 8
/** The first message of an invocation without state takes about 100 bytes. A longer one is not read. */
const MAX_START_BYTES = 65_536
/** Numbers of the fields of the first message in Restate's protocol, versions 1 to 7. */
const KNOWN_ENTRIES = 3
const RETRIES = 7

/** Follows the bytes of an attempt. Give it all that comes, in order. */
export class AttemptReader {
  /** Set once the first message is there. */
  start: AttemptStart | undefined
  /** The bytes of the messages that have begun. Each says its length before it comes. */
  announcedBytes = 0
  private header = Buffer.alloc(0)
  private content: Buffer[] = []
  private left = 0
  /** Whether the message that comes is the first one, and short enough to be read. */
  private isKept = false
  private messages = 0

  /** Whether the first message and the whole journal are there, so that the handler can begin. */
  get isComplete(): boolean {
    return this.start !== undefined && this.messages > this.start.entries
  }

  /** Whether the length of the input is among the announced bytes; it comes behind the first message, maybe in a later part. */
  get knowsInput(): boolean {
    return this.messages > 1 || (this.messages === 1 && this.left > 0)
  }

  take(chunk: Uint8Array): void {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    while (rest.length > 0 && !this.isComplete) {
      if (this.left === 0) {
        const wanted = HEADER_BYTES - this.header.length
        this.header = Buffer.concat([this.header, rest.subarray(0, wanted)])
        rest = rest.subarray(wanted)
        if (this.header.length < HEADER_BYTES) return
        this.left = this.header.readUInt32BE(4)
        this.announcedBytes += this.left
        this.isKept = this.start === undefined && this.left <= MAX_START_BYTES
        this.header = Buffer.alloc(0)
        if (this.left === 0) this.messageEnds()
        continue
      }
      const part = rest.subarray(0, this.left)
      if (this.isKept) this.content.push(part)
      this.left -= part.length
      rest = rest.subarray(part.length)
      if (this.left === 0) this.messageEnds()
    }
  }

  private messageEnds(): void {
    this.messages += 1
    this.start ??= readStart(Buffer.concat(this.content))
    this.content = []
  }
}

/** Reads the two numbers of a Protocol Buffers message; a field that is absent is 0. */
export function readStart(message: Uint8Array): AttemptStart {
  let at = 0
  const number = (): number => {
    let value = 0
    for (let factor = 1; at < message.length; factor *= 128) {
      const byte = message[at] ?? 0
      at += 1
      value += (byte & 127) * factor
      if (byte < 128) break
    }
    return value
  }
  let entries = 0
  let retries = 0
  while (at < message.length) {
    const key = number()
    const [field, kind] = [Math.floor(key / 8), key % 8]
    if (kind === 0) {
      const value = number()
      if (field === KNOWN_ENTRIES) entries = value
      if (field === RETRIES) retries = value
    } else if (kind === 2) {
      // The length has to be read before the place moves on by it.
      const length = number()
      at += length
    } else {
      // Eight bytes, four bytes, or a kind of field that this reader does not know, behind which nothing can be read.
      at += kind === 1 ? 8 : kind === 5 ? 4 : message.length
    }
  }
  return { entries, retries }
}
