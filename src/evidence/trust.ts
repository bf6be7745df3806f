/** What rules may decide alone on a catalogue: the verdicts of the gates of its fields, and readings that go by them. */
import type { Reading } from '../codebooks/types.ts'
import { createGate, type Gate, type GateVerdict } from './gate.ts'

/** One audit of one field of a record, in the order in which audits were stored. */
export interface FieldAudit {
  readonly field: string
  readonly rule: string
  readonly agreed: boolean
  /** The model that was asked, by the name that its endpoint gave. */
  readonly model?: string
}

/** Which findings may stand in for the model. The journal of a batch fixes the property names. */
export interface Trust {
  /** The fields in which the rules that are left may decide alone. */
  readonly fields: readonly string[]
  /** The rules that were removed, by field. */
  readonly removed: Readonly<Record<string, readonly string[]>>
}

/** Trust in nothing, as on a catalogue of which nothing was checked. */
export const NO_TRUST: Trust = { fields: [], removed: {} }

/**
 * The most audits that a field may take over all runs before it is given up. One run takes far fewer; callers without an end
 * that is known audit a steady share, and a field that lost its trust may earn it anew.
 */
const BUDGET_OVER_RUNS = 3_000

/** The gates of all fields of one catalogue, which take audits as they are stored. */
export interface FieldGates {
  add(audit: FieldAudit): void
  trust(): Trust
  verdicts(): Readonly<Record<string, GateVerdict>>
  /** The models whose answers the audits hold, in the order in which they first answered. */
  models(): readonly string[]
}

/**
 * Opens the gates of a catalogue at a target from 0 to 1 (exclusive). The number of records is taken as unknown, because the
 * audits of several runs and callers count together; that needs a few audits more than a known number would.
 */
export function createFieldGates(target: number): FieldGates {
  const gates = new Map<string, Gate>()
  const models = new Set<string>()
  return {
    add({ field, rule, agreed, model }) {
      if (model !== undefined) models.add(model)
      const gate = gates.get(field) ?? createGate({ target, population: null, budget: BUDGET_OVER_RUNS })
      gates.set(field, gate)
      gate.add({ rule, agreed })
    },
    trust() {
      const verdicts = [...gates].map(([field, gate]) => [field, gate.verdict()] as const)
      const removed = verdicts.flatMap(([field, verdict]) =>
        verdict.removed.length === 0 ? [] : [[field, verdict.removed.map(({ rule }) => rule)] as const],
      )
      return {
        fields: verdicts.flatMap(([field, { state }]) => (state === 'trusted' ? [field] : [])),
        removed: Object.fromEntries(removed),
      }
    },
    verdicts: () => Object.fromEntries([...gates].map(([field, gate]) => [field, gate.verdict()])),
    models: () => [...models],
  }
}

/** The reading in which only findings of trusted fields and of rules that were not removed may stand in for the model. */
export function withTrust(reading: Reading, { fields, removed }: Trust): Reading {
  return Object.fromEntries(
    Object.entries(reading).map(([field, finding]) => {
      const isTrusted = fields.includes(field) && removed[field]?.includes(finding.rule) !== true
      return [field, { ...finding, trusted: isTrusted }]
    }),
  )
}
