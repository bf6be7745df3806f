/** Runs statements that are sent many times a second by name, so that the database keeps their plans.
 *
 * Planning such a statement costs as much as running it for a dozen rows. A PgBouncer before 1.21, or one that is set so, does not carry
 * names over in transaction mode: the statements of its clients are then sent as all others are.
 */
import { isRecord } from '../../lib/json/json.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { Cell } from '../bulk.ts'
import { toDatabaseError } from '../database-error.ts'
import type { DatabasePool } from '../pool.ts'

/** The SQLSTATEs of a name that another connection gave away, or that is not known where the statement arrived. */
const NAMES_ARE_LOST = new Set(['26000', '42P05'])

/** The pools behind which names are lost. */
const unnamed = new WeakSet<DatabasePool>()

/** The names of the texts that were sent. There are a few texts, because rows travel in arrays. */
const names = new Map<string, string>()

/**
 * Runs one statement that returns no rows which matter, under a name that is a hash of its text: releases with other texts, which
 * share connections behind PgBouncer, so never run each other's. The plan may be made while the tables are empty, so that this is only
 * for statements that find rows by a unique key and read no table. Rejects as `execute` does.
 */
export async function executeNamed(
  pool: DatabasePool,
  doing: string,
  text: string,
  values: readonly (Cell | readonly Cell[])[],
): Promise<void> {
  try {
    if (!unnamed.has(pool)) {
      try {
        await pool.query({ name: nameOf(text), text, values: [...values] })
        return
      } catch (error) {
        // The statement was refused before it did anything, so that it may be sent again.
        if (!isRecord(error) || !NAMES_ARE_LOST.has(String(error.code))) throw error
        unnamed.add(pool)
      }
    }
    await pool.query(text, [...values])
  } catch (error) {
    throw toDatabaseError(error, doing)
  }
}

function nameOf(text: string): string {
  const known = names.get(text)
  if (known !== undefined) return known
  const name = `classify_${sha256(text).slice(0, 24)}`
  names.set(text, name)
  return name
}
