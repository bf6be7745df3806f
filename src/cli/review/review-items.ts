/** Finds the results that a person should review: one item for each shape (a group of alike indicators), the most serious first.
 *
 * An item carries what the rules and the model said about its shape.
 */
import { CODEBOOK_VERSION, DECIDED_FIELDS } from '../../classification/codebook.ts'
import { readIndicator } from '../../classification/rules.ts'
import { humanAnswerShapeOf, shapeOf } from '../../classification/shape.ts'
import type { Classification, DecidedField, Decision, Issue, RuleReading } from '../../classification/types.ts'
import { BLOCKING_CODES } from '../../classification/validate.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { KnownIndicator, Store } from '../../store/types.ts'

/** The reasons for a review, the most serious first; the list of items has the same order. */
export const REASONS = ['conflict', 'no-answer', 'doubt', 'older-codebook'] as const

export type ReviewReason = (typeof REASONS)[number]

/** One shape that needs review, represented by its worst indicator. The property names are those of `review --json`. */
export interface ReviewItem {
  readonly indicator_id: string
  readonly name: string
  readonly units: string | null
  readonly description: string | null
  readonly sample_values: readonly { readonly date: string; readonly value: number }[]
  readonly why: ReviewReason
  readonly type: string
  readonly temporal_aggregation: string
  readonly orientation: string
  readonly unit: Classification['unit']
  readonly frequency: string
  readonly cumulative: string
  readonly confidence: number
  readonly source: string
  readonly issues: readonly Issue[]
  readonly rules: Readonly<Record<DecidedField, { value: string; sure: boolean; rule: string; because: string }>>
  /** The model's answer, field by field; null where the model did not answer or its answer is no longer stored. */
  readonly model: {
    readonly name: string | null
    readonly answer: Pick<Decision, DecidedField>
    readonly confidence: Readonly<Record<DecidedField, number>>
    readonly reason: string
  } | null
  /** The number of indicators that need review and have this shape, so that one human answer decides all of them. */
  readonly same_shape: number
  /** The ids of the first few indicators of the shape. */
  readonly same_shape_ids: readonly string[]
}

export interface ReviewItems {
  /** The items found, at most as many as the caller's limit. */
  readonly items: readonly ReviewItem[]
  /** The number of all indicators that need review, including those beyond the caller's limit. */
  readonly indicators: number
  /** The number of shapes that need review, including those beyond the caller's limit. */
  readonly shapes: number
  /**
   * The number of these indicators whose shape has a human answer already, so that the next run decides them without a
   * review.
   */
  readonly answered: number
}

/** The reading of an indicator by the rules, and the shape under which human answers to this indicator are stored. */
export interface PersonShape {
  readonly reading: RuleReading
  readonly shape: string
  readonly shapeHash: string
}

/** The indicators that need review and have the same shape. */
interface Group {
  /** The indicator that represents the shape in the list of review items. */
  readonly worst: KnownIndicator
  readonly reading: RuleReading
  /** The ids of the first few indicators of the shape. */
  readonly ids: readonly string[]
  readonly count: number
}

const SHOWN_IDS = 5
const SHOWN_SAMPLES = 6
/** A review item carries at most this many characters of a description. */
const SHOWN_DESCRIPTION_LENGTH = 500

export function personShape({ indicator }: KnownIndicator): PersonShape {
  const reading = readIndicator(indicator)
  const shape = humanAnswerShapeOf(indicator, reading)
  return { reading, shape, shapeHash: sha256(shape) }
}

/**
 * Reads every result that needs review, but keeps only one indicator for each shape, so that memory grows only with the
 * number of shapes.
 */
