/** What the page of accuracy shows of one run: its certificate, what labels say of fields, values, rules and confidence. */

import { labelText } from '../../catalogue/results-writer.ts'
import type { Classification, LabelValue } from '../../classification/types.ts'
import { brierScore, type Prediction, reliabilityBins } from '../../evidence/reliability.ts'
import type { RunPart, RunRowWithInput, Store, StoredLabel } from '../../store/types.ts'
import type { Certificates } from '../certificates.ts'
import * as page from '../page/accuracy-page.ts'
import type { View } from '../view.ts'

export interface AccuracyDeps {
  readonly store: Pick<Store, 'listRuns' | 'certificates'>
  readonly certificates: Certificates
}

const SHOWN_RUNS = 50
const ROWS_PER_QUERY = 1_000
const MOST_ROWS = 20_000
const MOST_LISTED = 15

export function accuracyView({ store, certificates }: AccuracyDeps): View<page.AccuracyData> {
  return {
    ...{ path: '/accuracy', name: 'accuracy', right: 'read', everyMs: 0, page },
    load: async ({ query }) => {
      const runs = (await store.listRuns({ limit: SHOWN_RUNS })).filter(({ runId }) => !runId.startsWith('review-'))
      const runId = query.get('run') ?? runs[0]?.runId ?? ''
      const [part] = runId === '' ? [] : await store.certificates.findRunParts(runId)
      const choices = runs.map((run) => ({ id: run.runId, catalogue: run.catalogue ?? '', startedAt: run.startedAt }))
      if (part === undefined) return { runs: choices, run: null }
      const [plan, certified, labels] = await Promise.all([
        store.certificates.findPlan({ ...part, runId }),
        certificates.last(runId).catch(() => undefined),
        store.certificates.findLabels({ catalogue: part.catalogue, codebookHash: part.codebookHash }),
      ])
      const judged = await judge(store, part, runId, labels)
      return {
        runs: choices,
        run: {
          ...{ id: runId, catalogue: part.catalogue, codebook: part.codebook, rows: part.rows },
          plan:
            plan === undefined
              ? null
              : { target: plan.target, delta: plan.delta, fields: plan.fields, by: plan.plannedBy, at: plan.plannedAt },
          certified: certified ?? null,
          ...judged,
        },
      }
    },
  }
}

/** What one label says of the run. */
interface Judged {
  readonly field: string
  readonly said: string
  readonly meant: string
  readonly isRight: boolean
  readonly rule: string
}

type Judgement = Pick<
  page.AccuracyRun,
  'labelled' | 'people' | 'fields' | 'confusions' | 'rules' | 'bins' | 'brier' | 'cases'
>

async function judge(
  store: AccuracyDeps['store'],
  part: RunPart,
  runId: string,
  labels: readonly StoredLabel[],
): Promise<Judgement> {
  const byRow = Map.groupBy(labels, ({ indicatorId }) => indicatorId)
  const rows = await readRows(store, part, runId, [...byRow.keys()].slice(0, MOST_ROWS))
  const judged: Judged[] = []
  const outcomes: Prediction[] = []
  const cases: page.AccuracyCase[] = []
  let labelled = 0
  for (const [id, given] of byRow) {
    const row = rows.get(id)
    if (row === undefined) continue
    const { classification, inputHash } = row
    const own = Map.groupBy(
      given.filter((label) => label.inputHash === inputHash),
      ({ field }) => field,
    )
    if (own.size === 0) continue
    labelled += 1
    const ofRow = [...own].flatMap(([field, all]) => {
      const settled = settledOf(all)
      if (settled === 'disputed') {
        cases.push({
          id,
          field,
          labels: all.map(({ by, label, isKnown }) => ({ by, label: isKnown ? shown(label) : '?' })),
        })
        return []
      }
      return settled === undefined ? [] : [judgeField(classification, field, settled)]
    })
    judged.push(...ofRow)
    if (ofRow.length > 0)
      outcomes.push({ confidence: classification.confidence, right: ofRow.every(({ isRight }) => isRight) })
  }
  return {
    labelled,
    people: [...new Set(labels.map(({ by }) => by))].sort(),
    fields: countBy(judged, ({ field }) => field),
    confusions: confusionsOf(judged),
    rules: countBy(judged, ({ rule }) => rule)
      .sort((a, b) => a.right / a.labelled - b.right / b.labelled)
      .slice(0, MOST_LISTED),
    bins: reliabilityBins(outcomes).map(({ from, to, n, meanConfidence, accuracy, interval }) => ({
      from,
      to,
      n,
      confidence: meanConfidence,
      accuracy,
      low: interval[0],
      high: interval[1],
    })),
    brier: brierScore(outcomes),
    cases: cases.slice(0, MOST_LISTED),
  }
}

async function readRows({ certificates }: AccuracyDeps['store'], part: RunPart, runId: string, ids: readonly string[]) {
  const rows = new Map<string, RunRowWithInput>()
  for (let from = 0; from < ids.length; from += ROWS_PER_QUERY) {
    const found = await certificates.findRunRows({ ...part, runId }, ids.slice(from, from + ROWS_PER_QUERY))
    for (const [id, row] of found) rows.set(id, row)
  }
  return rows
}

/** The label that counts: the third decision, or the one that all gave; undefined where nobody could tell. */
function settledOf(labels: readonly StoredLabel[]): StoredLabel | 'disputed' | undefined {
  const third = labels.find(({ adjudicates }) => adjudicates)
  if (third !== undefined) return third.isKnown ? third : undefined
  const known = labels.filter(({ isKnown }) => isKnown)
  if (new Set(known.map(({ label }) => canonical(label))).size > 1) return 'disputed'
  return known[0]
}

function judgeField(result: Classification, field: string, { label }: StoredLabel): Judged {
  const said = result.labels[field] ?? null
  const isRight = canonical(said) === canonical(label)
  return { field, said: shown(said), meant: shown(label), isRight, rule: result.field_source[field] ?? 'nothing' }
}

function canonical(label: LabelValue): string {
  return JSON.stringify(Array.isArray(label) ? label.toSorted() : label)
}

function shown(label: LabelValue): string {
  return label === null ? 'none' : labelText(label)
}

function countBy(judged: readonly Judged[], keyOf: (one: Judged) => string): page.RightCount[] {
  return [...Map.groupBy(judged, keyOf)].map(([name, all]) => ({
    name,
    labelled: all.length,
    right: all.filter(({ isRight }) => isRight).length,
  }))
}

function confusionsOf(judged: readonly Judged[]): page.Confusion[] {
  const wrong = judged.filter(({ isRight }) => !isRight)
  const pairs = Map.groupBy(wrong, ({ field, said, meant }) => JSON.stringify([field, said, meant]))
  return [...pairs.values()]
    .flatMap((all) =>
      all[0] === undefined ? [] : [{ field: all[0].field, said: all[0].said, meant: all[0].meant, times: all.length }],
    )
    .sort((a, b) => b.times - a.times)
    .slice(0, MOST_LISTED)
}
