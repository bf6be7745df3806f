/** Says by which other codebooks results are open, to a user who named none and so sees those of the default one. */
import { pluralise } from '../../catalogue/problem-report.ts'
import type { Status } from '../../classification/types.ts'
import type { Store } from '../../store/types.ts'

/** Of more results than this a line says only that there are more, because counting them would read them all. */
const MOST_COUNTED = 10_000

export interface OtherQuery {
  /** The codebook whose results are listed. */
  readonly codebook: string
  readonly catalogue: string | undefined
  readonly statuses: readonly Status[]
}

/** One line for each other codebook with open results, such as "2 results by shop-news need review: --codebook shop-news". */
export async function findOtherCodebooks(
  store: Pick<Store, 'listCodebooks' | 'listNeedingReview'>,
  { codebook, catalogue, statuses }: OtherQuery,
): Promise<string[]> {
  const lines: string[] = []
  // The newest version of each codebook comes first, and its hash says which decisions are of an older one.
  const newest = new Map((await store.listCodebooks()).toReversed().map(({ name, hash }) => [name, hash]))
  newest.delete(codebook)
  for (const [name, hash] of [...newest].sort(([a], [b]) => (a < b ? -1 : 1))) {
    let count = 0
    const wanted = { codebook: name, hash, statuses, ...(catalogue === undefined ? {} : { catalogue }) }
    for await (const page of store.listNeedingReview(wanted)) {
      count += page.length
      if (count > MOST_COUNTED) break
    }
    if (count === 0) continue
    const more = count > MOST_COUNTED ? 'More than ' : ''
    const results = pluralise(Math.min(count, MOST_COUNTED), 'result')
    lines.push(`${more}${results} by ${name} ${count === 1 ? 'needs' : 'need'} review: --codebook ${name}`)
  }
  return lines
}
