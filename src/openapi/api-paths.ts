/** The paths of the handlers of classify-api, and of the answers that calls have left. */
import type { z } from 'zod'
import { API_HANDLERS, type ApiHandler, CLASSIFY_API } from '../restate/api-handlers.ts'
import { parameters } from './parameters.ts'
import { failures } from './responses.ts'

/** The name of a schema in the document. */
export type NamesOf = (schema: z.ZodType) => string

export interface Example {
  /** Absent where the handler takes no body. */
  readonly request?: unknown
  readonly response: unknown
}

/** An example of each handler by its name. */
export type Examples = Readonly<Record<string, Example>>

/** The operations of each path by their methods. */
export type Paths = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** What every call of a handler may be refused with. */
const CALL_FAILURES = [400, 401, 403, 404, 408, 409, 413, 415, 429, 500, 502, 503]

export function json(schema: unknown, example?: unknown): Readonly<Record<string, unknown>> {
  return { 'application/json': { schema, ...(example === undefined ? {} : { example }) } }
}

/** A reference to a schema of the document. */
export function reference(name: string): unknown {
  return { $ref: `#/components/schemas/${name}` }
}

export function handlerPaths(handlers: typeof API_HANDLERS, names: NamesOf, examples: Examples): Paths {
  const paths: Record<string, Readonly<Record<string, unknown>>> = {}
  for (const [handler, row] of handlers) {
    const example = examples[handler]
    paths[`/${CLASSIFY_API}/${handler}`] = { post: callOf(handler, row, names, example) }
    if (row.isWork && row.needs === 'submit')
      paths[`/${CLASSIFY_API}/${handler}/send`] = { post: sendOf(handler, row, names, example) }
  }
  return paths
}

function callOf(handler: string, row: ApiHandler, names: NamesOf, example: Example | undefined) {
  return {
    ...commonOf(row, names, example),
    operationId: handler,
    summary: row.summary,
    responses: {
      200: {
        description: 'The answer, which comes when the work is done.',
        content: json(reference(names(row.output)), example?.response),
      },
      ...failures(...CALL_FAILURES),
    },
  }
}

function sendOf(handler: string, row: ApiHandler, names: NamesOf, example: Example | undefined) {
  return {
    ...commonOf(row, names, example),
    operationId: `${handler}Send`,
    summary: `${row.summary} without waiting`,
    parameters: parameters('IdempotencyKey', 'Delay'),
    responses: {
      ...Object.fromEntries(
        [200, 202].map((status) => [
          status,
          {
            description:
              status === 202
                ? 'The call is kept, and the work is done whatever becomes of the caller.'
                : 'A call with this key was kept before.',
            content: json({
              type: 'object',
              required: ['invocationId', 'status'],
              properties: {
                invocationId: { type: 'string' },
                status: { type: 'string', enum: ['Accepted', 'PreviouslyAccepted'] },
                executionTime: { type: 'string', description: 'When the work begins, where a delay was given.' },
              },
            }),
          },
        ]),
      ),
      ...failures(...CALL_FAILURES),
    },
  }
}

function commonOf({ needs, input, description }: ApiHandler, names: NamesOf, example: Example | undefined) {
  const right =
    typeof needs === 'string' ? `\`${needs}\`` : '`read` where the body only asks, `operate` where it sets something'
  return {
    tags: ['Classify'],
    description: `${description} Where tokens are set it needs the right ${right}.`,
    parameters: parameters('IdempotencyKey'),
    ...(input === null
      ? {}
      : { requestBody: { required: true, content: json(reference(names(input)), example?.request) } }),
  }
}

/** How an answer is named: by the id of its invocation, or by the key that the call was sent with. */
const WAYS = [
  { path: '/restate/invocation/{invocationId}', parameter: 'InvocationId', suffix: '' },
  { path: `/restate/invocation/${CLASSIFY_API}/batch/{idempotencyKey}`, parameter: 'SentKey', suffix: 'ByKey' },
]

export function answerPaths(names: NamesOf): Paths {
  const batch = API_HANDLERS.get('batch')
  if (batch === undefined) throw new TypeError('the table has no handler batch')
  const answer = { description: 'The answer of the call.', content: json(reference(names(batch.output))) }
  const needs = 'Where tokens are set it needs the right `read`.'
  const failed = failures(400, 401, 403, 404, 409, 500, 502, 503)
  return Object.fromEntries(
    WAYS.flatMap(({ path, parameter, suffix }) => {
      const common = { tags: ['Answers'], parameters: parameters(parameter) }
      const attach = {
        ...common,
        operationId: `attach${suffix}`,
        summary: 'Wait for the answer of a batch',
        description: `Answers when the work is done, as the call itself would. ${needs}`,
        responses: { 200: answer, ...failed },
      }
      const output = {
        ...common,
        operationId: `output${suffix}`,
        summary: 'Fetch the answer of a batch if it is there',
        description: `Answers at once. ${needs}`,
        responses: {
          200: answer,
          470: { description: 'The work is not done yet.', content: json(reference('Failure')) },
          ...failed,
        },
      }
      return [
        [`${path}/attach`, { get: attach }],
        [`${path}/output`, { get: output }],
      ]
    }),
  )
}
