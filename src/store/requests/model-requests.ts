/** Writes requests to models, reserves their cost under the limit of a run, and reads what earlier requests took. */
import { z } from 'zod'
import { SNAPSHOT_SUFFIX } from '../../lib/model-names.ts'
import { writeAnswers } from '../answers.ts'
import { type Column, namesOf, Parameters, storableText, unnestRows } from '../bulk.ts'
import { executeNamed } from '../connection/named-statements.ts'
import type { DatabasePool } from '../pool.ts'
import { writeAnswerUses } from '../purge/answer-uses.ts'
import type { AnswerUse } from '../purge/types.ts'
import { queryRows } from '../query.ts'
import type { AnswerToStore } from '../types.ts'
import type { CostReservation, CostToReserve, ModelUse, RequestToBook } from './types.ts'

/** The outcome of a request that has not ended. */
export const SENT = 'sent'

const KEY_COLUMNS: readonly Column<RequestToBook>[] = [
  { name: 'request_id', type: 'text', value: ({ request }) => request.requestId },
  { name: 'requested_at', type: 'timestamptz', value: ({ request }) => request.requestedAt },
  { name: 'run_id', type: 'text', value: (row) => storableText(row.runId) },
  { name: 'batch_id', type: 'text', value: (row) => row.batchId },
  { name: 'tier', type: 'text', value: ({ request }) => request.tier },
  { name: 'indicators', type: 'int4', value: ({ request }) => request.indicators },
  { name: 'round', type: 'int4', value: ({ request }) => request.round ?? 0 },
]

/** The columns that are known only when a request has ended. */
const END_COLUMNS: readonly Column<RequestToBook>[] = [
  { name: 'model', type: 'text', value: ({ request }) => storableText(request.model) },
  { name: 'input_tokens', type: 'int8', value: ({ request }) => request.inputTokens },
  { name: 'cached_input_tokens', type: 'int8', value: ({ request }) => request.cachedInputTokens },
  { name: 'output_tokens', type: 'int8', value: ({ request }) => request.outputTokens },
  { name: 'cost_usd', type: 'numeric', value: ({ request }) => request.costUsd },
  { name: 'latency_ms', type: 'float8', value: ({ request }) => request.latencyMs },
  { name: 'outcome', type: 'text', value: ({ request }) => storableText(request.outcome) },
  { name: 'provider_request_id', type: 'text', value: ({ request }) => request.providerRequestId ?? null },
  { name: 'service_tier', type: 'text', value: ({ request }) => request.serviceTier ?? null },
  { name: 'estimated', type: 'bool', value: ({ request }) => request.estimated ?? false },
]

const COLUMNS = [...KEY_COLUMNS, ...END_COLUMNS]
const NAMES = namesOf(COLUMNS)

/**
 * The parts of an SQL `with` statement that write requests, in order of their runs, so that replicas that count for the same runs wait
 * for each other and cannot deadlock. A request that has ended stays as it is.
 */
export function writeRequests(parameters: Parameters, requests: readonly RequestToBook[]): readonly string[] {
  if (requests.length === 0) return []
  const ended = END_COLUMNS.map(({ name }) => `${name} = excluded.${name}`).join(', ')
  return [
    `request_rows as (
      insert into llm_requests as old (${NAMES})
      select ${NAMES} from ${unnestRows(parameters, COLUMNS, requests)} order by run_id, request_id, requested_at
      on conflict (request_id, requested_at) do update set ${ended}
      where old.outcome = '${SENT}' and excluded.outcome <> '${SENT}'
    )`,
  ]
}

/** Books requests, and keeps the answers that they brought, in one statement. Booking the same again changes nothing. */
export async function bookRequests(
  pool: DatabasePool,
  requests: readonly RequestToBook[],
  answers: readonly AnswerToStore[],
  answeredAt: string,
  uses: readonly AnswerUse[] = [],
): Promise<void> {
  const parameters = new Parameters()
  const parts = [
    ...writeAnswers(parameters, answers, answeredAt),
    ...writeAnswerUses(parameters, uses),
    ...writeRequests(parameters, requests),
  ]
  if (parts.length > 0)
    await executeNamed(pool, 'book requests', `with ${parts.join(',\n')}\nselect`, parameters.values)
}

/**
 * A request in flight that began longer ago than this counts as spent in full, because its replica is lost: no request to a model may
 * take so long.
 */
const LONGEST_REQUEST = "interval '20 minutes'"

/** Amounts may exceed a limit by this many US dollars, because sums of floating point numbers are inexact. */
const ROUNDING_USD = 1e-9

const reservationRow = z
  .object({
    request_id: z.string(),
    is_granted: z.boolean(),
    spent_usd: z.number(),
    in_flight_usd: z.number(),
  })
  .transform((row): CostReservation & { readonly requestId: string } => ({
    requestId: row.request_id,
    isGranted: row.is_granted,
    spentUsd: row.spent_usd,
    inFlightUsd: row.in_flight_usd,
  }))

/**
 * Books each request as sent, at the most that it can cost, unless the run would then have cost more than the limit of the request. The
 * row of the run is locked meanwhile, and with it all reservations of other replicas for the same run. Of several at once the cheapest
 * are granted first, since a dear one that does not fit must keep no cheaper one from starting. Returns what became of each, by the id
 * of the request.
 */
