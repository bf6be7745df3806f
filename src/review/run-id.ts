/** Creates the ids of runs, which tell when each began. */
import { randomBytes } from 'node:crypto'

/**
 * Creates an id such as "run-20261122211306-9f86d081": the time in UTC, and random digits that distinguish runs of the
 * same second.
 */
export function createRunId(prefix: 'run' | 'review' | 'eval' | 'drift'): string {
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  return `${prefix}-${time}-${randomBytes(4).toString('hex')}`
}
