/** Reads the bodies of handlers within bounds, because a few megabytes can hold more values than a replica has memory for. */
import { type Serde, serde } from '@restatedev/restate-sdk'
import type { ZodType } from 'zod'
import { jsonSchemaOf } from '../lib/json/json-schema.ts'
import type { ApiHandlerName } from './api-handlers.ts'
import { boundBody } from './body-bounds.ts'

/**
 * The input of a handler of classify-api: JSON that `schema` accepts. A body beyond the bounds is refused with 400, in the words
 * of one that the schema refuses.
 */
export function boundedSchema<Body>(handler: ApiHandlerName, schema: ZodType<Body>): Serde<Body> {
  const inner = serde.schema(schema)
  return {
    ...(inner.contentType === undefined ? {} : { contentType: inner.contentType }),
    jsonSchema: jsonSchemaOf(schema),
    serialize: (value) => inner.serialize(value),
    deserialize: (data) => {
      const found = boundBody(handler, data)
      if (found.kind === 'kept') return inner.deserialize(found.bytes)
      throw new TypeError(`Standard schema validation failed:\n* ${found.message}`)
    },
  }
}
