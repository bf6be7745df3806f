/** What a drill counts, and what has to hold between its counts. */

/** Rows by table, and under `open` the invocations that Restate has not finished. */
export type Counts = Readonly<Record<string, number>>

export interface Drill {
  readonly before: Counts
  readonly after: Counts
  readonly finished: Counts
  /** What was lost or doubled; empty where nothing was. */
  readonly faults: readonly string[]
}

/** What is wrong with the counts: rows that the restore lost, work that was forgotten, and results that are missing at the end. */
export function compareCounts(before: Counts, after: Counts, finished: Counts, results: number): string[] {
  const faults: string[] = []
  for (const [name, number] of Object.entries(before)) {
    // Work that was under way may go on while it is counted.
    if (name === 'open') continue
    if ((after[name] ?? 0) < number) faults.push(`${name}: ${number} before, ${after[name]} after`)
  }
  // A Restate server that has just started may show no invocation for a moment, so that the end decides.
  if ((before['open'] ?? 0) > 0 && (after['open'] ?? 0) === 0 && finished['results'] === before['results'])
    faults.push('the work that was under way is forgotten')
  if (finished['open'] !== 0) faults.push(`${finished['open']} invocations are open at the end`)
  if (finished['results'] !== results) faults.push(`${finished['results']} results at the end, and not ${results}`)
  return faults
}

/** Counts the rows of the tables that must not lose any. */
export const COUNTED = ['results', 'run_results', 'result_inputs', 'runs', 'codebooks', 'idempotency_keys']
  .map((table) => `select '${table}' as name, count(*)::int as rows from ${table}`)
  .join(' union all ')

/** The query for Restate's admin port. */
export const OPEN_INVOCATIONS = "select id from sys_invocation where status <> 'completed'"

/** The body of a batch in which the model is asked about each indicator alone, so that it takes its time. */
export function openBatch(size: number): object {
  const indicators = Array.from({ length: size }, (_, index) => ({
    indicator_id: `open-${index}`,
    name: `Quantity ${index} of kind ${index * 7}`,
  }))
  return { indicators, catalogue: 'under-way', options: { mode: 'model', pack: 1, audit: 'none' } }
}

/** A catalogue of indicators as CSV, each with another name. */
export function madeCatalogue(prefix: string, rows: number): string {
  const lines = Array.from(
    { length: rows },
    (_, index) => `${prefix}-${index},"Gross domestic product of region ${index}, USD million"`,
  )
  return `indicator_id,name\n${lines.join('\n')}\n`
}
