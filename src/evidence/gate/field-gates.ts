/** The gates of the fields of a catalogue: by labels of people where they are enough, else by audits, and what each source has shown. */

import { createSequentialTest } from '../statistics/sequential.ts'
import { createGate, DEFAULT_DELTA, deltaOfRestart, type Gate, type GateVerdict, type RemovedRule } from './gate.ts'
import type { Trust } from './trust.ts'

/** All rules together, as a source of labels. No rule may have this name. */
export const ALL_RULES = 'rules'
/** The model's own answers, as a source of labels. No rule may have this name. */
export const MODEL_SOURCE = 'model'

/** One audit of one field of a record, in the order in which audits count. */
export interface FieldAudit {
  readonly field: string
  readonly rule: string
  readonly agreed: boolean
  /** The model that was asked, by the name that its endpoint gave. */
  readonly model?: string
}

/** What people's labels say of one field of a record that was drawn at random, and of which a rule is sure. */
export interface FieldLabel {
  readonly field: string
  readonly rule: string
  /** Whether the rule's value is the label. A record that nobody could tell counts as wrong. */
  readonly right: boolean
  /** Whether the answer of the model to the record is right; null where no model answered the field. */
  readonly modelRight: boolean | null
  /** Whether that answer was given blind, to an audit: only such answers are what audits compare the rules with. */
  readonly isBlind: boolean
}

/** What a verdict rests on: labels claim that the rules are right, audits that they agree with the model. */
export type Measure = 'labels' | 'audits'

export interface FieldVerdict extends GateVerdict {
  readonly measure: Measure
  readonly removed: readonly (RemovedRule & { readonly measure: Measure })[]
}

/** How often a source of labels was checked in a field, and how often it held, by audits and by labels of people. */
export interface SourceCounts {
  /** `ALL_RULES`, the name of a rule, or `MODEL_SOURCE`. */
  readonly source: string
  readonly audits: number
  readonly agreed: number
  readonly labels: number
  readonly right: number
}

/** The gates of all fields of one catalogue, which take audits and labels in the order in which they count. */
export interface FieldGates {
  add(audit: FieldAudit): void
  addLabel(label: FieldLabel): void
  trust(): Trust
  verdicts(): Readonly<Record<string, FieldVerdict>>
  /** The counts of a field by source: all rules together, then each rule from the most checked one down, then the model. */
  sources(field: string): readonly SourceCounts[]
  /**
   * A lower bound of how often the rules that are left in the field are right, by way of the model: agreement in audits plus
   * rightness of the model by labels, less 1. Null where either was not counted.
   */
  rightness(field: string): number | null
  /** The models whose answers the audits hold, in the order in which they first answered. */
  models(): readonly string[]
}

/**
 * The most audits that a field may take over all runs before it is given up. One run takes far fewer; callers without an end
 * that is known audit a steady share, and a field that lost its trust may earn it anew.
 */
const BUDGET_OVER_RUNS = 3_000

type Counts = { -readonly [Name in keyof Omit<SourceCounts, 'source'>]: number }

/** What is kept of one field. */
interface FieldState {
  readonly audits: Gate
  /** Null until the first label. */
  labels: Gate | null
  readonly counts: Map<string, Counts>
  /** Blind answers of the model to records of the rules that are left, since the set of these rules last changed. */
  model: { readonly stretch: string; right: number; wrong: number }
}

/**
 * Opens the gates of a catalogue at a target from 0 to 1 (exclusive). The number of records is taken as unknown, because the
 * audits of several runs and callers count together; that needs a few audits more than a known number would.
 *
 * **Two claims.** A field has a gate by audits, whose claim is agreement with the model, and a gate by labels, whose claim is
 * rightness, each with its own error probability. Where labels have decided, they decide the field. Until then the audits do,
 * and a rule that the labels removed is taken out of their gate as well.
 *
 * **Rightness.** A record on which a rule agrees with the model and the model is right is one on which the rule is right. So the rules
 * are right in at least agreement + rightness of the model - 1 of what they decide, if both shares are of the same records and of
 * the same answers. The model's share is therefore counted over records of the rules that are left, over blind answers only,
 * and from the same restart on; each bound has half of the error probability of that restart.
 */
