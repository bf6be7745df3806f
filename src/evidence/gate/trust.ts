/** What rules may decide alone on a catalogue, and readings that go by it. */
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

/** The reading in which only findings of trusted fields and of rules that were not removed may stand in for the model. */
export function withTrust(reading: Reading, { fields, removed }: Trust): Reading {
  return Object.fromEntries(
    Object.entries(reading).map(([field, finding]) => {
      const isTrusted = fields.includes(field) && removed[field]?.includes(finding.rule) !== true
      return [field, { ...finding, trusted: isTrusted }]
    }),
  )
}
