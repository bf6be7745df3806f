/** The cards of reviews, worst first: read from the store now and then, and handed out so that no two pages have the same. */
import type { PreparedScheme } from '../classification/scheme.ts'
import type { Status } from '../classification/types.ts'
import type { ReviewItem } from '../review/review-item.ts'
import { findReviewItems, type ReviewItems } from '../review/review-items.ts'
import type { Store } from '../store/types.ts'

/** Which results are reviewed. */
export interface QueueScope {
  readonly scheme: PreparedScheme
  /** Undefined for all catalogues. */
  readonly catalogue: string | undefined
  /** Whether guesses that nothing has checked are reviewed as well. */
  readonly withUnverified: boolean
}

export interface ReviewGroup {
  /** Only cards with this reason, or with a finding of this rule. */
  readonly why?: string | undefined
  readonly rule?: string | undefined
}

export interface ReviewQueue {
  /** The cards that are known, and how many there are in all. */
  list(scope: QueueScope): Promise<ReviewItems>
  /** Claims the first cards of the group that are free, without those that the page has put aside. */
  claim(
    scope: QueueScope,
    options: {
      readonly holder: string
      readonly group: ReviewGroup
      readonly without: ReadonlySet<string>
      readonly most: number
    },
  ): Promise<readonly ReviewItem[]>
  /** Claims those of the cards that are free, the first ones first. */
  hold(scope: QueueScope, holder: string, items: readonly ReviewItem[], most: number): Promise<readonly ReviewItem[]>
  /** Takes cards out that have been decided. */
  settle(scope: QueueScope, holder: string, shapeHashes: readonly string[]): Promise<void>
}

/** A list of cards is read again after so many milliseconds, and at once where it has become short. */
const FRESH_MS = 30_000
const SHORT = 20
/** The worst shapes that are kept: more than a person decides before the list is read again. */
const KEPT = 500
const KEPT_LISTS = 20
/** A reviewer who is silent for longer has left the card. */
const HOLD_MS = 5 * 60_000
/** Cards that are claimed by others lie at the beginning of the list, so that more are asked for than are wanted. */
const ASKED = 200

interface KnownList {
  readonly at: number
  readonly items: Promise<ReviewItems>
  readonly settled: Set<string>
}

export function createReviewQueue(store: Store): ReviewQueue {
  const lists = new Map<string, KnownList>()
  const keyOf = ({ scheme, catalogue, withUnverified }: QueueScope) =>
    JSON.stringify([scheme.hash, catalogue ?? null, withUnverified])

  const read = (scope: QueueScope): KnownList => {
    const { scheme, catalogue, withUnverified } = scope
    const statuses: readonly Status[] = withUnverified ? ['needs-review', 'unverified'] : ['needs-review']
    const items = findReviewItems(store, scheme, { catalogue, statuses, limit: KEPT })
    const known = { at: Date.now(), items, settled: new Set<string>() }
    lists.delete(keyOf(scope))
    lists.set(keyOf(scope), known)
    // A list that could not be read is read again by the next caller.
    items.catch(() => lists.delete(keyOf(scope)))
    const [oldest] = lists.keys()
    if (lists.size > KEPT_LISTS && oldest !== undefined) lists.delete(oldest)
    return known
  }

  const list = async (scope: QueueScope): Promise<ReviewItems> => {
    const known = lists.get(keyOf(scope)) ?? read(scope)
    const left = await leftOf(known)
    const isShort = left.items.length < SHORT && left.shapes > left.items.length
    if (!isShort && Date.now() - known.at <= FRESH_MS) return left
    // Another caller may have read it again meanwhile.
    const current = lists.get(keyOf(scope))
    return await leftOf(current === undefined || current === known ? read(scope) : current)
  }

  const hold: ReviewQueue['hold'] = async ({ scheme }, holder, items, most) => {
    if (items.length === 0) return []
    const shapeHashes = items.map((item) => item.shape_hash)
    const { name: codebook } = scheme.codebook
    const claimed = await store.reviewCards.claim({ codebook, holder, shapeHashes, most, holdMs: HOLD_MS })
    return items.filter((item) => claimed.has(item.shape_hash))
  }

  return {
    list,
    claim: async (scope, { holder, group, without, most }) => {
      const { items } = await list(scope)
      const wanted = items.filter((item) => isOf(item, group) && !without.has(item.shape_hash))
      return await hold(scope, holder, wanted.slice(0, ASKED), most)
    },
    hold,
    settle: async (scope, holder, shapeHashes) => {
      for (const known of lists.values()) for (const hash of shapeHashes) known.settled.add(hash)
      await store.reviewCards.release(scope.scheme.codebook.name, holder, shapeHashes)
    },
  }
}

export function isOf({ why, rules }: ReviewItem, group: ReviewGroup): boolean {
  if (group.why !== undefined && why !== group.why) return false
  return group.rule === undefined || Object.values(rules).some(({ rule }) => rule === group.rule)
}

/** What is left of a list without the cards that have been decided since. */
async function leftOf({ items, settled }: KnownList): Promise<ReviewItems> {
  const found = await items
  const left = found.items.filter((item) => !settled.has(item.shape_hash))
  const gone = found.items.length - left.length
  const records = found.items.reduce((sum, item) => sum + (settled.has(item.shape_hash) ? item.same_shape : 0), 0)
  return {
    items: left,
    indicators: found.indicators - records,
    shapes: found.shapes - gone,
    answered: found.answered + records,
  }
}