export function createFieldGates(target: number): FieldGates {
  const fields = new Map<string, FieldState>()
  const models = new Set<string>()
  const openGate = () => createGate({ target, population: null, budget: BUDGET_OVER_RUNS })

  function stateOf(field: string): FieldState {
    const known = fields.get(field)
    if (known !== undefined) return known
    const audits = openGate()
    const opened = {
      audits,
      labels: null,
      counts: new Map(),
      model: { stretch: stretchOf(audits), right: 0, wrong: 0 },
    }
    fields.set(field, opened)
    return opened
  }

  function addLabel({ field, rule, right, modelRight, isBlind }: FieldLabel): void {
    const one = stateOf(field)
    for (const source of [ALL_RULES, rule]) count(one, source, 'labels', 'right', right)
    if (modelRight !== null) count(one, MODEL_SOURCE, 'labels', 'right', modelRight)
    one.labels ??= openGate()
    one.labels.add({ rule, agreed: right })
    for (const { rule: bad } of one.labels.removed()) one.audits.remove(bad)
    const stretch = stretchOf(one.audits)
    if (one.model.stretch !== stretch) one.model = { stretch, right: 0, wrong: 0 }
    if (modelRight === null || !isBlind || one.audits.removed().some((removed) => removed.rule === rule)) return
    if (modelRight) one.model.right++
    else one.model.wrong++
  }

  function rightness(field: string): number | null {
    const one = fields.get(field)
    const agreement = one?.audits.boundAtHalf() ?? null
    if (one === undefined || agreement === null) return null
    const { stretch, right, wrong } = one.model
    if (right + wrong === 0 || stretch !== stretchOf(one.audits)) return null
    const delta = deltaOfRestart(DEFAULT_DELTA, one.audits.restarts()) / 2
    const test = createSequentialTest({ target, delta, population: null })
    return Math.max(0, agreement + test.lowerBound(right, wrong) - 1)
  }

  return {
    add({ field, rule, agreed, model }) {
      if (model !== undefined) models.add(model)
      const one = stateOf(field)
      for (const source of [ALL_RULES, rule]) count(one, source, 'audits', 'agreed', agreed)
      one.audits.add({ rule, agreed })
    },
    addLabel,
    trust() {
      const all = [...fields].map(([field, one]) => [field, deciderOf(one).gate] as const)
      const removed = all.flatMap(([field, gate]) => {
        const rules = gate.removed().map(({ rule }) => rule)
        return rules.length === 0 ? [] : [[field, rules] as const]
      })
      return {
        fields: all.flatMap(([field, gate]) => (gate.settled() === 'trusted' ? [field] : [])),
        removed: Object.fromEntries(removed),
      }
    },
    verdicts: () => Object.fromEntries([...fields].map(([field, one]) => [field, verdictOf(one)])),
    sources: (field) => sourcesOf(fields.get(field)?.counts ?? new Map()),
    rightness,
    models: () => [...models],
  }
}

/** Tells apart the stretches in which the same rules are left and the same count goes on. */
function stretchOf(audits: Gate): string {
  return `${audits.restarts()}/${audits.removed().length}`
}

function count(
  { counts }: FieldState,
  source: string,
  checked: 'audits' | 'labels',
  held: 'agreed' | 'right',
  isHeld: boolean,
): void {
  const one = counts.get(source) ?? { audits: 0, agreed: 0, labels: 0, right: 0 }
  counts.set(source, one)
  one[checked]++
  if (isHeld) one[held]++
}

/** The gate that decides a field: that of labels, once it has decided, else that of audits. */
function deciderOf({ audits, labels }: FieldState): { readonly gate: Gate; readonly measure: Measure } {
  if (labels !== null && labels.settled() !== null) return { gate: labels, measure: 'labels' }
  return { gate: audits, measure: 'audits' }
}

function verdictOf(one: FieldState): FieldVerdict {
  const { gate, measure } = deciderOf(one)
  const byLabels = new Map((one.labels?.removed() ?? []).map((removed) => [removed.rule, removed]))
  const verdict = gate.verdict()
  const removed = verdict.removed.map((rule) => {
    const labelled = byLabels.get(rule.rule)
    return labelled === undefined
      ? { ...rule, measure: 'audits' as const }
      : { ...labelled, measure: 'labels' as const }
  })
  return { ...verdict, measure, removed }
}

function sourcesOf(counts: ReadonlyMap<string, Counts>): SourceCounts[] {
  const placeOf = (source: string) => (source === ALL_RULES ? 0 : source === MODEL_SOURCE ? 2 : 1)
  const all = [...counts].map(([source, one]) => ({ source, ...one }))
  return all.toSorted((a, b) => {
    const byChecks = b.audits + b.labels - a.audits - a.labels
    return placeOf(a.source) - placeOf(b.source) || byChecks || (a.source < b.source ? -1 : 1)
  })
}
