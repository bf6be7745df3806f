/** The refusals of the guard before a Restate node: how they are told from Restate's own answers, and what helps against each. */
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json/json.ts'
import type { HttpAnswer } from './http.ts'

export interface GuardRefusal {
  /** The guard's own code, such as "token-missing". */
  readonly code: string
  readonly status: number
  /** The guard's sentence, with what helps. */
  readonly message: string
  /** Whether every other call of this command would be refused as well. */
  readonly isLasting: boolean
}

/** The guard's code for an idempotency key that was used before with another body. */
export const KEY_REUSED = 'idempotency-key-reused'

/** What helps against each refusal that only a person can mend; the other refusals say it themselves. */
const ADVICE: Readonly<Record<string, string>> = {
  'token-missing': 'set API_TOKEN or API_TOKEN_FILE to the token that the operator of the service gave you',
  'token-unknown': 'API_TOKEN or API_TOKEN_FILE holds another token than the service knows: ask its operator for yours',
  'right-missing': 'ask the operator of the service for this right, or for another token (API_TOKEN, API_TOKEN_FILE)',
  'foreign-host':
    'the address is called by a name that the service does not know: call it as localhost, or set ALLOWED_HOSTS where the service runs',
  [KEY_REUSED]:
    'a batch of this run was sent before with other content: start a new run, without --resume, where the input or the options have changed',
}

const LASTING = new Set(['token-missing', 'token-unknown', 'right-missing', 'foreign-host', 'foreign-origin'])

const bodySchema = z.object({ code: z.string().regex(/^[a-z-]{1,60}$/), message: z.string() })

/** Statuses with which the guard refuses a call for good. After 429 and 502 the same call may pass later or elsewhere. */
const STATUSES = new Set([400, 401, 403, 405, 408, 409, 413, 415, 431])

/** The refusal in an answer; undefined where the answer is not one of the guard's. */
export function readGuardRefusal({ status, headers, text }: HttpAnswer): GuardRefusal | undefined {
  if (!STATUSES.has(status) || headers['x-restate-error-source'] !== undefined) return undefined
  const { code, message } = bodySchema.safeParse(parseJson(text)).data ?? {}
  if (code === undefined || message === undefined) return undefined
  const advice = ADVICE[code]
  const sentence = advice === undefined ? message : `${message}: ${advice}`
  return { code, status, message: sentence, isLasting: LASTING.has(code) }
}

export function refusalError(url: string, { code, status, message, isLasting }: GuardRefusal): ServiceError {
  return new ServiceError(
    isLasting ? 'not-allowed' : 'input-invalid',
    `${url} refused the call (${status} ${code}): ${message}`,
  )
}
