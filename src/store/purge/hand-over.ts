/** The steps of a purge that take the latest inputs and results, and the history, and hand over what another run brought too. */
import { z } from 'zod'
import { SHARED_RESULT_COLUMNS } from '../results.ts'
import { change, NOTHING, ROWS_PER_STEP, read, removal, SCANNED_ROWS, type Step } from './step.ts'

/**
 * The latest result that another run gave for the same indicator with the same text as the row `mine`. That run then counts
 * as the one which brought the text.
 */
export const heirOf = (condition: string) => `(
  select * from run_results other
  where other.indicator_id = mine.indicator_id and other.catalogue = mine.catalogue
    and other.input_hash = mine.input_hash and other.run_id <> $1 ${condition}
  order by other.sequence desc, other.classified_at desc, other.run_id desc limit 1
)`
export const OF_SAME_CODEBOOK = 'and other.codebook_name = mine.codebook_name'

const handedRow = z.object({ removed: z.int(), kept: z.int() })

/** `mine` with the rows of `result_inputs` of the run: those whose text another run brought too become that run's. */
const HAND_OVER_INPUTS = `heirs as materialized (
    select mine.catalogue, mine.indicator_id, heir.run_id, heir.classified_at, heir.sequence
    from mine cross join lateral ${heirOf('')} heir
  ), handed as (
    update result_inputs i set run_id = heir.run_id, classified_at = heir.classified_at, sequence = heir.sequence
    from heirs heir where i.catalogue = heir.catalogue and i.indicator_id = heir.indicator_id returning 1
  ), gone as (
    delete from result_inputs i using mine
    where i.catalogue = mine.catalogue and i.indicator_id = mine.indicator_id and not exists (
      select from heirs heir where heir.catalogue = mine.catalogue and heir.indicator_id = mine.indicator_id
    ) returning 1
  )
  select (select count(*) from gone)::int as removed, (select count(*) from handed)::int as kept`

const list = (prefix: string) => SHARED_RESULT_COLUMNS.map((name) => `${prefix}${name}`).join(', ')
export const KEY = ['codebook_name', 'catalogue', 'indicator_id']
const sameKey = (a: string, b: string) => KEY.map((name) => `${a}.${name} = ${b}.${name}`).join(' and ')

/**
 * `mine` with the rows of `results` of the run: where another run gave a result for the same text, its latest one takes the place. A
 * trigger takes all of `mine` into the history.
 */
const HAND_OVER_RESULTS = `heirs as materialized (
    select heir.* from mine cross join lateral ${heirOf(OF_SAME_CODEBOOK)} heir
  ), handed as (
    update results r set (${list('')}) = row(${list('heir.')}) from heirs heir where ${sameKey('r', 'heir')} returning 1
  ), gone as (
    delete from results r using mine
    where ${sameKey('r', 'mine')} and not exists (select from heirs heir where ${sameKey('heir', 'mine')}) returning 1
  )
  select (select count(*) from gone)::int as removed, (select count(*) from handed)::int as kept`

/** Pages of the results of the run that are the latest ones, which go into its history, and of its history with the latest inputs. */
export function resultsStep(runId: string): Step {
  const page = `page as materialized (
    select ${KEY.join(', ')}, run_started_at from result_history where run_id = $1
    order by ${KEY.join(', ')}, run_started_at limit ${ROWS_PER_STEP}
  )`
  return async (client) => {
    const [results = NOTHING] = await read(
      client,
      handedRow,
      `with mine as materialized (
         select ${KEY.join(', ')}, input_hash from results where run_id = $1
         order by catalogue, indicator_id, codebook_name limit ${ROWS_PER_STEP} for update
       ), ${HAND_OVER_RESULTS}`,
      [runId],
    )
    const [inputs = NOTHING] = await read(
      client,
      handedRow,
      `with ${page}, mine as materialized (
         select i.catalogue, i.indicator_id, i.input_hash from result_inputs i
         where i.run_id = $1 and (i.catalogue, i.indicator_id) in (select catalogue, indicator_id from page)
         order by i.catalogue, i.indicator_id for update
       ), ${HAND_OVER_INPUTS}`,
      [runId],
    )
    const key = `run_id, ${KEY.join(', ')}, run_started_at`
    const history = await change(
      client,
      `with ${page} delete from result_history where (${key}) in (select $1::text, page.* from page)`,
      [runId],
    )
    return {
      counts: { result_inputs: inputs, results, result_history: removal(history) },
      hasMore: history >= ROWS_PER_STEP || results.removed + results.kept >= ROWS_PER_STEP,
    }
  }
}

/** Inputs of the run whose history is gone already, by retention. */
export function inputsWithoutHistoryStep(runId: string): Step {
  return async (client) => {
    const mine = `mine as materialized (
      select catalogue, indicator_id, input_hash from result_inputs where run_id = $1 limit ${SCANNED_ROWS} for update
    )`
    const [inputs = NOTHING] = await read(client, handedRow, `with ${mine}, ${HAND_OVER_INPUTS}`, [runId])
    return { counts: { result_inputs: inputs }, hasMore: inputs.removed + inputs.kept >= SCANNED_ROWS }
  }
}
