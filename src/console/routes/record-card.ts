/** Finds the card of one record that a person wants to decide, wherever it stands in the list of a review. */
import { type PersonShapes, personShapesOf } from '../../review/person-shape.ts'
import { buildItems, type ReviewItem } from '../../review/review-item.ts'
import type { KnownIndicator, Store } from '../../store/types.ts'
import type { QueueScope, ReviewQueue } from '../review-queue.ts'

/** So many records with the same words are looked at for the same shape. */
const LOOKED_AT = 200
const SHOWN_IDS = 5

interface CardDeps {
  readonly store: Store
  readonly queue: ReviewQueue
}

/** The card of the record `id`, as a list of at most one; empty where there is no such record, or its shape is in `without`. */
export async function findRecordCard(
  { store, queue }: CardDeps,
  scope: QueueScope,
  id: string,
  without: ReadonlySet<string>,
): Promise<readonly ReviewItem[]> {
  const { scheme, catalogue } = scope
  if (catalogue === undefined) return []
  const place = { codebook: scheme.codebook.name, catalogue }
  const known = (await store.findIndicators(place, [id])).get(id)
  if (known === undefined) return []
  const shapes = personShapesOf(scheme, known.indicator)
  const { shapeHash, reading } = shapes.shared
  if (without.has(shapeHash)) return []
  const listed = (await queue.list(scope)).items.find((item) => item.shape_hash === shapeHash)
  const alike =
    listed === undefined
      ? await findAlike(store, scope, { known, shapes, place })
      : { ids: listed.same_shape_ids, count: listed.same_shape }
  return await buildItems(store, scheme, [{ worst: known, reading, shapeHash, ...alike }])
}

interface Alike {
  readonly known: KnownIndicator
  readonly shapes: PersonShapes
  readonly place: { readonly codebook: string; readonly catalogue: string }
}

/** The record with those that a decision on it settles as well: of the same shape, and not accepted. */
async function findAlike({ views, findIndicators }: Store, { scheme }: QueueScope, { known, shapes, place }: Alike) {
  const own = known.indicator.indicator_id
  const found = await views.findAlike(place, known.indicator, LOOKED_AT)
  const same = found.filter((other) => personShapesOf(scheme, other).shared.shapeHash === shapes.shared.shapeHash)
  const ids = same.flatMap(({ indicator_id: id }) => (id === own ? [] : [id]))
  const results = await findIndicators(place, ids)
  const open = ids.filter((id) => results.get(id)?.latest.classification.status !== 'accepted')
  return { ids: [own, ...open].slice(0, SHOWN_IDS), count: open.length + 1 }
}
