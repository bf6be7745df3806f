/** A store of certificates in memory, with a run of made-up parts, for the unit tests of the command `certify`. */
import assert from 'node:assert/strict'
import { prepareScheme } from '../../../src/classification/scheme.ts'
import type { Labels } from '../../../src/classification/types.ts'
import type { CertifiedRun } from '../../../src/cli/certify/run-part.ts'
import { parseCodebook } from '../../../src/codebooks/parse.ts'
import type {
  CertificateStore,
  LabelOutcome,
  LabelToSave,
  RunRowWithInput,
  SentinelRow,
  StoredLabel,
  StoredPlan,
} from '../../../src/store/types.ts'
import { classification } from '../store/batches.ts'
import { makeParts, PARTS_CODEBOOK, trueLabels } from './labelled-parts.ts'

const parsed = parseCodebook(PARTS_CODEBOOK, new Map())
assert.ok(parsed.ok)

/** The run `run-1` of the catalogue `store` by the codebook of parts. */
export const RUN: CertifiedRun = {
  scope: { runId: 'run-1', catalogue: 'store', codebook: 'my-parts' },
  scheme: prepareScheme({ codebook: parsed.codebook, hash: 'f'.repeat(64), code: null }),
}

export interface MemoryCertificates extends CertificateStore {
  /** The rows of the run, by id. */
  readonly rows: Map<string, RunRowWithInput>
  readonly labels: StoredLabel[]
  readonly plans: Map<string, StoredPlan>
  /** What the labels of the certificate of each run say of its rules. */
  readonly outcomes: Map<string, readonly LabelOutcome[]>
  /** The rows that were kept last. */
  sentinels: readonly SentinelRow[]
}

/** A store with a run of `count` parts, all answered rightly but those in `wrong`, whose kind is another one. */
export function createMemoryCertificates(count: number, wrong: readonly string[] = []): MemoryCertificates {
  const rows = new Map(
    makeParts(count).map((part): [string, RunRowWithInput] => {
      const id = part.indicator_id
      const labels: Labels = { ...trueLabels(id), ...(wrong.includes(id) ? { kind: 'panel wrong' } : {}) }
      const place = { catalogue: 'store', codebook: 'my-parts@1', codebook_hash: RUN.scheme.hash, run_id: 'run-1' }
      const row = classification(id, { ...place, labels, confidence: 0.8 + (Number(id.slice(2)) % 20) / 100 })
      return [
        id,
        { classification: row, inputHash: `hash of ${id}`, mode: 'model', indicator: { ...part, sample_values: [] } },
      ]
    }),
  )
  const labels: StoredLabel[] = []
  const plans = new Map<string, StoredPlan>()
  const keyOf = (one: LabelToSave) =>
    JSON.stringify([one.indicatorId, one.inputHash, one.field, one.adjudicates, one.adjudicates ? '' : one.by])
  const memory: MemoryCertificates = {
    rows,
    labels,
    plans,
    outcomes: new Map(),
    sentinels: [],
    findRunParts: async () => {
      const place = { catalogue: 'store', codebook: 'my-parts', codebookHash: RUN.scheme.hash }
      return rows.size === 0 ? [] : [{ ...place, rows: rows.size }]
    },
    exportRunRows: async function* () {
      yield [...rows.values()]
    },
    findRunRows: async (_, ids) =>
      new Map(
        ids.flatMap((id) => {
          const row = rows.get(id)
          return row === undefined ? [] : [[id, row] as const]
        }),
      ),
    findPlan: async ({ runId }) => plans.get(runId),
    savePlan: async (plan, { replaces }) => {
      const known = plans.get(plan.runId)
      const stored = known === undefined || replaces ? { ...plan, plannedAt: '2026-01-02T03:04:05.678Z' } : known
      plans.set(plan.runId, stored)
      return stored
    },
    findLabels: async (_, ids) => labels.filter(({ indicatorId }) => ids === undefined || ids.includes(indicatorId)),
    saveLabels: async (_, given) => {
      for (const one of given) {
        if (labels.some((known) => keyOf(known) === keyOf(one))) continue
        labels.push({ ...one, at: '2026-01-03T00:00:00.000Z' })
      }
    },
    replaceOutcomes: async (_, runId, outcomes) => {
      memory.outcomes.set(runId, outcomes)
      return outcomes.length
    },
    findSentinels: async () => memory.sentinels,
    replaceSentinels: async (_, kept) => {
      memory.sentinels = kept
    },
    forgetResults: async () => undefined,
  }
  return memory
}

/** The labels that a person gives to a row: the true ones, with `change` in their place. */
export function labelsOf(id: string, by = 'Anna', change: Readonly<Record<string, unknown>> = {}): LabelToSave[] {
  return Object.entries({ ...trueLabels(id), ...change }).map(([field, label]) => ({
    indicatorId: id,
    inputHash: `hash of ${id}`,
    field,
    label: label as LabelToSave['label'],
    isKnown: label !== '?',
    by,
    adjudicates: false,
    blind: true,
    runId: 'run-1',
    note: '',
  }))
}
