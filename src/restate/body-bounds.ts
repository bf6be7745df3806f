/** Bounds the body of a call to a handler of classify-api before it is parsed, at the guard and again in the replica. */
import { boundJson } from '../lib/json/bounded-json.ts'
import { pointerOf } from '../lib/json/json-shape.ts'
import { API_HANDLERS } from './api-handlers.ts'

export type BoundedBody =
  /** The bytes to go on with: the same ones where nothing was left out. */
  | { readonly kind: 'kept'; readonly bytes: Uint8Array }
  /** The sentence names the field and the bound. */
  | { readonly kind: 'refused'; readonly message: string }

/** A body of at most so many bytes that is no JSON goes on, because the parser says best where the fault is. */
const MAX_FAULTY_BYTES = 65_536

export interface BoundOptions {
  /**
   * Whether the body is of work that has begun. An earlier release took more sample points in a batch, and such work goes on under
   * this one.
   */
  readonly isBegun?: boolean
}

/**
 * Leaves out what the handler does not read: of unknown fields the first keep their names, with the value null, so that the
 * handler can still warn of them or refuse them. The bodies of handlers that are not known here are kept as they are. 80 KB with
 * 100 indicators take less than a millisecond, and 32 MiB of anything 0.1 s.
 */
export function boundBody(handler: string, bytes: Uint8Array, { isBegun = false }: BoundOptions = {}): BoundedBody {
  const shape = API_HANDLERS.get(handler)?.body
  if (shape === undefined || bytes.length === 0) return { kind: 'kept', bytes }
  const found = boundJson(bytes, shape, { isEachListAlone: isBegun })
  if (found.kind === 'kept') return found
  if (found.kind === 'refused')
    return { kind: 'refused', message: `(at ${pointerOf(found.path) || '/'}) ${found.message}` }
  if (bytes.length <= MAX_FAULTY_BYTES) return { kind: 'kept', bytes }
  return { kind: 'refused', message: `the body is no JSON, as the byte at ${found.at} shows` }
}
