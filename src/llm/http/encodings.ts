/** Takes the encodings of HTTP from a body, within a bound on its length. */
import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw, zstdDecompress } from 'node:zlib'

type Decode = (bytes: Uint8Array, options: { readonly maxOutputLength: number }) => Promise<Buffer>

const gzip: Decode = promisify(gunzip)

/** The encodings by their names in `content-encoding` (RFC 9110, section 8.4.1). */
const DECODERS: ReadonlyMap<string, Decode> = new Map<string, Decode>([
  ['gzip', gzip],
  ['x-gzip', gzip],
  // Some servers send the bare stream where the standard wants it wrapped, whose first byte says 8 in its lower half.
  ['deflate', (bytes, options) => promisify(isWrapped(bytes) ? inflate : inflateRaw)(bytes, options)],
  ['br', promisify(brotliDecompress)],
  ['zstd', promisify(zstdDecompress)],
])

/** The most encodings around one body; more are there to keep a reader busy. */
const MOST_ENCODINGS = 5

/**
 * The body behind the encodings that `named`, the header `content-encoding`, lists in the order in which they were put on. Rejects
 * with RangeError where it is longer than `mostBytes`, and with TypeError for an encoding that nobody asked for.
 */
export async function decoded(bytes: Uint8Array, named: string, mostBytes: number): Promise<Uint8Array> {
  const names = named
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
  if (names.length > MOST_ENCODINGS) throw new TypeError(`its answer has more than ${MOST_ENCODINGS} encodings`)
  let body = bytes
  for (const name of names.reverse()) {
    const decode = DECODERS.get(name)
    if (decode === undefined) throw new TypeError('its answer has an encoding that was not asked for')
    if (body.length > 0) body = await decode(body, { maxOutputLength: mostBytes })
  }
  return body
}

function isWrapped(bytes: Uint8Array): boolean {
  return ((bytes[0] ?? 0) & 0x0f) === 0x08
}
