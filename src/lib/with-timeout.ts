/** A bound on how long an answer is waited for. */
import { ServiceError } from '../errors.ts'

/** Rejects with database-unavailable after `ms`; what comes later is thrown away. */
export async function within<T>(ms: number, doing: string, answer: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new ServiceError('database-unavailable', `The database did not ${doing} in ${ms} ms`))
  }, ms)
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
    // The one that lost the race may still reject, and no one listens any more.
    answer.catch(() => {})
  }
}
