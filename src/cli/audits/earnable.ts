/** What rules may still earn on a catalogue: the best that the audits of a run can come to, for its estimate. */
import { askableFields } from '../../classification/fields.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Trust } from '../../evidence/gate/trust.ts'
import type { RunRequest } from '../client/run-batch.ts'
import type { ServiceClient } from '../client/service.ts'
import { isAuditing, isSettled, readEvidence } from './audit-stages.ts'

/**
 * Returns what rules may decide alone where the audits of the run go as well as they can: every field of which the evidence
 * does not speak against it already. Returns null where the run audits nothing, or where every field is decided already. Without
 * a service nothing is known of the catalogue.
 */
export async function findEarnableTrust(
  service: ServiceClient | undefined,
  { request, scheme }: { readonly request: RunRequest; readonly scheme: PreparedScheme },
  signal: AbortSignal,
): Promise<Trust | null> {
  if (!isAuditing({ settings: request, scheme })) return null
  const fields = service === undefined ? [] : (await readEvidence({ service, settings: request, signal })).fields
  const asked = askableFields(scheme.codebook).map(({ name }) => name)
  if (isSettled(fields, asked)) return null
  const refused = new Set(fields.flatMap(({ field, state }) => (state === 'untrusted' ? [field] : [])))
  const removed = fields.flatMap(({ field, removed: rules }) =>
    rules.length === 0 ? [] : [[field, rules.map(({ rule }) => rule)] as const],
  )
  return {
    fields: asked.filter((name) => !refused.has(name)),
    removed: Object.fromEntries(removed),
  }
}
