/** Notes of attempts that began again: what is left of them tells of replicas that died. */
import { z } from 'zod'
import type { DatabasePool } from '../pool.ts'
import { execute, queryRows } from '../query.ts'
import type { AttemptNotes } from '../types.ts'

/** Days after which a note is deleted, whose invocation has ended without its replica. */
const KEPT_DAYS = 7

const begunRow = z.object({ begun: z.number() })

export function createAttemptNotes(pool: DatabasePool): AttemptNotes {
  return {
    async find(invocation, entries) {
      const text = 'select begun from attempt_notes where invocation_id = $1 and entries = $2'
      const [row] = await queryRows(pool, 'find the attempts of an invocation', begunRow, text, [invocation, entries])
      return row?.begun ?? 0
    },
    async begin(invocation, entries) {
      const text = `with old as (
          delete from attempt_notes where began_at < now() - make_interval(days => ${KEPT_DAYS}) and invocation_id <> $1
        )
        insert into attempt_notes as noted (invocation_id, entries, begun) values ($1, $2, 1)
        on conflict (invocation_id) do update set
          begun = case when noted.entries = excluded.entries then noted.begun + 1 else 1 end,
          entries = excluded.entries,
          began_at = now()`
      await execute(pool, 'note an attempt', text, [invocation, entries])
    },
    async end(invocation) {
      await execute(pool, 'end the note of an attempt', 'delete from attempt_notes where invocation_id = $1', [
        invocation,
      ])
    },
  }
}
