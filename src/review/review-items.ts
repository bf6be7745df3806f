/** Finds the results that a person should review: one item for each shape (a group of alike indicators), the most serious first. */
import type { PreparedScheme } from '../classification/scheme.ts'
import type { Status } from '../classification/types.ts'
import type { KnownIndicator, Store } from '../store/types.ts'
import { isAnswered, type PersonShape, personShapesOf } from './person-shape.ts'
import { buildItems, REASONS, type ReviewGroup, type ReviewItem, reasonOf } from './review-item.ts'

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

export interface ReviewQuery {
  /** The catalogue whose results are listed; undefined for all catalogues. */
  readonly catalogue?: string | undefined
  readonly statuses: readonly Status[]
  readonly limit: number
}

const SHOWN_IDS = 5

/**
 * Reads every result that needs review, but keeps only one indicator for each shape, so that memory grows only with the
 * number of shapes.
 */
export async function findReviewItems(store: Store, scheme: PreparedScheme, query: ReviewQuery): Promise<ReviewItems> {
  const { catalogue, statuses, limit } = query
  const groups = new Map<string, ReviewGroup>()
  let indicators = 0
  let answered = 0
  const wanted = { codebook: scheme.codebook.name, hash: scheme.hash, statuses }
  for await (const page of store.listNeedingReview({ ...wanted, ...(catalogue === undefined ? {} : { catalogue }) })) {
    const shaped = page.map((known) => ({ known, shapes: personShapesOf(scheme, known.indicator) }))
    const hashes = shaped.flatMap(({ shapes }) => [shapes.shared.shapeHash, shapes.exact.shapeHash])
    const humanAnswers = await store.findHumanAnswers([...new Set(hashes)])
    for (const { known, shapes } of shaped) {
      if (isAnswered(scheme, known.latest.classification, shapes, humanAnswers)) {
        answered += 1
        continue
      }
      indicators += 1
      addToGroup(scheme, groups, known, shapes.shared)
    }
  }
  const sorted = [...groups.values()].sort((a, b) => compareGroups(scheme, a, b)).slice(0, limit)
  return { items: await buildItems(store, scheme, sorted), indicators, shapes: groups.size, answered }
}

function addToGroup(
  scheme: PreparedScheme,
  groups: Map<string, ReviewGroup>,
  known: KnownIndicator,
  { reading, shapeHash }: PersonShape,
): void {
  const group = groups.get(shapeHash)
  const id = known.indicator.indicator_id
  if (group === undefined) {
    groups.set(shapeHash, { worst: known, reading, shapeHash, ids: [id], count: 1 })
    return
  }
  const isWorse = compareKnown(scheme, known, group.worst) < 0
  const ids = group.ids.length < SHOWN_IDS ? [...group.ids, id] : group.ids
  const kept = isWorse ? { worst: known, reading } : { worst: group.worst, reading: group.reading }
  groups.set(shapeHash, { ...kept, shapeHash, ids, count: group.count + 1 })
}

/**
 * Orders groups by the most serious reason, then the lowest confidence, then the largest number of indicators, then by
 * id.
 */
function compareGroups(scheme: PreparedScheme, a: ReviewGroup, b: ReviewGroup): number {
  return compareGravity(scheme, a.worst, b.worst) || b.count - a.count || compareIds(a.worst, b.worst)
}

function compareKnown(scheme: PreparedScheme, a: KnownIndicator, b: KnownIndicator): number {
  return compareGravity(scheme, a, b) || compareIds(a, b)
}

function compareGravity(scheme: PreparedScheme, a: KnownIndicator, b: KnownIndicator): number {
  const rank = ({ latest }: KnownIndicator) => REASONS.indexOf(reasonOf(scheme, latest.classification))
  return rank(a) - rank(b) || a.latest.classification.confidence - b.latest.classification.confidence
}

function compareIds(a: KnownIndicator, b: KnownIndicator): number {
  return a.indicator.indicator_id < b.indicator.indicator_id ? -1 : 1
}
