/** What the page of review begins with: how much is left, in which groups, and the fields of the codebook. */

import { askableFields } from '../../classification/fields.ts'
import type { Field } from '../../codebooks/codebook.ts'
import type { ReviewItem } from '../../review/review-item.ts'
import type { Store } from '../../store/types.ts'
import type { Codebooks } from '../codebooks.ts'
import * as page from '../page/review-page.ts'
import type { ReviewQueue } from '../review-queue.ts'
import type { View } from '../view.ts'
import { chooseCodebook } from './codebook-choice.ts'

export interface ReviewDeps {
  readonly store: Pick<Store, 'listCodebooks' | 'listCatalogues'>
  readonly schemes: Codebooks
  readonly queue: ReviewQueue
}

export function reviewView(deps: ReviewDeps): View<page.ReviewData> {
  return {
    ...{ path: '/review', name: 'review', right: 'review', everyMs: 0, page },
    load: async ({ query, visitor }) => {
      const [{ names, scheme }, catalogues] = await Promise.all([
        chooseCodebook(deps, query.get('codebook')),
        deps.store.listCatalogues(),
      ])
      const catalogue = query.get('catalogue') ?? ''
      const withUnverified = query.get('unverified') === '1'
      const found = await deps.queue.list({
        ...{ scheme, withUnverified },
        catalogue: catalogue === '' ? undefined : catalogue,
      })
      return {
        codebook: scheme.codebook.name,
        codebooks: names,
        catalogue,
        catalogues,
        unverified: withUnverified,
        reviewer: visitor.name,
        why: query.get('why') ?? '',
        rule: query.get('rule') ?? '',
        left: { indicators: found.indicators, shapes: found.shapes, answered: found.answered },
        known: found.items.length,
        byWhy: countsOf(found.items, ({ why }) => [why]),
        byRule: countsOf(found.items, ({ rules }) => [...new Set(Object.values(rules).map(({ rule }) => rule))]),
        fields: askableFields(scheme.codebook).map(toReviewField),
      }
    },
  }
}

const MOST_GROUPS = 12

function countsOf(items: readonly ReviewItem[], keysOf: (item: ReviewItem) => readonly string[]): page.GroupCount[] {
  const counts = new Map<string, { shapes: number; records: number }>()
  for (const item of items) {
    for (const key of keysOf(item)) {
      const known = counts.get(key) ?? { shapes: 0, records: 0 }
      counts.set(key, { shapes: known.shapes + 1, records: known.records + item.same_shape })
    }
  }
  const sorted = [...counts].sort(([a, x], [b, y]) => y.shapes - x.shapes || (a < b ? -1 : 1))
  return sorted.slice(0, MOST_GROUPS).map(([name, count]) => ({ name, ...count }))
}

export function toReviewField({ name, title, guidance, type, multi, nullable, appliesWhen }: Field): page.ReviewField {
  const values =
    type.kind === 'values' ? type.values.map(({ value, definition }) => ({ value: String(value), definition })) : []
  return {
    ...{ name, title, guidance: guidance ?? '', kind: type.kind, values, nullable },
    most: multi ?? 1,
    appliesWhen:
      appliesWhen === null
        ? {}
        : Object.fromEntries(
            Object.entries(appliesWhen).map(([other, wanted]) => [other, [wanted].flat().map(String)]),
          ),
  }
}
