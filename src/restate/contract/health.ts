/** The answer of classify-api/health, and of the replica's HTTP route /classify-api/health. */
import { z } from 'zod'
import type { DeepReadonly } from '../../lib/deep-readonly.ts'

export const healthResponseSchema = z.object({
  service: z.string().describe('The name of the replica that answered, such as "classify-service-3".'),
  status: z.enum(['ok', 'unavailable']),
  failing: z.string().exactOptional().describe('The check that failed; absent while all is well.'),
  message: z.string().exactOptional(),
  warnings: z
    .array(z.object({ code: z.string(), message: z.string() }))
    .exactOptional()
    .describe('What does not keep the replica from its work, and should be looked at all the same.'),
  database_time: z.iso.datetime().exactOptional().describe("The time by the database's clock."),
  clock_skew_s: z
    .number()
    .exactOptional()
    .describe("The clock of the replica's machine minus the database's, in seconds."),
  uptime_s: z.int().min(0),
  model: z.string().describe('The model that the replica asks, as configured.'),
})

export type HealthResponse = DeepReadonly<z.infer<typeof healthResponseSchema>>
