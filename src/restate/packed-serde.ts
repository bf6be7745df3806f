/** Packs what steps keep in Restate's journal. For their values alone: Restate reads them in a replay, and compares the bodies of calls.
 *
 * The plan of a batch has eight times the bytes of its request and repeats itself in every indicator; packed it has a tenth, which
 * Restate writes to disk, copies to other nodes and sends back.
 */
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Serde } from '@restatedev/restate-sdk'

/** Smaller values stay JSON, which a person can read in the UI of Restate. */
const LEAST_BYTES = 2_048
/** The most bytes of an unpacked value, far above what the bounds on batches allow. */
const MOST_BYTES = 268_435_456
const [GZIP_1, GZIP_2] = [0x1f, 0x8b]

/** JSON that is packed where it is large. Reads plain JSON as well, as earlier releases journaled it. */
export function packedJson<Value>(): Serde<Value> {
  return {
    contentType: 'application/octet-stream',
    serialize(value) {
      const json = Buffer.from(JSON.stringify(value ?? null))
      return json.length < LEAST_BYTES ? json : gzipSync(json, { level: 1 })
    },
    deserialize(data) {
      const isPacked = data[0] === GZIP_1 && data[1] === GZIP_2
      const json = isPacked ? gunzipSync(data, { maxOutputLength: MOST_BYTES }) : Buffer.from(data)
      return JSON.parse(json.toString()) as Value
    },
  }
}
