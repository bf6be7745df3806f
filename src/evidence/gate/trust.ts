/** What rules may decide alone on a catalogue, and readings that go by it. */
import { createRecent } from '../../codebooks/recent.ts'
import type { Reading } from '../../codebooks/types.ts'

/** Which findings may stand in for the model. The journal of a batch fixes the property names. */
export interface Trust {
  /** The fields in which the rules that are left may decide alone. */
  readonly fields: readonly string[]
  /** The rules that were removed, by field. */
  readonly removed: Readonly<Record<string, readonly string[]>>
}

/** Trust in nothing, as on a catalogue of which nothing was checked. */
export const NO_TRUST: Trust = { fields: [], removed: {} }

const MOST_TRUSTS = 50
const trusts = createRecent<Trust>(MOST_TRUSTS)

/** One and the same object for all trust that is equal, as it is in most batches of a catalogue, so that readings by it are shared. */
export function sharedTrust(trust: Trust): Trust {
  const key = JSON.stringify([trust.fields, Object.entries(trust.removed)])
  const known = trusts.get(key) ?? trust
  trusts.set(key, known)
  return known
}

const readings = new WeakMap<Trust, WeakMap<Reading, Reading>>()

/** The reading in which only findings of trusted fields and of rules that were not removed may stand in for the model. */
export function withTrust(reading: Reading, trust: Trust): Reading {
  const known = readings.get(trust) ?? new WeakMap<Reading, Reading>()
  const found = known.get(reading) ?? judged(reading, trust)
  readings.set(trust, known.set(reading, found))
  return found
}

function judged(reading: Reading, { fields, removed }: Trust): Reading {
  return Object.fromEntries(
    Object.entries(reading).map(([field, finding]) => {
      const isTrusted = fields.includes(field) && removed[field]?.includes(finding.rule) !== true
      return [field, { ...finding, trusted: isTrusted }]
    }),
  )
}
