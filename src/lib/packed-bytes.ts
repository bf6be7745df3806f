/** Bytes that are held packed until they are needed, for what waits in large numbers and is used once or twice. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** The quickest level: 70 KB of records take 0.2 ms to pack, and 0.1 ms to unpack. */
const PACKING = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export class PackedBytes {
  /** How many bytes `unpack` returns. */
  readonly length: number
  readonly #packed: Buffer

  constructor(bytes: Uint8Array) {
    this.length = bytes.length
    // A copy, because the library returns a part of a buffer of 64 KiB.
    this.#packed = Buffer.from(zstdCompressSync(bytes, { ...PACKING, pledgedSrcSize: bytes.length }))
  }

  /** How many bytes are held. */
  get heldBytes(): number {
    return this.#packed.length
  }

  /** The bytes, in a new buffer. */
  unpack(): Buffer {
    return zstdDecompressSync(this.#packed, { chunkSize: Math.max(this.length + 1, constants.Z_MIN_CHUNK) })
  }
}
