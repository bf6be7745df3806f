/** Calibrated confidence: one number a field and one for the row, by source, fitted on labels that the rules were not tuned on. */
import { z } from 'zod'

/** One answer to one field of a labelled row. */
export interface FieldOutcome {
  readonly field: string
  /** Where the answer came from, such as "rule", "model" or "reuse". */
  readonly source: string
  /** The confidence that was stated before calibration, 0 to 1. */
  readonly stated: number
  readonly right: boolean
}

/** A labelled row, with the answers to its fields. */
export interface RowOutcome {
  readonly fields: readonly FieldOutcome[]
}

/** Bands of stated confidence, by their lower edges. Few, because each needs labels of its own. */
const BANDS = [0, 0.5, 0.8, 0.95] as const
/** How many labels the rate of the wider group weighs as when a narrower one is drawn towards it. */
const SHRINKAGE = 10
/** What is assumed of a source without a label: as if 2 labels with this share right had been seen. */
const PRIOR = { right: 0.8, weight: 2 } as const
/** Labels as strong as the assumption that fields miss in different rows, which makes the confidence of rows lower. */
const OVERLAP_WEIGHT = 1

export const calibrationSchema = z.strictObject({
  format: z.literal(1),
  labels: z.int().min(0),
  /** By source. */
  sources: z.record(z.string(), z.number().min(0).max(1)),
  /** By source and field, joined by "/": a confidence for each band, rising. */
  fields: z.record(z.string(), z.array(z.number().min(0).max(1)).length(BANDS.length)),
  /** How much the misses of a row's fields spread over different rows: 1 where no row has two, 0 where they always coincide. */
  spread: z.number().min(0).max(1),
})

/** A fitted calibration, as it is stored. */
export type Calibration = z.infer<typeof calibrationSchema>

/**
 * Fits a calibration by shrinkage (the posterior mean of a beta-binomial model, as in empirical Bayes: Efron and Morris 1975): the
 * rate of a source is drawn towards 0.8, that of a field of a source towards the source, and that of a band of stated confidence
 * towards the field, each with the weight of a few labels. The bands are then made to rise with the stated confidence (pool
 * adjacent violators, Ayer and others 1955). Labels of rows that rules were tuned on must not be given: they would state more
 * than holds elsewhere. An empty list is permitted, and gives 0.8 everywhere.
 */
export function fitCalibration(rows: readonly RowOutcome[]): Calibration {
  const all = rows.flatMap(({ fields }) => fields)
  const sources: Record<string, number> = {}
  const fields: Record<string, number[]> = {}
  for (const [source, ofSource] of grouped(all, (outcome) => outcome.source)) {
    const rate = shrink(ofSource, PRIOR.right, PRIOR.weight)
    sources[source] = rate
    for (const [field, ofField] of grouped(ofSource, (outcome) => outcome.field)) {
      const fieldRate = shrink(ofField, rate, SHRINKAGE)
      const bands = BANDS.map((_, band) => ofField.filter(({ stated }) => bandOf(stated) === band))
      const rates = bands.map((inside) => shrink(inside, fieldRate, SHRINKAGE))
      const weights = bands.map((inside) => inside.length + 1e-6)
      fields[`${source}/${field}`] = rising(rates, weights)
    }
  }
  const fitted: Calibration = { format: 1, labels: rows.length, sources, fields, spread: 1 }
  return { ...fitted, spread: fitSpread(fitted, rows) }
}

/** The calibrated confidence of one answer. A field without labels has the rate of its source, a source without labels 0.8. */
export function fieldConfidence(calibration: Calibration, source: string, field: string, stated: number): number {
  const bands = calibration.fields[`${source}/${field}`]
  return bands?.[bandOf(stated)] ?? calibration.sources[source] ?? PRIOR.right
}

/**
 * The confidence that all fields of a row are right, from the calibrated confidence of each: between their least (misses always
 * coincide) and 1 minus the sum of their chances to miss (they never do), by the fitted spread. `conflicts` holds, for each
 * conflict within the row, the confidences of the answers that speak against each other, which may be answers that were
 * not taken. The result is never above the least of the fields, and never above the least of any conflict. 1 without a field.
 */
export function rowConfidence(
  calibration: Pick<Calibration, 'spread'>,
  fields: readonly number[],
  conflicts: readonly (readonly number[])[] = [],
): number {
  const [low, high] = rowRange(fields)
  return Math.max(0, Math.min(high - calibration.spread * (high - low), ...conflicts.flat()))
}

function rowRange(fields: readonly number[]): readonly [low: number, high: number] {
  const misses = fields.reduce((sum, confidence) => sum + 1 - confidence, 0)
  return [Math.max(0, 1 - misses), Math.min(1, ...fields)]
}

/** The spread at which the mean confidence of the labelled rows meets their accuracy, drawn towards 1. */
function fitSpread(calibration: Calibration, rows: readonly RowOutcome[]): number {
  let above = OVERLAP_WEIGHT
  let room = OVERLAP_WEIGHT
  for (const { fields } of rows) {
    const [low, high] = rowRange(
      fields.map(({ source, field, stated }) => fieldConfidence(calibration, source, field, stated)),
    )
    above += high - (fields.every(({ right }) => right) ? 1 : 0)
    room += high - low
  }
  return Math.min(1, Math.max(0, above / room))
}

function shrink(outcomes: readonly FieldOutcome[], towards: number, weight: number): number {
  const right = outcomes.filter((outcome) => outcome.right).length
  return (right + weight * towards) / (outcomes.length + weight)
}

function bandOf(stated: number): number {
  return Math.max(
    0,
    BANDS.findLastIndex((edge) => stated >= edge),
  )
}

function grouped<Item>(items: readonly Item[], keyOf: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

/** The rising values that are nearest to `values` by weighted squares (pool adjacent violators). */
export function rising(values: readonly number[], weights: readonly number[]): number[] {
  const pools: { value: number; weight: number; count: number }[] = []
  for (const [index, value] of values.entries()) {
    let pool = { value, weight: weights[index] ?? 1, count: 1 }
    for (let last = pools.at(-1); last !== undefined && last.value > pool.value; last = pools.at(-1)) {
      pools.pop()
      const weight = last.weight + pool.weight
      const mean = (last.value * last.weight + pool.value * pool.weight) / weight
      pool = { value: mean, weight, count: last.count + pool.count }
    }
    pools.push(pool)
  }
  return pools.flatMap(({ value, count }) => new Array<number>(count).fill(value))
}
