/** Reads the bodies of handlers within bounds, because a few megabytes can hold more values than a replica has memory for. */
import { type HooksProvider, type Serde, serde, TerminalError } from '@restatedev/restate-sdk'
import type { ZodType } from 'zod'
import { MAX_BATCH_POINTS } from '../classification/indicator.ts'
import { FAILURES } from '../errors.ts'
import { createBreath } from '../lib/breath.ts'
import { parseJson } from '../lib/json/json.ts'
import { jsonSchemaOf } from '../lib/json/json-schema.ts'
import { type ApiHandlerName, CLASSIFY_API } from './api-handlers.ts'
import { startOf } from './attempts/attempt-starts.ts'
import { boundBody } from './body-bounds.ts'
import { formatFailure } from './contract.ts'

const UTF8 = new TextDecoder()

/**
 * The input of a handler of classify-api: JSON that `schema` accepts. A body beyond the bounds is refused with 400, in the words
 * of one that the schema refuses. `readPlain` gives what the schema would, for the bodies that it knows.
 */
export function boundedSchema<Body>(
  handler: ApiHandlerName,
  schema: ZodType<Body>,
  readPlain?: (body: unknown) => Body | undefined,
): Serde<Body> {
  const inner = serde.schema(schema)
  return {
    ...(inner.contentType === undefined ? {} : { contentType: inner.contentType }),
    jsonSchema: jsonSchemaOf(schema),
    serialize: (value) => inner.serialize(value),
    deserialize: (data) => {
      const found = boundBody(handler, data, { isBegun: true })
      if (found.kind === 'kept') {
        const plain = readPlain?.(parseJson(UTF8.decode(found.bytes)))
        return plain ?? inner.deserialize(found.bytes)
      }
      throw new TypeError(`Standard schema validation failed:\n* ${found.message}`)
    },
  }
}

/** In fewer bytes no text holds more items in all than it may. */
const SURELY_SMALL_BYTES = 2 * MAX_BATCH_POINTS
/** The journal of an invocation that has not begun holds its input alone. */
const INPUT_ALONE = 1

/**
 * Refuses calls of classify-api beyond the bounds of today. They hold for new work alone and are therefore no matter of the input's
 * reader, which does not know what it reads for.
 */
export const refuseTooLarge: HooksProvider = ({ request }) => ({
  interceptor: {
    handler: async (next) => {
      const { service, handler } = request.target
      const isBegun = (startOf(request)?.entries ?? INPUT_ALONE) > INPUT_ALONE
      if (service === CLASSIFY_API && !isBegun && request.body.length > SURELY_SMALL_BYTES) {
        const breathe = createBreath()
        const found = boundBody(handler, request.body)
        if (found.kind === 'refused') {
          const errorCode = FAILURES['input-invalid'].status
          throw new TerminalError(formatFailure('input-invalid', found.message), { errorCode })
        }
        await breathe()
      }
      await next()
    },
  },
})
