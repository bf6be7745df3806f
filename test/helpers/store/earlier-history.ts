/** Saves results as the release before migration 037 did: the latest ones and the history of all, in one statement. */
import type { Classification } from '../../../src/classification/types.ts'
import { SHARED_RESULT_COLUMNS } from '../../../src/store/results.ts'
import { SCOPE } from './batches.ts'

const REST = SHARED_RESULT_COLUMNS.filter((name) => name !== 'run_id')
const COLUMNS = ['catalogue', 'codebook_name', 'indicator_id', 'run_id', ...REST].join(', ')
const replacing = (names: readonly string[]) => names.map((name) => `${name} = excluded.${name}`).join(', ')

export async function saveAsEarlierRelease(
  { rows }: { readonly rows: (statement: string) => Promise<unknown> },
  classifications: readonly Classification[],
  { startedAt, sequence }: { readonly startedAt: string; readonly sequence: number },
): Promise<void> {
  const given = classifications.map((one) => ({
    ...one,
    ...{ codebook_name: SCOPE.codebook, run_started_at: startedAt, sequence },
    ...{ input_hash: `hash of ${one.indicator_id}`, mode: 'hybrid', asked_model: 'gpt-6-luna', unanswered: false },
  }))
  const json = JSON.stringify(given).replaceAll("'", "''")
  await rows(`with given as materialized (
      select * from json_populate_recordset(null::result_history, '${json}') order by catalogue, indicator_id
    ), latest_rows as (
      insert into results as old (${COLUMNS}) select ${COLUMNS} from given
      on conflict (codebook_name, catalogue, indicator_id) do update set ${replacing(SHARED_RESULT_COLUMNS)}
      where (old.sequence, old.classified_at, old.run_id) < (excluded.sequence, excluded.classified_at, excluded.run_id)
        and (old.source <> 'person' or excluded.source = 'person' or old.input_hash <> excluded.input_hash)
    )
    insert into result_history as old (run_started_at, ${COLUMNS}) select run_started_at, ${COLUMNS} from given
    on conflict (run_id, codebook_name, catalogue, indicator_id, run_started_at) do update set ${replacing(REST)}
    where (old.sequence, old.classified_at) < (excluded.sequence, excluded.classified_at)`)
}
