/** A body that is held in memory: how it grows while it comes in, and how it is forgotten while it is sent on. */
import { Readable } from 'node:stream'

const LEAST_BLOCK_BYTES = 4_096
const MOST_BLOCK_BYTES = 1_048_576
const LEAST_FREED_BYTES = 65_536
const NOTHING = Buffer.alloc(0)

/** Counts the memory of one body; returns false where the bound on all bodies is reached. */
export type Count = (bytes: number) => boolean

/**
 * The parts of a body as they come in, copied into blocks that grow with what came. A part of one byte that is kept by itself
 * costs some hundred bytes, so that a body in small parts would take far more memory than it is long.
 */
export class GrowingBody {
  length = 0
  private blocks: Buffer[] = []
  /** The bytes that are left at the end of the last block. */
  private room = 0
  private readonly count: Count

  constructor(count: Count) {
    this.count = count
  }

  /** Takes a part in. Returns false where the bound is reached. */
  add(part: Buffer): boolean {
    let rest = part
    while (rest.length > 0) {
      if (this.room === 0 && !this.grow(rest.length)) return false
      const block = this.blocks.at(-1) ?? NOTHING
      const copied = rest.copy(block, block.length - this.room)
      this.room -= copied
      this.length += copied
      rest = rest.subarray(copied)
    }
    return true
  }

  /** Hands the whole body out, and keeps nothing of it. */
  finish(): Buffer {
    const bytes = Buffer.concat(this.blocks, this.length)
    this.forget()
    return bytes
  }

  forget(): void {
    for (const block of this.blocks) free(block)
    this.blocks = []
    this.room = 0
  }

  private grow(needed: number): boolean {
    const size = Math.min(MOST_BLOCK_BYTES, Math.max(LEAST_BLOCK_BYTES, needed, this.length))
    if (!this.count(size)) return false
    this.blocks.push(Buffer.allocUnsafeSlow(size))
    this.room = size
    return true
  }
}

/**
 * Gives the memory of a large buffer back at once, where the garbage collector would wait until much more of it is there. Nobody
 * may use the buffer afterwards. Small ones share their memory with others and are left alone.
 */
function free({ buffer, length }: Buffer): void {
  if (length < LEAST_FREED_BYTES || length !== buffer.byteLength) return
  if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0)
}

/** A whole body. It counts as held until it is sent or released, and no longer has its bytes then. */
export class HeldBody {
  private held: Buffer
  private readonly onChange: (heldBytes: number) => void

  /** `onChange` is told how many bytes are held now. */
  constructor(bytes: Buffer, onChange: (heldBytes: number) => void) {
    this.held = bytes
    this.onChange = onChange
    onChange(bytes.length)
  }

  get bytes(): Buffer {
    return this.held
  }

  /** Puts other bytes, or a part of them, in the place of those that are held. */
  replace(bytes: Buffer): void {
    if (bytes.buffer !== this.held.buffer) free(this.held)
    this.held = bytes
    this.onChange(bytes.length)
  }

  release(): void {
    this.replace(NOTHING)
  }

  /** The body for the node. It stays held until the connection has taken it. */
  send(): Readable {
    const bytes = this.held
    this.held = NOTHING
    const rest = [bytes]
    const stream = new Readable({
      read() {
        this.push(rest.pop() ?? null)
      },
    })
    return stream.once('close', () => this.release())
  }
}
