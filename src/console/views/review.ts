/** What the page of review begins with: how much is left, in which groups, and the fields of the codebook. */

import { askableFields } from '../../classification/fields.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Codebook, Field, FieldKind } from '../../codebooks/codebook.ts'
import type { Conditions } from '../../codebooks/format.ts'
import type { ReviewItem } from '../../review/review-item.ts'
import { formOf } from '../../review/value-form.ts'
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
      const guesses = found.shapes > 0 || withUnverified ? 0 : await countGuesses(deps, scheme, catalogue)
      return {
        codebook: scheme.codebook.name,
        codebooks: names,
        catalogue,
        catalogues,
        unverified: withUnverified,
        reviewer: visitor.name,
        guesses,
        record: query.get('record') ?? '',
        why: query.get('why') ?? '',
        rule: query.get('rule') ?? '',
        left: { indicators: found.indicators, shapes: found.shapes, answered: found.answered },
        known: found.items.length,
        byWhy: countsOf(found.items, ({ why }) => [why]),
        byRule: countsOf(found.items, ({ rules }) => [...new Set(Object.values(rules).map(({ rule }) => rule))]),
        fields: askableFields(scheme.codebook).map((field) => toReviewField(field, scheme.codebook)),
        together: togetherOf(scheme.codebook),
      }
    },
  }
}

/** The records with a guess that nothing has checked, where nothing else is to be reviewed. */
async function countGuesses({ queue }: ReviewDeps, scheme: PreparedScheme, catalogue: string): Promise<number> {
  const place = { scheme, catalogue: catalogue === '' ? undefined : catalogue }
  return (await queue.list({ ...place, withUnverified: true })).indicators
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

export function toReviewField(
  { name, title, guidance, type, multi, nullable, appliesWhen }: Field,
  { examples }: Pick<Codebook, 'examples'>,
): page.ReviewField {
  const form = valueFormOf(type)
  const values =
    type.kind === 'values' ? type.values.map(({ value, definition }) => ({ value: String(value), definition })) : []
  return {
    ...{ name, title, guidance: guidance ?? '', kind: type.kind, values, nullable },
    most: multi ?? 1,
    appliesWhen: textsOfConditions(appliesWhen ?? {}),
    form,
    known:
      form === null
        ? []
        : [...new Set(examples.flatMap(({ labels }) => labelTexts(labels[name])))].slice(0, MOST_KNOWN),
  }
}

/** A pattern that is longer than this fits none of its labels, as the codebook has it. */
const MOST_OF_PATTERN = 200
const MOST_KNOWN = 30

function valueFormOf(type: FieldKind): page.ValueForm | null {
  switch (type.kind) {
    case 'number':
      return { kind: 'number', min: type.min, max: type.max, whole: type.whole, words: formOf(type) }
    case 'pattern':
      return { kind: 'pattern', source: type.source, max: MOST_OF_PATTERN, words: formOf(type) }
    case 'text':
      return { kind: 'text', max: type.maxLength, words: formOf(type) }
    default:
      return null
  }
}

function labelTexts(label: unknown): string[] {
  return [label].flat().flatMap((one) => (typeof one === 'string' || typeof one === 'number' ? [String(one)] : []))
}

function textsOfConditions(conditions: Readonly<Conditions>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(conditions).map(([field, wanted]) => [field, [wanted].flat().map(String)]))
}

/** What goes together in fields that a person can label; the others a person could not mend. */
export function togetherOf({ constraints, field }: Codebook): page.TogetherRule[] {
  return constraints.flatMap(({ name, when, require, forbid, message, blocks }) => {
    const fields = Object.keys({ ...when, ...require, ...forbid })
    if (!fields.every((one) => field.get(one)?.asked === true)) return []
    const texts = (conditions: Readonly<Conditions> | undefined) =>
      conditions === undefined ? null : textsOfConditions(conditions)
    return [{ name, message, blocks, when: textsOfConditions(when), require: texts(require), forbid: texts(forbid) }]
  })
}
