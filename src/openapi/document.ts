/** Builds the OpenAPI 3.1 document of the HTTP API from the table of handlers and their schemas. Pure. */
import type { z } from 'zod'
import { batchOptionsSchema } from '../classification/batch-request.ts'
import { rawIndicatorSchema } from '../classification/indicator.ts'
import { type JsonSchema, jsonSchemasOf } from '../lib/json/json-schema.ts'
import { API_HANDLERS } from '../restate/api-handlers.ts'
import { resultSchema } from '../restate/contract/batch.ts'
import { runSchema } from '../restate/contract/runs.ts'
import { answerPaths, type Examples, handlerPaths, type NamesOf, type Paths } from './api-paths.ts'
import { ownPaths, REPLICA_SCHEMAS } from './own-paths.ts'
import { PARAMETERS } from './parameters.ts'
import { failureSchema, RESPONSES } from './responses.ts'

export interface OpenApi {
  readonly openapi: '3.1.0'
  readonly info: { readonly title: string; readonly version: string }
  readonly paths: Paths
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> }
}

const DESCRIPTION =
  'Durable, rate-limited classification of records by a codebook. Calls go to the ingress of Restate, before which the guard stands. ' +
  'An answer comes when the work is done, which may take hours where the rate budget is small: give every batch an `idempotency-key` ' +
  'and call again with the same key and body after an interruption, or send it with `/send` and fetch the answer with `/attach`.'

const referenceTo = (name: string) => `#/components/schemas/${name}`

/** The document for a release of this version, with the example of each handler by its name. */
export function buildOpenApi(version: string, examples: Examples): OpenApi {
  const named = namedSchemas()
  const names: NamesOf = (schema) => [...named].find(([, one]) => one === schema)?.[0] ?? ''
  const schemas = jsonSchemasOf(Object.fromEntries(named), referenceTo)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Classify service',
      version,
      ...{ description: DESCRIPTION, license: { name: 'MIT', identifier: 'MIT' } },
    },
    ...{
      servers: [
        { url: '/', description: 'The ingress that this document was fetched from' },
        { url: 'http://127.0.0.1:8080', description: 'The ingress of npm start, and of the first node of the cluster' },
      ],
      tags: [
        { name: 'Classify', description: 'The handlers of the service' },
        { name: 'Answers', description: 'What earlier calls have left, or will leave' },
        { name: 'Operation', description: 'Whether the parts are there' },
      ],
      // A token is needed only where API_TOKENS_FILE is set.
      security: [{}, { token: [] }],
    },
    paths: joined(handlerPaths(API_HANDLERS, names, examples), answerPaths(names), ownPaths()),
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, withoutIdentity(schema)])),
      ...{
        parameters: PARAMETERS,
        responses: RESPONSES,
        headers: {
          'Retry-After': {
            description: 'Seconds after which to call again.',
            schema: { type: 'integer', minimum: 0 },
          },
        },
        securitySchemes: {
          token: {
            type: 'http',
            scheme: 'bearer',
            description: 'A token of API_TOKENS_FILE. Each operation says which right it needs.',
          },
        },
      },
    },
  }
}

/** Each schema once, under the name that it has in the document. */
function namedSchemas(): ReadonlyMap<string, z.ZodType> {
  const named = new Map<string, z.ZodType>([
    ['Indicator', rawIndicatorSchema],
    ['BatchOptions', batchOptionsSchema],
    ['Result', resultSchema],
    ['RunStatus', runSchema],
    ['Failure', failureSchema],
    ...Object.entries(REPLICA_SCHEMAS),
  ])
  const known = new Set(named.values())
  const add = (name: string, schema: z.ZodType | null) => {
    if (schema === null || known.has(schema)) return
    known.add(schema)
    named.set(name, schema)
  }
  for (const [handler, { input, output }] of API_HANDLERS) {
    const base = `${handler.charAt(0).toUpperCase()}${handler.slice(1)}`
    add(`${base}Request`, input)
    add(`${base}Response`, output)
  }
  return named
}

/** The document says which dialect its schemas are of, and references name their places, so that neither is said again. */
function withoutIdentity({ $schema, $id, ...schema }: JsonSchema): JsonSchema {
  return schema
}

/** Paths of several lists; a path that stands in two of them has the methods of both. */
function joined(...lists: readonly Paths[]): Paths {
  const paths: Record<string, Readonly<Record<string, unknown>>> = {}
  for (const [path, methods] of lists.flatMap((list) => Object.entries(list)))
    paths[path] = { ...paths[path], ...methods }
  return paths
}
