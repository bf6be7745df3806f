/** Short questions to the service behind the ingress: what it plans to do, and how fast it may. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import { isServiceError, ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json.ts'
import { CLASSIFY_API, parseFailure } from '../../restate/contract.ts'
import { createHttpClient, errorMessageOf } from './http.ts'

export interface Question<T> {
  readonly handler: string
  readonly body: unknown
  readonly schema: z.ZodType<T>
  readonly signal: AbortSignal
}

export interface ServiceClient {
  /**
   * The checked answer of the first node that gives one; undefined where the service runs and does not know the
   * handler, as an older release. Rejects with ServiceError: what the service said, or ingress-unavailable.
   */
  ask<T>(question: Question<T>): Promise<T | undefined>
}

export interface ServiceOptions {
  readonly urls: readonly string[]
  /** How long one question may take, a service that is still coming up included. */
  readonly patienceMs: number
}

const RETRY_MS = 500

/** Worth another node, or another moment. */
class NoAnswer extends Error {}

export function createServiceClient({ urls, patienceMs }: ServiceOptions): ServiceClient {
  const request = createHttpClient()

  async function askOne<T>(url: string, { handler, body, schema }: Question<T>, signal: AbortSignal) {
    const answer = await request(`${url}/${CLASSIFY_API}/${handler}`, { body, signal }).catch((error: unknown) => {
      throw new NoAnswer(`${url}: ${error instanceof Error ? error.message : 'no answer'}`)
    })
    if (answer.status >= 200 && answer.status < 300) {
      const parsed = schema.safeParse(parseJson(answer.text))
      if (parsed.success) return parsed.data
      const field = parsed.error.issues[0]?.path.join('.') ?? ''
      throw new ServiceError('ingress-unavailable', `${url}: ${handler} answered in another form (at "${field}")`)
    }
    const said = errorMessageOf(answer)
    const failure = parseFailure(said)
    if (answer.status === 404 && failure.code === 'internal') {
      if (/\bhandler\b/i.test(said)) return undefined
      throw new NoAnswer(`${url}: ${said.slice(0, 200)}: is the service registered? npm start does so`)
    }
    const isAway = answer.headers['x-restate-error-source'] !== 'invocation' && answer.status >= 500
    if (isAway) throw new NoAnswer(`${url}: HTTP ${answer.status}: ${said.slice(0, 200)}`)
    const code =
      failure.code === 'internal' ? (answer.status < 500 ? 'input-invalid' : 'ingress-unavailable') : failure.code
    throw new ServiceError(code, `${url}: ${handler}: ${failure.message.slice(0, 300)}`)
  }

  return {
    async ask(question) {
      const late = AbortSignal.timeout(patienceMs)
      const signal = AbortSignal.any([question.signal, late])
      let last = 'no answer'
      for (;;) {
        for (const url of urls) {
          try {
            return await askOne(url, question, signal)
          } catch (error) {
            question.signal.throwIfAborted()
            if (isServiceError(error)) throw error
            if (!(error instanceof NoAnswer)) throw error
            if (!late.aborted) last = error.message
          }
        }
        await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined)
        question.signal.throwIfAborted()
        if (late.aborted) {
          const seconds = Math.round(patienceMs / 1_000)
          throw new ServiceError('ingress-unavailable', `The service gave no answer within ${seconds} s (${last})`)
        }
      }
    },
  }
}
