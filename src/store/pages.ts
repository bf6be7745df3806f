/** Reads many rows in pages, in order of their key, for the exports and lists of the store. */

/** The number of rows in a page where the caller names no size. */
const DEFAULT_PAGE_SIZE = 1_000

export interface PageOptions {
  readonly pageSize?: number
}

/**
 * Yields pages until `read` returns one that is not full. `read(after, pageSize)` returns the rows whose key is greater
 * than `after`, at most `pageSize` of them in order of the key. Each page is a statement of its own, because a cursor
 * would need a session and PgBouncer shares sessions.
 */
export async function* readPages<Row>(
  { pageSize = DEFAULT_PAGE_SIZE }: PageOptions,
  keyOf: (row: Row) => string,
  read: (after: string, pageSize: number) => Promise<readonly Row[]>,
): AsyncGenerator<readonly Row[], void, undefined> {
  let after: string | undefined = ''
  while (after !== undefined) {
    const page: readonly Row[] = await read(after, pageSize)
    if (page.length > 0) yield page
    const last: Row | undefined = page.at(-1)
    after = last === undefined || page.length < pageSize ? undefined : keyOf(last)
  }
}
