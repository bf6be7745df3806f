/** Client of the Restate admin API, which sends each request to the first node that answers, because every node knows the whole cluster. */
import { z } from 'zod'
import { messageOf, ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json/json.ts'
import { retryFor } from '../../lib/timing.ts'
import { lineOf } from './foreign-line.ts'
import { readGuardRefusal, refusalError } from './guard-refusal.ts'
import { createHttpClient, type HttpAnswer, type HttpRequest } from './http.ts'

export interface AdminClient {
  /** The URL of the node that answered last, or of the first node before any has answered. */
  readonly url: string
  /**
   * Runs an SQL query over the state of the cluster, and checks each row with `row`. Rejects with ServiceError
   * admin-failed.
   */
  query<T>(sql: string, row: z.ZodType<T>): Promise<readonly T[]>
  /** Ends an invocation; resolves with false where it had ended already. Rejects with ServiceError admin-failed. */
  endInvocation(id: string, how: 'cancel' | 'kill'): Promise<boolean>
  /**
   * Lets a paused invocation go on. Resolves with false where it is not paused any more. Rejects with ServiceError
   * admin-failed.
   */
  resumeInvocation(id: string): Promise<boolean>
  /**
   * Removes an invocation that has ended, with its journal and its answer. Resolves with false where it is gone already. Rejects
   * with ServiceError admin-failed, also where the invocation has not ended.
   */
  purgeInvocation(id: string): Promise<boolean>
}

/**
 * The milliseconds that one node may take for an answer; a query about thousands of invocations takes about a second.
 */
const ANSWER_TIMEOUT_MS = 30_000
/**
 * A failing query is repeated for this many milliseconds. While a partition of Restate changes its leader, queries over
 * all partitions fail for seconds, and for longer on a machine that is short of CPU.
 */
const PATIENCE_MS = 30_000
const RETRY_MS = 1_000
/** An error message shows at most this many characters of what the node said. */
const MAX_MESSAGE_LENGTH = 300

/** Creates the client; an abort of `signal` ends every request of the client. */
export function createAdminClient(urls: readonly string[], signal: AbortSignal): AdminClient {
  const send = createHttpClient()
  let current = 0
  const urlAt = (step: number) => urls[(current + step) % urls.length] ?? ''

  const askAllNodes = async (path: string, request: Omit<HttpRequest, 'signal'>): Promise<RoundOfNodes> => {
    const failures: string[] = []
    let isAnyReached = false
    for (let step = 0; step < urls.length; step += 1) {
      const url = urlAt(step)
      try {
        const bound = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
        const answer = await send(`${url}${path}`, { ...request, signal: bound })
        if (answer.status < 500) {
          current = (current + step) % urls.length
          return { answer, failures, isAnyReached }
        }
        isAnyReached = true
        failures.push(`${url} answered ${answer.status}: ${lineOf(answer.text.slice(0, MAX_MESSAGE_LENGTH))}`)
      } catch (error) {
        signal.throwIfAborted()
        failures.push(`${url}: ${messageOf(error)}`)
      }
    }
    return { answer: undefined, failures, isAnyReached }
  }
  const ask = async (path: string, request: Omit<HttpRequest, 'signal'>): Promise<HttpAnswer> => {
    let failures: readonly string[] = []
    const attempt = async () => {
      const round = await askAllNodes(path, request)
      failures = round.failures
      if (round.answer === undefined && !round.isAnyReached) {
        const advice = 'does it run? Start it with npm start or npm run cluster:5node, or set RESTATE_ADMIN_URL'
        throw failedEverywhere(`No Restate admin port answers: ${advice}`, failures)
      }
      return round.answer
    }
    const answer = await retryFor(attempt, { delayMs: RETRY_MS, patienceMs: PATIENCE_MS, signal })
    if (answer === undefined) throw failedEverywhere('No Restate node could answer', failures)
    return answer
  }
  const refusal = (answer: HttpAnswer, request: string) => {
    const guards = readGuardRefusal(answer)
    if (guards !== undefined) return refusalError(urlAt(0), guards)
    const message = lineOf(answer.text.slice(0, MAX_MESSAGE_LENGTH))
    return new ServiceError('admin-failed', `${urlAt(0)} refused ${request} (${answer.status}): ${message}`)
  }

  return {
    get url() {
      return urlAt(0)
    },
    query: async (sql, row) => {
      const answer = await ask('/query', { body: { query: sql }, headers: { accept: 'application/json' } })
      const parsed = z.object({ rows: z.array(row) }).safeParse(parseJson(answer.text))
      if (answer.status >= 300 || !parsed.success) throw refusal(answer, 'a query')
      return parsed.data.rows
    },
    endInvocation: async (id, how) => {
      const answer = await ask(`/invocations/${encodeURIComponent(id)}/${how}`, { method: 'PATCH' })
      if (answer.status < 300) return true
      // Restate answers 404 or 409 where the invocation has ended by itself before this request came.
      if (answer.status === 404 || answer.status === 409) return false
      throw refusal(answer, `to ${how} ${id}`)
    },
    resumeInvocation: async (id) => {
      const answer = await ask(`/invocations/${encodeURIComponent(id)}/resume`, { method: 'PATCH' })
      if (answer.status < 300) return true
      // Restate answers 404 or 409 where the invocation goes on or has ended.
      if (answer.status === 404 || answer.status === 409) return false
      throw refusal(answer, `to resume ${id}`)
    },
    purgeInvocation: async (id) => {
      const answer = await ask(`/invocations/${encodeURIComponent(id)}/purge`, { method: 'PATCH' })
      if (answer.status < 300) return true
      if (answer.status === 404) return false
      throw refusal(answer, `to purge ${id}`)
    },
  }
}

/**
 * The outcome of offering one request to each node in turn: the first answer below status 500, or a line about each
 * node's failure.
 */
interface RoundOfNodes {
  readonly answer: HttpAnswer | undefined
  readonly failures: readonly string[]
  /** Whether any node answered, even if only with a failure. */
  readonly isAnyReached: boolean
}

function failedEverywhere(sentence: string, failures: readonly string[]): ServiceError {
  return new ServiceError('admin-failed', [sentence, ...failures.map((failure) => `  ${failure}`)])
}

/** Quotes `text` as an SQL literal, because the admin API takes no query parameters. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
