/** JSON that is held packed until it is needed, for texts that wait in large numbers and are used once or twice. */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

/** The quickest level: 70 KB of records take 0.2 ms to pack, and 0.1 ms to unpack. */
const PACKING = { params: { [constants.ZSTD_c_compressionLevel]: 1 } }

export class PackedJson {
  /** How many bytes `unpack` returns. */
  readonly length: number
  readonly #packed: Buffer

  constructor(json: string) {
    const bytes = Buffer.from(json)
    this.length = bytes.length
    // A copy, because the library returns a part of a buffer of 64 KiB.
    this.#packed = Buffer.from(zstdCompressSync(bytes, { ...PACKING, pledgedSrcSize: bytes.length }))
  }

  /** How many bytes are held. */
  get heldBytes(): number {
    return this.#packed.length
  }

  /** The text in UTF-8, in a new buffer. */
  unpack(): Buffer {
    return zstdDecompressSync(this.#packed, { chunkSize: Math.max(this.length + 1, constants.Z_MIN_CHUNK) })
  }
}
