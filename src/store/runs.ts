/** Opens runs, and writes and sums up what their batches did and which model requests they cost. */
import { z } from 'zod'
import { ServiceError } from '../errors.ts'
import { assignExcluded, type Column, namesOf, type Parameters, unnestRows } from './bulk.ts'
import type { DatabasePool } from './pool.ts'
import { execute, queryRows } from './query.ts'
import { NEXT_SEQUENCE } from './results.ts'
import type { BatchToSave, OpenedRun, RunTotals } from './types.ts'

/**
 * Marks the runs that a release with codebooks opens. The database refuses new runs without a mark, which releases before
 * it would open during a rolling update (migration 009).
 */
const WRITES = 'results'

const startRow = z.object({ started_at: z.iso.datetime() })

/** When the run was opened, ISO 8601; undefined where no batch has opened it. */
export async function findRunStart(pool: DatabasePool, runId: string): Promise<string | undefined> {
  const text = 'select started_at from runs where run_id = $1'
  const [found] = await queryRows(pool, 'read the start of a run', startRow, text, [runId])
  return found?.started_at
}

const openedRow = startRow.extend({ sequence: z.int().min(1) })

/**
 * Opens a run and returns its start by the database's clock, the same for every batch of the run, with a number of the
 * caller's own, greater than those of all callers before. The start is cut to milliseconds, because it is part of a key
 * and must read back from its text unchanged.
 */
export async function openRun(pool: DatabasePool, runId: string): Promise<OpenedRun> {
  const text = `select started_at, ${NEXT_SEQUENCE} as sequence from runs where run_id = $1`
  const [known] = await queryRows(pool, 'open a run', openedRow, text, [runId])
  if (known !== undefined) return { startedAt: known.started_at, sequence: known.sequence }
  // The `update` changes no value, and makes the statement return the row also where another batch has just inserted
  // it.
  const [opened] = await queryRows(
    pool,
    'open a run',
    openedRow,
    `insert into runs (run_id, started_at, writes)
     values ($1, date_trunc('milliseconds', clock_timestamp()), '${WRITES}')
     on conflict (run_id) do update set run_id = excluded.run_id
     returning started_at, ${NEXT_SEQUENCE} as sequence`,
    [runId],
  )
  if (opened === undefined) throw new ServiceError('database-failed', 'The database failed to open a run: no row')
  return { startedAt: opened.started_at, sequence: opened.sequence }
}

/** The parts of a batch or of a review that its totals are made of. */
type Totalled = Pick<BatchToSave, 'runId' | 'batchId' | 'totals' | 'invocationId'>

const BATCH_COLUMNS: readonly Column<Totalled>[] = [
  { name: 'run_id', type: 'text', value: (batch) => batch.runId },
  { name: 'batch_id', type: 'text', value: (batch) => batch.batchId },
  { name: 'invocation_id', type: 'text', value: (batch) => batch.invocationId ?? null },
  { name: 'indicators', type: 'int4', value: ({ totals }) => totals.indicators },
  { name: 'classified', type: 'int4', value: ({ totals }) => totals.classified },
  { name: 'unchanged', type: 'int4', value: ({ totals }) => totals.unchanged },
  { name: 'needs_review', type: 'int4', value: ({ totals }) => totals.needsReview },
  { name: 'unverified', type: 'int4', value: ({ totals }) => totals.unverified },
  { name: 'from_rules', type: 'int4', value: ({ totals }) => totals.bySource.rules },
  { name: 'from_reuse', type: 'int4', value: ({ totals }) => totals.bySource.reuse },
  { name: 'from_model', type: 'int4', value: ({ totals }) => totals.bySource.model },
  { name: 'from_escalation', type: 'int4', value: ({ totals }) => totals.bySource.escalation },
  { name: 'from_person', type: 'int4', value: ({ totals }) => totals.bySource.person },
  { name: 'model_requests', type: 'int4', value: ({ totals }) => totals.modelRequests },
  { name: 'input_tokens', type: 'int8', value: ({ totals }) => totals.inputTokens },
  { name: 'cached_input_tokens', type: 'int8', value: ({ totals }) => totals.cachedInputTokens },
  { name: 'output_tokens', type: 'int8', value: ({ totals }) => totals.outputTokens },
  { name: 'cost_usd', type: 'numeric', value: ({ totals }) => totals.costUsd },
]

/**
 * The part of an SQL `with` statement that opens the run of a batch again where retention has deleted it, which happens
 * to a run that saved nothing for longer than the retention period. The run keeps the start that the batch was given.
 */
export function reopenRun(
  parameters: Parameters,
  batch: Pick<BatchToSave, 'runId' | 'runStartedAt'>,
): readonly string[] {
  const runId = parameters.bind(batch.runId)
  const startedAt = parameters.bind(batch.runStartedAt)
  return [
    `run_row as (
      insert into runs (run_id, started_at, writes) values (${runId}::text, ${startedAt}::timestamptz, '${WRITES}')
      on conflict do nothing
    )`,
  ]
}

/**
 * The main statement after an SQL `with`, which writes the totals of the batch. A batch that is saved again replaces
 * its totals, so that it counts once in the sums of its run.
 */
