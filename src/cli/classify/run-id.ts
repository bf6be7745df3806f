/** Creates and checks the ids of runs for the command line. */
import { randomBytes } from 'node:crypto'
import { RUN_ID as ANY_RUN_ID, RUN_ID_FORM } from '../../classification/batch-request.ts'
import { ServiceError } from '../../errors.ts'

const PREFIXES = ['run', 'review', 'eval', 'drift'] as const
const CREATED = new RegExp(`^(?:${PREFIXES.join('|')})-\\d{14}-[0-9a-f]{8}$`)

/** Whether `text` has the form of an id that `createRunId` makes, so that it hardly names anything else. */
export function isCreatedRunId(text: string): boolean {
  return CREATED.test(text)
}

/**
 * Creates an id such as "run-20261122211306-9f86d081": the time in UTC, and random digits that distinguish runs of the
 * same second.
 */
export function createRunId(prefix: (typeof PREFIXES)[number]): string {
  const time = new Date().toISOString().replace(/\D/g, '').slice(0, 14)
  return `${prefix}-${time}-${randomBytes(4).toString('hex')}`
}

/** The form of a run id. A run id becomes the name of a file and a part of SQL, so it may hold no other characters. */
const RUN_ID = /^[A-Za-z0-9_-]{1,100}$/

/** Whether `text` has the form of the ids that `createRunId` makes. */
export function isRunId(text: string): boolean {
  return RUN_ID.test(text)
}

/** Throws ServiceError input-invalid where `text`, which a user typed, cannot be the id of a run. */
export function checkRunId(text: string): void {
  if (isRunId(text)) return
  throw new ServiceError('input-invalid', `"${text.slice(0, 100)}" is not the id of a run (letters, digits, - and _)`)
}

/** Throws ServiceError input-invalid where `text` cannot be the id of a run, also of one that callers of the service named. */
export function checkAnyRunId(text: string): void {
  if (ANY_RUN_ID.test(text)) return
  throw new ServiceError('input-invalid', `"${text.slice(0, 100)}" is not the id of a run (${RUN_ID_FORM})`)
}
