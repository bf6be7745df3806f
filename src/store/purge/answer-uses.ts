/** Writes which runs an answer by shape was given in or reused in, by which a purge tells the answers of one run from those of others. */
import { type Column, namesOf, type Parameters, uniqueByKey, unnestRows } from '../bulk.ts'
import type { AnswerUse } from './types.ts'

const COLUMNS: readonly Column<AnswerUse>[] = [
  { name: 'run_id', type: 'text', value: (row) => row.runId },
  { name: 'shape_hash', type: 'text', value: (row) => row.shapeHash },
]

/** The parts of an SQL `with` statement that write uses, in order of their key, so that writers with uses in common cannot deadlock. */
export function writeAnswerUses(parameters: Parameters, uses: readonly AnswerUse[]): readonly string[] {
  if (uses.length === 0) return []
  const rows = uniqueByKey(
    uses,
    ({ runId, shapeHash }) => `${runId}\0${shapeHash}`,
    () => true,
  )
  const names = namesOf(COLUMNS)
  return [
    `use_rows as (
      insert into answer_uses (${names})
      select ${names} from ${unnestRows(parameters, COLUMNS, rows)} order by ${names}
      on conflict do nothing
    )`,
  ]
}
