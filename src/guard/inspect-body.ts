/** The hook by which the body of a call to classify-api is checked and cleaned before Restate stores it. */
import type { Refusal } from './refusals.ts'

/** What becomes of a body: the bytes that are passed on, or the refusal. */
export type InspectedBody = { readonly bytes: Buffer } | Refusal

/** Inspects the body of a call to the handler of classify-api that `path` names. A pure function. */
export type InspectBody = (path: string, bytes: Buffer) => InspectedBody

/** Passes every body on as it is. */
export const passAsItIs: InspectBody = (_path, bytes) => ({ bytes })
