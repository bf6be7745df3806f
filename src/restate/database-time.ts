/** The time at which a batch does something, by the database's clock, as its journal keeps it. */
import type { Batch } from './batch/types.ts'

/**
 * The time, ISO 8601. The step has no name, as that of the SDK's `ctx.date` has none, which earlier releases used: their
 * journals hold its outcome, by the clock of a replica.
 */
export async function timeOf({ ctx, clock }: Pick<Batch, 'ctx' | 'clock'>): Promise<string> {
  return await ctx.run(() => new Date(clock.now()).toISOString())
}
