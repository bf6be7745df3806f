/** Client of the Restate admin API, tried over all nodes: each one knows the whole cluster. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { messageOf, ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json.ts'
import { createHttpClient, type HttpAnswer, type HttpRequest } from './http.ts'

export interface AdminClient {
  /** The node that answered last. */
  readonly url: string
  /** Rows of a query over the cluster's state. Rejects with admin-failed. */
  query<T>(sql: string, row: z.ZodType<T>): Promise<readonly T[]>
  /** False where there is nothing left to end. Rejects with admin-failed. */
  endInvocation(id: string, how: 'cancel' | 'kill'): Promise<boolean>
}

/** A query about thousands of invocations takes about a second. */
const ASK_MS = 30_000
/** While a partition changes its leader, queries over all of them fail: for seconds, longer where the CPU is short. */
const PATIENCE_MS = 30_000
const RETRY_MS = 1_000
const MAX_MESSAGE = 300

export function createAdminClient(urls: readonly string[], signal: AbortSignal): AdminClient {
  const request = createHttpClient()
  let current = 0
  const urlAt = (step: number) => urls[(current + step) % urls.length] ?? ''

  const askAll = async (path: string, what: Omit<HttpRequest, 'signal'>, failures: string[]) => {
    let isAnyThere = false
    for (let step = 0; step < urls.length; step += 1) {
      const url = urlAt(step)
      try {
        const bound = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)])
        const answer = await request(`${url}${path}`, { ...what, signal: bound })
        if (answer.status < 500) {
          current = (current + step) % urls.length
          return { answer, isAnyThere }
        }
        isAnyThere = true
        failures.push(`${url} answered ${answer.status}: ${answer.text.slice(0, MAX_MESSAGE)}`)
      } catch (error) {
        signal.throwIfAborted()
        failures.push(`${url}: ${messageOf(error)}`)
      }
    }
    return { answer: undefined, isAnyThere }
  }
  const ask = async (path: string, what: Omit<HttpRequest, 'signal'>): Promise<HttpAnswer> => {
    const deadline = performance.now() + PATIENCE_MS
    for (;;) {
      const failures: string[] = []
      const { answer, isAnyThere } = await askAll(path, what, failures)
      if (answer !== undefined) return answer
      if (!isAnyThere || performance.now() > deadline) {
        const way = 'does it run? Start it with npm start or npm run cluster:5node, or set RESTATE_ADMIN_URL'
        const what = isAnyThere ? 'No Restate node could answer' : `No Restate admin port answers: ${way}`
        throw new ServiceError('admin-failed', `${what}\n  ${failures.join('\n  ')}`)
      }
      await sleep(RETRY_MS, undefined, { signal })
    }
  }
  const refuse = (answer: HttpAnswer, what: string) => {
    const said = answer.text.slice(0, MAX_MESSAGE)
    return new ServiceError('admin-failed', `${urlAt(0)} refused ${what} (${answer.status}): ${said}`)
  }

  return {
    get url() {
      return urlAt(0)
    },
    query: async (sql, row) => {
      const answer = await ask('/query', { body: { query: sql }, headers: { accept: 'application/json' } })
      const parsed = z.object({ rows: z.array(row) }).safeParse(parseJson(answer.text))
      if (answer.status >= 300 || !parsed.success) throw refuse(answer, 'a query')
      return parsed.data.rows
    },
    endInvocation: async (id, how) => {
      const answer = await ask(`/invocations/${encodeURIComponent(id)}/${how}`, { method: 'PATCH' })
      if (answer.status < 300) return true
      // It ended by itself in the meantime.
      if (answer.status === 404 || answer.status === 409) return false
      throw refuse(answer, `to ${how} ${id}`)
    },
  }
}

/** A text as an SQL literal. The admin API takes no parameters. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
