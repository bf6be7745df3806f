/** The failures of the OpenAPI document, built from the tables of the service's failures and of the guard's refusals. */
import { z } from 'zod'
import { FAILURES } from '../errors.ts'
import { REFUSALS } from '../guard/refusals.ts'

/** The answer of every call that fails, whether the guard, Restate or the service refuses it. */
export const failureSchema = z
  .looseObject({
    code: z
      .union([z.string(), z.int()])
      .optional()
      .describe("The guard's code, or the HTTP status where Restate answers."),
    message: z
      .string()
      .describe('Begins with a code of the service, as in "input-not-found: …", where the service itself has failed.'),
    source: z
      .string()
      .optional()
      .describe('Where Restate answers: ingress for its own failures, invocation for those of the service.'),
  })
  .describe('Why a call failed. The codes are stable: match on them, not on sentences.')

/** Failures that only commands meet, because no call ends with them. */
const OF_COMMANDS = [
  ...['ingress-unavailable', 'not-allowed', 'admin-failed', 'cluster-failed', 'port-taken', 'embedded-failed'],
]

const MEANINGS: Readonly<Record<number, string>> = {
  400: 'The request is wrong; the message says where.',
  401: 'A token is needed, and none or an unknown one came.',
  402: 'The run may not cost what the next request could.',
  403: 'This caller, or a page of another origin, may not call.',
  404: 'There is no such indicator, run, handler or answer.',
  405: 'There is no such method here.',
  408: 'The request did not come in time.',
  409: 'The idempotency key was used with another body, or an operator has ended the work.',
  413: 'The body is too large.',
  415: 'The body is compressed.',
  429: 'Too many calls wait for an answer: call again after Retry-After, with the same key.',
  431: 'The headers are too large.',
  500: 'A defect, or a fault in the configuration.',
  502: "The node gave no answer, or the model's endpoint gave nothing that could be used.",
  503: 'Something that the work depends on is away: call again later, with the same key.',
  504: "The model's endpoint took too long.",
}

/** A response for each status that the guard or the service may answer with, under the name that `responseName` gives. */
export const RESPONSES: Readonly<Record<string, unknown>> = Object.fromEntries(
  Object.entries(MEANINGS).map(([status, meaning]) => [
    responseName(Number(status)),
    responseOf(Number(status), meaning),
  ]),
)

function responseName(status: number): string {
  return `Failure${status}`
}

/** References to the responses of these statuses, as an operation names them. */
export function failures(...statuses: readonly number[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    statuses.map((status) => [String(status), { $ref: `#/components/responses/${responseName(status)}` }]),
  )
}

function responseOf(status: number, meaning: string): unknown {
  const ofGuard = Object.entries(REFUSALS).flatMap(([code, its]) => (its === status ? [`\`${code}\``] : []))
  const ofService = Object.entries(FAILURES).flatMap(([code, { status: its }]) => {
    return its === status && !OF_COMMANDS.includes(code) ? [`\`${code}\``] : []
  })
  const codes = [
    ...(ofGuard.length === 0 ? [] : [`Codes of the guard: ${ofGuard.join(', ')}.`]),
    ...(ofService.length === 0 ? [] : [`Codes of the service: ${ofService.join(', ')}.`]),
  ]
  return {
    description: [meaning, ...codes].join(' '),
    ...(status === 429 ? { headers: { 'Retry-After': { $ref: '#/components/headers/Retry-After' } } } : {}),
    content: { 'application/json': { schema: { $ref: '#/components/schemas/Failure' } } },
  }
}
