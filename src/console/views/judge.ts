/** Holds results of a run against labels of people: what is right by field, value, rule and confidence, and where people disagree. */
import { labelText } from '../../catalogue/results-writer.ts'
import { meansTheSame } from '../../classification/fields.ts'
import type { Classification, LabelValue } from '../../classification/types.ts'
import type { Codebook, Field } from '../../codebooks/codebook.ts'
import { brierScore, type Prediction, reliabilityBins } from '../../evidence/reliability.ts'
import type { RunPart, RunRowWithInput, Store, StoredLabel } from '../../store/types.ts'
import type * as page from '../page/accuracy-page.ts'

export type LabelledStore = Pick<Store, 'certificates'>

const ROWS_PER_QUERY = 1_000
const MOST_LISTED = 15

/** What one label says of the run. */
interface Judged {
  readonly field: string
  readonly said: string
  readonly meant: string
  readonly isRight: boolean
  readonly rule: string
}

export interface JudgeOptions {
  readonly labels: readonly StoredLabel[]
  readonly most: number
  readonly codebook: Codebook | undefined
}

export type Judgement = Pick<
  page.AccuracyRun,
  'labelled' | 'people' | 'fields' | 'confusions' | 'rules' | 'bins' | 'brier' | 'cases'
> & {
  /** The rows whose labels all are right, of those with a label that counts, and the interval of their share. */
  readonly rows: { readonly right: number; readonly of: number; readonly low: number; readonly high: number }
}

/** Looks at `most` labelled rows at the most. Without the codebook free text counts by its letters. */
export async function judge(
  store: LabelledStore,
  part: RunPart,
  runId: string,
  { labels, most, codebook }: JudgeOptions,
): Promise<Judgement> {
  const byRow = Map.groupBy(labels, ({ indicatorId }) => indicatorId)
  const rows = await readRows(store, part, runId, [...byRow.keys()].slice(0, most))
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
      const known = codebook?.field.get(field)
      const settled = settledOf(all, known)
      if (settled === 'disputed') {
        cases.push({
          id,
          field,
          labels: all.map(({ by, label, isKnown }) => ({ by, label: isKnown ? labelOrNone(label) : '?' })),
        })
        return []
      }
      return settled === undefined ? [] : [judgeField(classification, { field, known }, settled)]
    })
    judged.push(...ofRow)
    if (ofRow.length > 0)
      outcomes.push({ confidence: classification.confidence, right: ofRow.every(({ isRight }) => isRight) })
  }
  const [whole] = reliabilityBins(outcomes, [0, 1])
  return {
    labelled,
    rows: {
      right: outcomes.filter(({ right }) => right).length,
      of: outcomes.length,
      low: whole?.interval[0] ?? 0,
      high: whole?.interval[1] ?? 1,
    },
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

async function readRows({ certificates }: LabelledStore, part: RunPart, runId: string, ids: readonly string[]) {
  const rows = new Map<string, RunRowWithInput>()
  for (let from = 0; from < ids.length; from += ROWS_PER_QUERY) {
    const found = await certificates.findRunRows({ ...part, runId }, ids.slice(from, from + ROWS_PER_QUERY))
    for (const [id, row] of found) rows.set(id, row)
  }
  return rows
}

/** The label that counts: the third decision, or the one that all gave; undefined where nobody could tell. */
function settledOf(labels: readonly StoredLabel[], field: Field | undefined): StoredLabel | 'disputed' | undefined {
  const third = labels.find(({ adjudicates }) => adjudicates)
  if (third !== undefined) return third.isKnown ? third : undefined
  const known = labels.filter(({ isKnown }) => isKnown)
  const [first] = known
  return known.some(({ label }) => !meansTheSame(field, label, first?.label)) ? 'disputed' : first
}

function judgeField(
  result: Classification,
  { field, known }: { readonly field: string; readonly known: Field | undefined },
  { label }: StoredLabel,
): Judged {
  const said = result.labels[field] ?? null
  return {
    ...{ field, said: labelOrNone(said), meant: labelOrNone(label), isRight: meansTheSame(known, said, label) },
    rule: result.field_source[field] ?? 'nothing',
  }
}

/** A label as people read it. */
export function labelOrNone(label: LabelValue): string {
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
