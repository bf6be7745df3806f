/** Work on many invocations by the admin API: queries about them in parts, and requests for each of them, some at the same time. */
import type { z } from 'zod'
import { type AdminClient, sqlText } from './admin.ts'

/** The number of invocation ids in one query, which keeps the text of the query short. */
const IDS_PER_QUERY = 200
/** The number of requests about invocations that are in flight at the same time. */
const REQUESTS_AT_ONCE = 16

/** The rows of the queries that `sqlOf` builds for the ids, which it gets as the inside of an SQL list. */
export async function queryByIds<T>(
  admin: AdminClient,
  ids: readonly string[],
  sqlOf: (list: string) => string,
  row: z.ZodType<T>,
): Promise<readonly T[]> {
  const found: T[] = []
  for (let start = 0; start < ids.length; start += IDS_PER_QUERY) {
    const some = ids.slice(start, start + IDS_PER_QUERY).map(sqlText)
    found.push(...(await admin.query(sqlOf(some.join(', ')), row)))
  }
  return found
}

/** Does `work` for each id. Rejects with the first failure, after which no further work begins. */
export async function forEachId(ids: readonly string[], work: (id: string) => Promise<unknown>): Promise<void> {
  const left = [...ids]
  const worker = async () => {
    try {
      for (let id = left.pop(); id !== undefined; id = left.pop()) await work(id)
    } catch (error) {
      left.length = 0
      throw error
    }
  }
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, worker))
}
