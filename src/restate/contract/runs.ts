/** The contract of classify-api/run, runs and drive: what runs are doing, who drives each, and what people want of them. */
import { z } from 'zod'
import { MAX_COST_USD } from '../../classification/batch-request.ts'
import type { DeepReadonly } from '../../lib/deep-readonly.ts'
import { RUN_OUTCOMES, RUN_STATES, WANTED_STATES } from '../../lib/run-states.ts'
import { totalsSchema } from './batch.ts'
import { idSchema } from './id.ts'

const count = z.int().min(0)
const nullableText = z.string().nullable()
/** A service of an earlier release tells none. */
const maxCost = z
  .number()
  .nullable()
  .optional()
  .describe('The most that the run may cost in US dollars, as it was told or set last; null where nobody has.')

const costStop = z
  .object({
    next_usd: z.number().describe('The most that the next request can cost.'),
    needed_usd: z.number().describe('The least max_cost_usd under which it may start.'),
  })
  .nullable()
  .optional()
  .describe('Where max_cost_usd keeps the run from its next request; null while it does not.')

const driverSchema = z.object({
  host: z.string(),
  pid: z.int(),
  since: z.iso.datetime(),
  expires_in_ms: z
    .number()
    .describe('The milliseconds until the lease ends unless it is renewed; below 0 after its end.'),
})

export const runSchema = z
  .object({
    run_id: z.string(),
    started_at: z.iso.datetime(),
    updated_at: z.iso.datetime().describe('When the latest batch was saved.'),
    state: z.enum(RUN_STATES),
    wanted: z.enum(WANTED_STATES).describe('What people want of the run; its driver reads it every few seconds.'),
    max_cost_usd: maxCost,
    cost_stop: costStop,
    driver: driverSchema
      .nullable()
      .describe('The process that submits the batches, or did so until it died; null where none has the run.'),
    catalogue: nullableText,
    codebook: nullableText.describe('Name and version of the codebook.'),
    command: nullableText.describe('The command that drives or drove the run; null where batches came without one.'),
    size: count.nullable().describe('The number of indicators in the catalogue of the run, where its driver named it.'),
    indicators_per_minute: z.number().min(0).describe('The pace of the minutes before the latest saved batch.'),
    batches: count,
    answered: count.describe(
      'Indicators that the model has answered, those of open batches included; about a second behind.',
    ),
    ...totalsSchema.shape,
  })
  .describe(
    'The sums over the batches of a run that are saved so far, and who drives it. Requests, tokens and cost are those of the whole run, as billed so far.',
  )

export type RunBody = DeepReadonly<z.infer<typeof runSchema>>

export const runRequestSchema = z.strictObject({ run_id: idSchema })
export type RunRequest = z.infer<typeof runRequestSchema>

const MAX_LIMIT = 500
const limitError = `must be a whole number from 1 to ${MAX_LIMIT}`

export const runsRequestSchema = z.strictObject({
  limit: z.int({ error: limitError }).min(1, { error: limitError }).max(MAX_LIMIT, { error: limitError }).default(50),
  catalogue: idSchema.optional().describe('Only the runs that a driver has taken for this catalogue.'),
})
export type RunsRequest = z.infer<typeof runsRequestSchema>

export const runsResponseSchema = z.object({ runs: z.array(runSchema).describe('The newest first.') })
export type RunsResponse = DeepReadonly<z.infer<typeof runsResponseSchema>>

/** The milliseconds for which a driver holds its run without renewing, and those after which it renews. */
export const DRIVER_HOLD_MS = 10_000
export const DRIVER_RENEW_MS = 2_500

const driver = z.strictObject({
  token: idSchema,
  host: idSchema,
  pid: z.int().min(1),
  machine: idSchema.optional().describe('The boot of the machine and its space of pids.'),
})

/** Exactly one of `wanted`, `max_cost_usd`, `take`, `renew` and `release` is given. */
export const driveRequestSchema = z
  .strictObject({
    run_id: idSchema,
    wanted: z.enum(WANTED_STATES).optional().describe('What the driver of the run is to do.'),
    max_cost_usd: z
      .number()
      .min(0)
      .max(MAX_COST_USD)
      .optional()
      .describe(
        'The most that the run may cost in US dollars, more than what it has spent. Its driver gives it to the batches that it submits from then on.',
      ),
    take: z
      .strictObject({
        driver,
        catalogue: idSchema,
        codebook: idSchema,
        command: idSchema,
        size: count,
        replaces: idSchema.optional().describe('The token of a holder that is known to be dead.'),
      })
      .optional()
      .describe('Takes the run where nobody holds it.'),
    renew: idSchema.optional().describe('The token of the holder, whose lease lasts longer.'),
    release: z.strictObject({ token: idSchema, outcome: z.enum(RUN_OUTCOMES) }).optional(),
  })
  .refine(
    ({ wanted, max_cost_usd: maxUsd, take, renew, release }) =>
      [wanted, maxUsd, take, renew, release].filter((action) => action !== undefined).length === 1,
    { error: 'give one of wanted, max_cost_usd, take, renew and release' },
  )
export type DriveRequest = z.infer<typeof driveRequestSchema>

export const driveResponseSchema = z.object({
  run_id: z.string(),
  state: z.enum(RUN_STATES),
  wanted: z.enum(WANTED_STATES),
  max_cost_usd: maxCost,
  driver: driverSchema.extend({ token: z.string(), machine: z.string().optional() }).nullable(),
})
export type DriveResponse = DeepReadonly<z.infer<typeof driveResponseSchema>>