export function writeBatchTotals(parameters: Parameters, batch: Totalled): string {
  const names = namesOf(BATCH_COLUMNS)
  return `insert into run_batches (${names}, saved_at)
    select ${names}, clock_timestamp() from ${unnestRows(parameters, BATCH_COLUMNS, [batch])}
    on conflict (run_id, batch_id) do update set ${assignExcluded(BATCH_COLUMNS, 'run_id', 'batch_id')}, saved_at = excluded.saved_at
    where (${namesOf(BATCH_COLUMNS, 'run_batches.')}) is distinct from (${namesOf(BATCH_COLUMNS, 'excluded.')})`
}

const count = z.int().min(0)

const totalsRow = z
  .object({
    run_id: z.string(),
    started_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
    batches: count,
    answered: count,
    indicators: count,
    classified: count,
    unchanged: count,
    needs_review: count,
    unverified: count,
    from_rules: count,
    from_reuse: count,
    from_model: count,
    from_escalation: count,
    from_person: count,
    model_requests: count,
    input_tokens: count,
    cached_input_tokens: count,
    output_tokens: count,
    cost_usd: z.number().min(0),
    estimated_requests: count,
    estimated_cost_usd: z.number(),
    flex_requests: count,
    flex_cost_usd: z.number(),
    priority_requests: count,
    priority_cost_usd: z.number(),
  })
  .transform(
    (row): RunTotals => ({
      runId: row.run_id,
      startedAt: row.started_at,
      updatedAt: row.updated_at,
      batches: row.batches,
      answered: row.answered,
      indicators: row.indicators,
      classified: row.classified,
      unchanged: row.unchanged,
      needsReview: row.needs_review,
      unverified: row.unverified,
      bySource: {
        rules: row.from_rules,
        reuse: row.from_reuse,
        model: row.from_model,
        escalation: row.from_escalation,
        person: row.from_person,
      },
      modelRequests: row.model_requests,
      inputTokens: row.input_tokens,
      cachedInputTokens: row.cached_input_tokens,
      outputTokens: row.output_tokens,
      costUsd: row.cost_usd,
      estimatedRequests: row.estimated_requests,
      // Sums of amounts that were added and taken away again may end a little below 0.
      estimatedCostUsd: Math.max(0, row.estimated_cost_usd),
      ...serviceTiersOf({
        flex: { requests: row.flex_requests, costUsd: Math.max(0, row.flex_cost_usd) },
        priority: { requests: row.priority_requests, costUsd: Math.max(0, row.priority_cost_usd) },
      }),
    }),
  )

/** The tiers that took requests; nothing where none of them did. */
function serviceTiersOf(all: NonNullable<RunTotals['serviceTiers']>): Pick<RunTotals, 'serviceTiers'> {
  const taken = Object.entries(all).filter(([, tier]) => tier.requests > 0)
  return taken.length === 0 ? {} : { serviceTiers: Object.fromEntries(taken) }
}

/** The columns of the row of a run that hold what it was billed. */
const BILLED_COLUMNS = [
  'model_requests',
  'input_tokens',
  'cached_input_tokens',
  'output_tokens',
  'cost_usd',
  'estimated_requests',
  'estimated_cost_usd',
  'flex_requests',
  'flex_cost_usd',
  'priority_requests',
  'priority_cost_usd',
]
/** The columns of a batch that do not sum up to a figure of its run. */
const UNSUMMED: ReadonlySet<string> = new Set(['run_id', 'batch_id', 'invocation_id', ...BILLED_COLUMNS])

/** The sums over the saved batches of a run, and what the run was billed; undefined where no batch has opened the run. */
export async function findRun(pool: DatabasePool, runId: string): Promise<RunTotals | undefined> {
  const counted = BATCH_COLUMNS.map((column) => column.name).filter((name) => !UNSUMMED.has(name))
  // In PostgreSQL the sum of int8 is numeric, which the pool reads as a number.
  const sums = counted.map((name) => `coalesce(sum(b.${name}), 0) as ${name}`).join(', ')
  const billed = BILLED_COLUMNS.map((name) => `r.${name}`).join(', ')
  const [found] = await queryRows(
    pool,
    'read a run',
    totalsRow,
    `select r.run_id, r.started_at, coalesce(max(b.saved_at), r.started_at) as updated_at,
       count(b.batch_id) as batches, r.answered, ${billed}, ${sums}
     from runs r left join run_batches b on b.run_id = r.run_id
     where r.run_id = $1
     group by r.run_id`,
    [runId],
  )
  return found
}

/**
 * Adds to the counts of answered indicators. The rows are locked in order of their key, so that replicas that count for
 * the same runs wait for each other and cannot deadlock.
 */
export async function addAnswered(pool: DatabasePool, counts: ReadonlyMap<string, number>): Promise<void> {
  await execute(
    pool,
    'count answered indicators',
    `with given as (select * from unnest($1::text[], $2::int8[]) as given (run_id, answered)),
     locked as (select run_id from runs where run_id in (select run_id from given) order by run_id for no key update)
     update runs set answered = runs.answered + given.answered
     from given join locked using (run_id) where runs.run_id = given.run_id`,
    [[...counts.keys()], [...counts.values()]],
  )
}
