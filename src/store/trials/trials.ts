/** Stores the trial of each run in the row of the run, which a transaction locks while the trial is decided. */
import { z } from 'zod'
import { isRecord } from '../../lib/json/json.ts'
import type { DatabasePool } from '../pool.ts'
import { queryRows } from '../query.ts'
import { inTransaction } from '../transaction.ts'
import type { TrialState, TrialStore, TriedModel } from './trial-types.ts'

/**
 * Begins a change with time limits in milliseconds that the server keeps. Without `idle_in_transaction_session_timeout` a
 * process that is stopped between its statements would keep the lock, and no chunk of the run could go on.
 */
const BEGIN = `begin;
  set local lock_timeout = 5000;
  set local idle_in_transaction_session_timeout = 5000`

const count = z.number().min(0)

const trialSchema = z.object({
  part: count,
  outcome: z.enum(['open', 'usable', 'stopped']),
  holders: z.array(z.object({ id: z.string(), until: z.number() })),
  alike: z.object({ code: z.string(), count, subjects: z.array(z.string()) }).nullable(),
  failed: count,
  away: count,
  // Earlier releases did not count them.
  empty: count.default(0),
  tooLong: z.object({ size: count, message: z.string() }).nullable(),
  notBefore: z.number(),
  stop: z.object({ code: z.string(), message: z.string(), at: z.number() }).nullable(),
})

/**
 * The trials of a run as they are stored: that of the primary model, and in a property of it that of the escalation model. A trial
 * that a later release wrote in another form counts as none, so that the run is tried again.
 */
const row = z.object({
  trial: z.unknown().transform((trial): Trials => {
    const { escalation = null, refusal = null } = isRecord(trial) ? trial : {}
    return { primary: trialOf(trial), escalation: trialOf(escalation), refusal }
  }),
})

/** Beside the trials stands what the cost limit of the run has refused, which a change of a trial keeps. */
type Trials = Readonly<Record<TriedModel, TrialState | null>> & { readonly refusal: unknown }

function trialOf(trial: unknown): TrialState | null {
  return trialSchema.safeParse(trial).data ?? null
}

function toStored({ primary, escalation, refusal }: Trials): string | null {
  if (primary === null && escalation === null && refusal === null) return null
  const more = { ...(escalation === null ? {} : { escalation }), ...(refusal === null ? {} : { refusal }) }
  return JSON.stringify({ ...primary, ...more })
}

/** The trials on a pool of `createPool`, which the caller opens and closes. */
export function createTrialStore(pool: DatabasePool): TrialStore {
  return {
    async read(runId, model) {
      const text = 'select trial from runs where run_id = $1'
      const [found] = await queryRows(pool, 'read the trial of a run', row, text, [runId])
      return found?.trial[model]
    },

    change: (runId, model, decide) =>
      inTransaction(pool, { doing: 'change the trial of a run', begin: BEGIN }, async (client) => {
        const { rows } = await client.query<{ trial: unknown; now: number }>(
          `select trial, (extract(epoch from clock_timestamp()) * 1000)::float8 as now from runs
           where run_id = $1 for no key update`,
          [runId],
        )
        const [found] = rows
        if (found === undefined) return undefined
        const before = row.parse(found).trial
        const decision = decide(before[model], found.now)
        if (decision.state !== before[model]) {
          const text = 'update runs set trial = $2 where run_id = $1'
          await client.query(text, [runId, toStored({ ...before, [model]: decision.state })])
        }
        return decision
      }),
  }
}
