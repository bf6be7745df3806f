/** Sends short questions to the service through the ingress, such as for an estimate of a batch or the status of a run. */
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import type { StatusRequest } from '../../restate/contract.ts'
import { refusalError } from './guard-refusal.ts'
import { createIngressClient, type IngressClient, noIngressError } from './ingress.ts'
import type { IngressAnswer } from './ingress-answer.ts'

export interface Question<T> {
  /** The name of a handler of the service classify-api. */
  readonly handler: string
  readonly body: unknown
  /** The schema that the answer must match. */
  readonly schema: z.ZodType<T>
  readonly signal: AbortSignal
}

export interface ServiceClient {
  /**
   * Asks the nodes in turn, and resolves with the first answer after checking it. Resolves with undefined where the
   * service runs but an older release of it lacks the handler. Rejects with ServiceError: the failure that the service
   * reports, or ingress-unavailable.
   */
  ask<T>(question: Question<T>): Promise<T | undefined>
}

export interface ServiceOptions {
  readonly urls: readonly string[]
  /** The milliseconds that one question may take, including the wait for a service that is still starting. */
  readonly patienceMs: number
}

/** The milliseconds between two rounds over all nodes, unless every node is busy and asks for a longer wait. */
const RETRY_MS = 500
/** An error message shows at most this many characters of what the service said. */
const MAX_MESSAGE_LENGTH = 300

export function createServiceClient({ urls, patienceMs }: ServiceOptions): ServiceClient {
  const call = createIngressClient()

  return {
    async ask({ handler, body, schema, signal }) {
      const late = AbortSignal.timeout(patienceMs)
      const bound = AbortSignal.any([signal, late])
      let round: Round = { kind: 'unanswered', reasons: ['no answer'], isAnyReached: false, waitMs: 0 }
      const attempt = async () => {
        const next = await askEachNode(call, urls, { handler, body, signal: bound })
        round = next
        return next.kind === 'answered' ? next : undefined
      }
      const delayMs = () => (round.kind === 'unanswered' ? Math.min(Math.max(RETRY_MS, round.waitMs), patienceMs) : 0)
      const answered = await retryFor(attempt, { delayMs, patienceMs, signal: bound }).catch((error: unknown) => {
        signal.throwIfAborted()
        if (late.aborted) return undefined
        throw error
      })
      if (answered === undefined) {
        const reason = round.kind === 'unanswered' ? round.reasons.at(-1) : undefined
        const seconds = Math.round(patienceMs / 1_000)
        throw new ServiceError('ingress-unavailable', `The service gave no answer within ${seconds} s (${reason})`)
      }
      if (answered.answer.kind === 'unknown-handler') return undefined
      return readBody(answered, handler, schema)
    },
  }
}

/**
 * The outcome of asking each node in turn: the first answer that every other node would give too, or the reasons why
 * there is none.
 */
type Round =
  | { readonly kind: 'answered'; readonly url: string; readonly answer: SettledAnswer }
  | {
      readonly kind: 'unanswered'
      /** The reasons why no node answered, one line for each node. */
      readonly reasons: readonly string[]
      /** Whether any node gave an HTTP answer, of any status. */
      readonly isAnyReached: boolean
      /** The milliseconds for which every node asked to wait; 0 where at least one node did not ask. */
      readonly waitMs: number
    }

/** The kinds of answers that every other node would give as well, so that no further node is asked. */
type SettledAnswer = Extract<IngressAnswer, { kind: 'ok' | 'failed' | 'refused' | 'cancelled' | 'unknown-handler' }>

interface RoundQuestion {
  readonly handler: string
  readonly body: unknown
  readonly signal: AbortSignal
}

async function askEachNode(call: IngressClient, urls: readonly string[], question: RoundQuestion): Promise<Round> {
  const reasons: string[] = []
  let isAnyReached = false
  let waitMs = Number.POSITIVE_INFINITY
  for (const url of urls) {
    const answer = await call({ url, ...question })
    if (answer.kind !== 'unreachable') isAnyReached = true
    switch (answer.kind) {
      case 'unknown-service':
        reasons.push(`${url}: ${answer.message}: is the service registered? npm start does so`)
        waitMs = 0
        break
      case 'busy':
        reasons.push(`${url} is busy (${answer.message})`)
        waitMs = Math.min(waitMs, answer.waitMs ?? 0)
        break
      case 'unreachable':
      case 'away':
        reasons.push(`${url}: ${answer.message}`)
        waitMs = 0
        break
      default:
        return { kind: 'answered', url, answer }
    }
  }
  return { kind: 'unanswered', reasons, isAnyReached, waitMs }
}

function readBody<T>({ url, answer }: Extract<Round, { kind: 'answered' }>, handler: string, schema: z.ZodType<T>): T {
  if (answer.kind === 'refused') throw refusalError(url, answer.refusal)
  if (answer.kind === 'failed') throw failureOfAnswer(url, handler, answer)
  const parsed = schema.safeParse(answer.kind === 'ok' ? answer.body : undefined)
  if (parsed.success) return parsed.data
  const field = parsed.error.issues[0]?.path.join('.') ?? ''
  throw new ServiceError('ingress-unavailable', `${url}: ${handler} answered in another form (at "${field}")`)
}

/**
 * Builds the error for a question that the service refused. Where the refusal has no code, the HTTP status decides
 * whether the input or the service is at fault.
 */
function failureOfAnswer(url: string, handler: string, answer: Extract<IngressAnswer, { kind: 'failed' }>) {
  const { code, status, message } = answer
  const unnamed = status < 500 ? 'input-invalid' : 'ingress-unavailable'
  const sentence = message.slice(0, MAX_MESSAGE_LENGTH)
  return new ServiceError(code ?? unnamed, `${url}: ${handler} failed (${status}): ${sentence}`)
}

const statusSchema = z.record(z.string(), z.unknown())

/**
 * Reads the latest classification of an indicator or the totals of a run; resolves with undefined where the service
 * does not know the id. Each node is asked once. Rejects with ServiceError: the failure that the service reports, or
 * ingress-unavailable, also when `signal` aborts.
 */
export async function readStatus(
  urls: readonly string[],
  query: StatusRequest,
  signal: AbortSignal,
): Promise<Record<string, unknown> | undefined> {
  const question = { handler: 'status', body: query, signal }
  const round = await askEachNode(createIngressClient(), urls, question).catch(() => {
    const advice = 'does the service run, and does its database answer?'
    throw new ServiceError('ingress-unavailable', `The status was not answered in time (${urls.join(', ')}): ${advice}`)
  })
  if (round.kind === 'answered') {
    if (round.answer.kind === 'failed' && round.answer.code === 'input-not-found') return undefined
    // The sentence may list every catalogue that has the id, so it is not cut.
    if (round.answer.kind === 'failed' && round.answer.code === 'input-invalid') {
      const { status, message } = round.answer
      throw new ServiceError('input-invalid', `${round.url}: status failed (${status}): ${message}`)
    }
    return readBody(round, 'status', statusSchema)
  }
  if (!round.isAnyReached) throw noIngressError(urls)
  throw new ServiceError('ingress-unavailable', `The service cannot be asked: ${round.reasons.join('; ')}`)
}
