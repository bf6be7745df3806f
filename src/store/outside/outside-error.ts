/** Turns what a user's own database refuses into a `ServiceError` that says what to change. */
import { isServiceError, ServiceError } from '../../errors.ts'
import { isRecord } from '../../lib/json/json.ts'
import { visibleText } from '../../lib/visible-text.ts'
import { toDatabaseError } from '../database-error.ts'

/**
 * The classes of SQLSTATE whose messages name parts of the user's own statement or schema: syntax and access, names, and what a
 * read-only transaction refuses.
 */
const OF_THE_STATEMENT = /^(?:42|3F|3D|0A|25006)/
const MAX_MESSAGE = 300

/** `doing` completes the sentence "the database failed to …", and names the database. */
export function toOutsideError(error: unknown, doing: string): ServiceError {
  if (isServiceError(error)) return error
  const code = isRecord(error) && typeof error['severity'] === 'string' ? String(error['code']) : ''
  if (!OF_THE_STATEMENT.test(code)) return toDatabaseError(error, doing)
  const said = error instanceof Error ? visibleText(error.message).slice(0, MAX_MESSAGE) : ''
  return new ServiceError('input-invalid', `The database refused to ${doing}: ${said} (SQLSTATE ${code})`)
}
