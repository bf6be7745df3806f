/** Bounds the body of a call to a handler of classify-api before it is parsed, at the guard and again in the replica. */
import { RECORD_SHAPE, textShape } from '../classification/indicator.ts'
import { boundJson } from '../lib/json/bounded-json.ts'
import { type JsonShape, pointerOf } from '../lib/json/json-shape.ts'
import { MAX_BATCH_INDICATORS } from './contract.ts'

/** The most bytes and values of the body of a handler that takes a few short fields, or of the options of a batch. */
const SMALL: JsonShape = { kind: 'any', maxBytes: 65_536, maxValues: 100, beyond: 'refuse' }
/** A codebook with its code lists has few values, each of them long. Restate takes no more bytes. */
const CODEBOOK: JsonShape = { kind: 'any', maxBytes: 33_554_432, maxValues: 1_000, beyond: 'refuse' }
/** A longer text is neither a name nor a reference, and the schema of the body says so. */
const MAX_NAME = 1_000

const BATCH: JsonShape = {
  kind: 'fields',
  fields: new Map<string, JsonShape>([
    ['indicators', { kind: 'list', maxItems: MAX_BATCH_INDICATORS, noun: 'indicators', items: RECORD_SHAPE }],
    ...['run_id', 'catalogue', 'codebook', 'force'].map((field) => [field, textShape(MAX_NAME)] as const),
    ['options', SMALL],
  ]),
}

const BODIES: ReadonlyMap<string, JsonShape> = new Map<string, JsonShape>([
  ['batch', BATCH],
  ['estimate', BATCH],
  ['codebook', CODEBOOK],
  ...['status', 'budget', 'evidence', 'health'].map((handler) => [handler, SMALL] as const),
])

export type BoundedBody =
  /** The bytes to go on with: the same ones where nothing was left out. */
  | { readonly kind: 'kept'; readonly bytes: Uint8Array }
  /** The sentence names the field and the bound. */
  | { readonly kind: 'refused'; readonly message: string }

/** A body of at most so many bytes that is no JSON goes on, because the parser says best where the fault is. */
const MAX_FAULTY_BYTES = 65_536

/**
 * Leaves out what the handler does not read: of unknown fields the first keep their names, with the value null, so that the
 * handler can still warn of them or refuse them. The bodies of handlers that are not known here are kept as they are. 80 KB with
 * 100 indicators take less than a millisecond, and 32 MiB of anything 0.1 s.
 */
export function boundBody(handler: string, bytes: Uint8Array): BoundedBody {
  const shape = BODIES.get(handler)
  if (shape === undefined || bytes.length === 0) return { kind: 'kept', bytes }
  const found = boundJson(bytes, shape)
  if (found.kind === 'kept') return found
  if (found.kind === 'refused')
    return { kind: 'refused', message: `(at ${pointerOf(found.path) || '/'}) ${found.message}` }
  if (bytes.length <= MAX_FAULTY_BYTES) return { kind: 'kept', bytes }
  return { kind: 'refused', message: `the body is no JSON, as the byte at ${found.at} shows` }
}
