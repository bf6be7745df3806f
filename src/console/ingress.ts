/** Asks handlers of the service for what only the service knows, such as the budget. */
import type { z } from 'zod'
import { messageOf, ServiceError } from '../errors.ts'
import { isRecord, parseJson } from '../lib/json/json.ts'

export interface Ingress {
  /** Rejects with ServiceError: ingress-unavailable where nobody answers, input-invalid where the question is refused. */
  ask<T>(handler: string, body: unknown, schema: z.ZodType<T>): Promise<T>
}

const TIMEOUT_MS = 10_000
const MAX_MESSAGE = 500

export function createIngress(urls: readonly string[], token: string | undefined): Ingress {
  return {
    ask: async (handler, body, schema) => {
      let reason = 'no address is configured'
      for (const url of urls) {
        try {
          const response = await fetch(`${url}/classify-api/${handler}`, {
            method: 'POST',
            headers: {
              // A handler without input takes no body, and refuses a type of one.
              ...(body === undefined ? {} : { 'content-type': 'application/json' }),
              ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
            },
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
            redirect: 'error',
            signal: AbortSignal.timeout(TIMEOUT_MS),
          })
          const parsed = parseJson(await response.text())
          if (response.ok) return schema.parse(parsed)
          const message = isRecord(parsed) && typeof parsed.message === 'string' ? parsed.message : ''
          if (response.status < 500)
            throw new ServiceError(
              'input-invalid',
              message.slice(0, MAX_MESSAGE) || `The service refused it (${response.status})`,
            )
          reason = `${response.status} ${message.slice(0, MAX_MESSAGE)}`
        } catch (error) {
          if (error instanceof ServiceError) throw error
          reason = messageOf(error)
        }
      }
      throw new ServiceError('ingress-unavailable', `The service does not answer: ${reason}`)
    },
  }
}
