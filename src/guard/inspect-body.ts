/** Checks and cleans the body of a call to classify-api before Restate stores it. Pure. */
import { boundBody } from '../restate/body-bounds.ts'
import { type Refusal, refusal } from './refusals.ts'

/** What becomes of a body: the bytes that are passed on, or the refusal. */
export type InspectedBody = { readonly bytes: Buffer } | Refusal

/** Inspects the body of a call to the handler of classify-api that is named. A pure function. */
export type InspectBody = (handler: string, bytes: Buffer) => InspectedBody

/** Leaves out what the handler does not read, and refuses what is beyond the bounds of bodies. */
export const inspectBody: InspectBody = (handler, bytes) => {
  const found = boundBody(handler, bytes)
  if (found.kind === 'refused') return refusal('body-invalid', found.message)
  return { bytes: Buffer.from(found.bytes.buffer, found.bytes.byteOffset, found.bytes.byteLength) }
}