export async function findReviewItems(store: Store, limit: number): Promise<ReviewItems> {
  const groups = new Map<string, Group>()
  let indicators = 0
  let answered = 0
  for await (const page of store.listNeedingReview({ codebookVersion: CODEBOOK_VERSION })) {
    const shaped = page.map((known) => ({ known, ...personShape(known) }))
    const humanAnswers = await store.findHumanAnswers([...new Set(shaped.map(({ shapeHash }) => shapeHash))])
    for (const { known, reading, shapeHash } of shaped) {
      if (humanAnswers.get(shapeHash)?.codebookVersion === CODEBOOK_VERSION) {
        answered += 1
        continue
      }
      indicators += 1
      const group = groups.get(shapeHash)
      const id = known.indicator.indicator_id
      if (group === undefined) groups.set(shapeHash, { worst: known, reading, ids: [id], count: 1 })
      else {
        const isWorse = compareKnown(known, group.worst) < 0
        const ids = group.ids.length < SHOWN_IDS ? [...group.ids, id] : group.ids
        const kept = isWorse ? { worst: known, reading } : { worst: group.worst, reading: group.reading }
        groups.set(shapeHash, { ...kept, ids, count: group.count + 1 })
      }
    }
  }
  const sorted = [...groups.values()].sort(compareGroups).slice(0, limit)
  return { items: await withAnswers(store, sorted), indicators, shapes: groups.size, answered }
}

/**
 * Orders groups by the most serious reason, then the lowest confidence, then the largest number of indicators, then by
 * id.
 */
function compareGroups(a: Group, b: Group): number {
  return compareGravity(a.worst, b.worst) || b.count - a.count || compareIds(a.worst, b.worst)
}

function compareKnown(a: KnownIndicator, b: KnownIndicator): number {
  return compareGravity(a, b) || compareIds(a, b)
}

function compareGravity(a: KnownIndicator, b: KnownIndicator): number {
  const rank = ({ latest }: KnownIndicator) => REASONS.indexOf(reasonOf(latest.classification))
  return rank(a) - rank(b) || a.latest.classification.confidence - b.latest.classification.confidence
}

function compareIds(a: KnownIndicator, b: KnownIndicator): number {
  return a.indicator.indicator_id < b.indicator.indicator_id ? -1 : 1
}

export function reasonOf(classification: Classification): ReviewReason {
  const codes = new Set(classification.issues.map((issue) => issue.code))
  if (classification.source === 'person') return 'older-codebook'
  if (codes.has('rule-conflict') || [...BLOCKING_CODES].some((code) => codes.has(code))) return 'conflict'
  return codes.has('no-answer') ? 'no-answer' : 'doubt'
}

/**
 * Adds the model's answers to the items. An answer is stored under a shape that includes the model and the prompt
 * version which gave it.
 */
async function withAnswers(store: Store, groups: readonly Group[]): Promise<ReviewItem[]> {
  const hashes = groups.map(({ worst, reading }) => {
    const { askedModel, classification } = worst.latest
    if (askedModel === null) return ''
    return sha256(
      shapeOf(worst.indicator, reading, { model: askedModel, promptVersion: classification.prompt_version }),
    )
  })
  const answers = await store.findAnswers(hashes.filter((hash) => hash !== ''))
  return groups.map(({ worst, reading, ids, count }, index) => {
    const { indicator, latest } = worst
    const result = latest.classification
    const answer = answers.get(hashes[index] ?? '')
    const description = (indicator.description ?? '').slice(0, SHOWN_DESCRIPTION_LENGTH).toWellFormed()
    return {
      indicator_id: indicator.indicator_id,
      name: indicator.name,
      units: indicator.units ?? null,
      description: description === '' ? null : description,
      sample_values: indicator.sample_values.slice(-SHOWN_SAMPLES),
      why: reasonOf(result),
      type: result.type,
      temporal_aggregation: result.temporal_aggregation,
      orientation: result.orientation,
      unit: result.unit,
      frequency: result.frequency,
      cumulative: result.cumulative.pattern,
      confidence: result.confidence,
      source: result.source,
      issues: result.issues,
      rules: Object.fromEntries(DECIDED_FIELDS.map((field) => [field, reading[field]])) as ReviewItem['rules'],
      model:
        answer === undefined
          ? null
          : {
              name: answer.model,
              answer: {
                type: answer.decision.type,
                temporal_aggregation: answer.decision.temporal_aggregation,
                orientation: answer.decision.orientation,
              },
              confidence: answer.decision.confidence,
              reason: answer.decision.reason,
            },
      same_shape: count,
      same_shape_ids: ids,
    }
  })
}
