/** Reads many rows in pages, in order of catalogue and id, for the exports and lists of the store. */
import { type Parameters, storableText } from './bulk.ts'

/** The number of rows in a page where the caller names no size. */
const DEFAULT_PAGE_SIZE = 1_000

export interface PageOptions {
  /** The one catalogue whose rows are read; without it the rows of all. */
  readonly catalogue?: string
  readonly pageSize?: number
}

/** The key of a row within the results of one codebook. */
export type PageKey = readonly [catalogue: string, indicatorId: string]

/** Before the first key: a catalogue and an id are never empty. */
const START: PageKey = ['', '']

/**
 * Yields pages until `read` returns one that is not full. `read(after, pageSize)` returns the rows whose key is greater
 * than `after`, at most `pageSize` of them in order of the key. Each page is a statement of its own, because a cursor
 * would need a session and PgBouncer shares sessions.
 */
export async function* readPages<Row>(
  { pageSize = DEFAULT_PAGE_SIZE }: PageOptions,
  keyOf: (row: Row) => PageKey,
  read: (after: PageKey, pageSize: number) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[], void, undefined> {
  let after: PageKey | undefined = START
  while (after !== undefined) {
    const page: readonly Row[] = await read(after, pageSize)
    if (page.length > 0) yield page
    const last: Row | undefined = page.at(-1)
    after = last === undefined || page.length < pageSize ? undefined : keyOf(last)
  }
}

/**
 * An SQL condition: whether a row comes after the key `after`, among those of one catalogue where the options name it. One
 * catalogue gets a condition of its own, because PostgreSQL begins to read an index at the id only where the catalogue is
 * compared with `=`.
 */
export function isAfter(parameters: Parameters, after: PageKey, { catalogue }: PageOptions): string {
  const [afterCatalogue, afterId] = after
  if (catalogue === undefined) {
    return `(catalogue, indicator_id) > (${parameters.bind(afterCatalogue)}, ${parameters.bind(afterId)})`
  }
  return `catalogue = ${parameters.bind(storableText(catalogue))} and indicator_id > ${parameters.bind(afterId)}`
}
