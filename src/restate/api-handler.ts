/** Defines one handler of classify-api by its row of the table: what Restate knows of it, and how its bodies are read. */
import { type Context, handlers, type Serde, serde } from '@restatedev/restate-sdk'
import { jsonSchemaOf } from '../lib/json/json-schema.ts'
import { type AnswerOf, API_HANDLERS, type ApiHandlerName, type RequestOf } from './api-handlers.ts'
import { boundedSchema } from './bounded-serde.ts'

/** The handler `name`, which answers by `answer`; with `more` Restate keeps of its calls something else than of others. */
export function apiHandler<Name extends ApiHandlerName>(
  name: Name,
  answer: (ctx: Context, request: RequestOf<Name>) => Promise<AnswerOf<Name>>,
  more: { readonly journalRetention?: number } = {},
) {
  const row = API_HANDLERS.get(name)
  if (row === undefined) throw new TypeError(`the table has no handler ${name}`)
  const output: Serde<AnswerOf<Name>> = {
    contentType: 'application/json',
    jsonSchema: jsonSchemaOf(row.output),
    serialize: (value) => serde.json.serialize(value),
    deserialize: (data) => serde.json.deserialize(data) as AnswerOf<Name>,
  }
  const options = { ...more, output, description: row.description }
  if (row.input === null) return handlers.handler(options, answer)
  const input = boundedSchema(name, row.input, row.readPlain) as Serde<RequestOf<Name>>
  return handlers.handler({ ...options, input }, answer)
}