export async function reserveCosts(
  pool: DatabasePool,
  reservations: readonly CostToReserve[],
): Promise<ReadonlyMap<string, CostReservation>> {
  const parameters = new Parameters()
  const limits: readonly Column<CostToReserve>[] = [{ name: 'max_usd', type: 'numeric', value: (row) => row.maxUsd }]
  const given = unnestRows(parameters, [...COLUMNS, ...limits] as readonly Column<CostToReserve>[], reservations)
  const found = await queryRows(
    pool,
    'reserve the cost of requests',
    reservationRow,
    `with given as materialized (select * from ${given}),
     locked as materialized (
       select run_id, cost_usd as spent_usd from runs
       where run_id in (select run_id from given) order by run_id for no key update
     ),
     decided as materialized (
       select given.*, coalesce(spent_usd, 0) as spent_usd,
         coalesce(spent_usd, 0) + sum(cost_usd) over (partition by run_id order by cost_usd, requested_at, request_id)
           <= max_usd + ${ROUNDING_USD} as is_granted
       from given left join locked using (run_id)
     ),
     request_rows as (
       insert into llm_requests (${NAMES})
       select ${NAMES} from decided where is_granted order by run_id, request_id
       on conflict (request_id, requested_at) do nothing
     ),
     -- Read once for each run that was refused something, and of the last minutes alone: runs hold this lock by turns.
     in_flight as materialized (
       select run_id, sum(cost_usd) as usd from llm_requests
       where run_id in (select run_id from decided where not is_granted) and outcome = '${SENT}'
         and requested_at > statement_timestamp() - ${LONGEST_REQUEST}
       group by run_id
     )
     select request_id, is_granted, spent_usd + granted_usd as spent_usd,
       case when is_granted then 0 else granted_usd + coalesce(in_flight.usd, 0) end as in_flight_usd
     from (
       select *, coalesce(sum(cost_usd) filter (where is_granted) over (partition by run_id), 0) as granted_usd from decided
     ) decided left join in_flight using (run_id)`,
    parameters.values,
  )
  return new Map(found.map(({ requestId, ...one }) => [requestId, one]))
}

const count = z.int().min(0)

const useRow = z
  .object({
    indicators: count,
    input_tokens: count,
    cached_input_tokens: count,
    output_tokens: count,
    first_requests: count,
    first_input: count,
    first_output: count,
    all_requests: count,
    all_input: count,
    all_output: count,
  })
  .transform((row): ModelUse => {
    const ratio = (all: number, first: number) => (first === 0 ? 1 : Math.max(1, all / first))
    return {
      indicators: row.indicators,
      inputTokens: row.input_tokens,
      cachedInputTokens: row.cached_input_tokens,
      outputTokens: row.output_tokens,
      repeats: {
        requests: ratio(row.all_requests, row.first_requests),
        input: ratio(row.all_input, row.first_input),
        output: ratio(row.all_output, row.first_output),
      },
    }
  })

/** The number of latest requests that `findModelUse` looks at, so that its cost does not grow with the table. */
const LATEST_REQUESTS = 2_000
/** A request of an earlier release that was booked with more tokens than this had them from an endpoint that named absurd numbers. */
const MOST_TOKENS = 10_000_000

/** The id of a request is that of its chunk's invocation, with the number of the step behind it. */
const CHUNK_OF_REQUEST = "regexp_replace(request_id, '-[0-9]+$', '')"

/** The tokens that recent requests to `model`, or to a dated snapshot of the model, took; undefined where there were none. */
export async function findModelUse(pool: DatabasePool, model: string): Promise<ModelUse | undefined> {
  const ok = ['indicators', 'input_tokens', 'cached_input_tokens', 'output_tokens'].map(
    (name) => `coalesce(sum(${name}) filter (where outcome = 'ok'), 0) as ${name}`,
  )
  const sums = (prefix: string, filter: string) => [
    `count(*) ${filter} as ${prefix}_requests`,
    `coalesce(sum(input_tokens) ${filter}, 0) as ${prefix}_input`,
    `coalesce(sum(output_tokens) ${filter}, 0) as ${prefix}_output`,
  ]
  // Of the tries of one chunk the last one counts as the first question; the others, and what is asked again later, are repeats.
  const isFirst = 'filter (where round = 0 and tries_left = 1)'
  const [found] = await queryRows(
    pool,
    'read the use of a model',
    useRow,
    `select ${[...ok, ...sums('first', isFirst), ...sums('all', '')].join(', ')}
     from (
       select *, row_number() over (partition by ${CHUNK_OF_REQUEST} order by requested_at desc) as tries_left
       from (select * from llm_requests order by requested_at desc limit ${LATEST_REQUESTS}) latest
     ) numbered
     where tier = 'primary' and outcome <> '${SENT}'
       and input_tokens <= ${MOST_TOKENS} and output_tokens <= ${MOST_TOKENS}
       and (model = $1 or (starts_with(model, $1) and substr(model, length($1) + 1) ~ $2))`,
    [storableText(model), SNAPSHOT_SUFFIX],
  )
  return found === undefined || found.indicators === 0 ? undefined : found
}
