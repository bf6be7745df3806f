/** Checks the history of runs: what was asked, answered, saved and reported must agree for every row. */

/** One run of a catalogue, as the program that drove it knows it. */
export interface DrivenRun {
  readonly runId: string
  readonly catalogue: string
  /** Runs of a catalogue follow one another; each has the next number. */
  readonly round: number
  /** The name of each indicator that was asked about, by its id. */
  readonly asked: ReadonlyMap<string, string>
  /** What the command reported at its end; undefined where the run never ended as complete. */
  readonly report: { readonly classified: number; readonly unchanged: number; readonly failed: number } | undefined
}

/** One answer that the model gave. Each has a token of its own, which the model wrote into the reason. */
export interface GivenAnswer {
  readonly token: string
  readonly id: string
  readonly name: string
  readonly promptVersion: string
  readonly labels: Readonly<Record<string, unknown>>
}

/** A row of a run, in the database or in an export. */
export interface SavedRow {
  readonly runId: string
  readonly catalogue: string
  readonly id: string
  readonly name: string
  readonly reason: string
  readonly promptVersion: string
  readonly labels: Readonly<Record<string, unknown>>
}

export interface History {
  readonly runs: readonly DrivenRun[]
  readonly answers: readonly GivenAnswer[]
  /** One row for each indicator and run. */
  readonly saved: readonly SavedRow[]
  /** The latest results, one row for each indicator. */
  readonly current: readonly SavedRow[]
  /** What a person gets: the rows of the export. */
  readonly exported: readonly SavedRow[]
  /** The indicators that the totals of each run count, by its id. */
  readonly totals: ReadonlyMap<string, number>
}

export interface Finding {
  readonly kind: 'lost' | 'doubled' | 'stale' | 'mislabelled'
  /** A run, or a run and an indicator. */
  readonly where: string
  readonly what: string
}

/** Every row that is lost, doubled, stale or mislabelled; empty for a history without a fault. */
export function checkHistory(history: History): Finding[] {
  return [...history.runs.flatMap((run) => checkRun(run, history)), ...checkRows(history), ...checkLatest(history)]
}

/** Each indicator of a complete run has one row, and the report and the totals count it once. */
function checkRun(run: DrivenRun, { saved, totals }: History): Finding[] {
  const { runId, asked, report } = run
  const counts = countBy(saved.filter((row) => row.runId === runId).map(({ id }) => id))
  const found: Finding[] = []
  for (const [id, count] of counts) {
    if (!asked.has(id)) found.push(at('mislabelled', run, id, 'was saved for a run that did not ask about it'))
    else if (count > 1) found.push(at('doubled', run, id, `has ${count} rows`))
  }
  if (report === undefined) return found
  for (const id of asked.keys()) if (!counts.has(id)) found.push(at('lost', run, id, 'has no row'))
  const reported = report.classified + report.unchanged + report.failed
  if (reported !== asked.size || report.failed > 0) {
    const kind = reported > asked.size ? 'doubled' : 'lost'
    found.push({ kind, where: runId, what: `the report counts ${describeReport(report)} of ${asked.size}` })
  }
  const total = totals.get(runId) ?? 0
  if (total !== asked.size) {
    found.push({
      kind: total > asked.size ? 'doubled' : 'lost',
      where: runId,
      what: `the totals count ${total} of ${asked.size}`,
    })
  }
  return found
}

/** Each row says what the model answered about this indicator, in this run, under this version of the prompt. */
function checkRows({ runs, answers, saved }: History): Finding[] {
  const runOf = new Map(runs.map((run) => [run.runId, run]))
  const answerOf = new Map(answers.map((answer) => [answer.token, answer]))
  return saved.flatMap((row) => {
    const run = runOf.get(row.runId)
    const name = run?.asked.get(row.id)
    if (run === undefined || name === undefined) return []
    const answer = answerOf.get(tokenOf(row.reason) ?? '')
    if (answer === undefined)
      return [at('mislabelled', run, row.id, `rests on no answer of the model: "${row.reason}"`)]
    if (answer.id !== row.id) return [at('mislabelled', run, row.id, `has the answer about ${answer.id}`)]
    if (answer.name !== name || row.name !== name) {
      return [
        at('stale', run, row.id, `was asked as "${name}", saved as "${row.name}" and answered as "${answer.name}"`),
      ]
    }
    if (answer.promptVersion !== row.promptVersion) {
      const what = `was asked under prompt ${answer.promptVersion} and is labelled ${row.promptVersion}`
      return [at('mislabelled', run, row.id, what)]
    }
    const wrong = Object.entries(answer.labels).find(([field, value]) => !isSame(row.labels[field], value))
    return wrong === undefined ? [] : [at('mislabelled', run, row.id, describeLabel(wrong, row))]
  })
}

/** The latest result is that of the last complete run or of a later one, and the export shows the latest result once. */
function checkLatest({ runs, current, exported }: History): Finding[] {
  const found: Finding[] = []
  const runOf = new Map(runs.map((run) => [run.runId, run]))
  for (const [catalogue, ofCatalogue] of Map.groupBy(runs, (run) => run.catalogue)) {
    const latest = new Map(current.filter((row) => row.catalogue === catalogue).map((row) => [row.id, row]))
    const shown = Map.groupBy(
      exported.filter((row) => row.catalogue === catalogue),
      (row) => row.id,
    )
    const last = new Map<string, DrivenRun>()
    const complete = ofCatalogue.filter(({ report }) => report !== undefined).sort((a, b) => a.round - b.round)
    for (const run of complete) for (const id of run.asked.keys()) last.set(id, run)
    for (const [id, run] of last) {
      const row = latest.get(id)
      const round = runOf.get(row?.runId ?? '')?.round ?? -1
      if (row === undefined) found.push(at('lost', run, id, 'has no latest result'))
      else if (round < run.round) found.push(at('stale', run, id, `has the result of ${row.runId} as its latest`))
      const rows = shown.get(id) ?? []
      if (rows.length === 0) found.push(at('lost', run, id, 'is not exported'))
      if (rows.length > 1) found.push(at('doubled', run, id, `is exported ${rows.length} times`))
      const [first] = rows
      if (row !== undefined && first !== undefined && (first.runId !== row.runId || first.reason !== row.reason)) {
        found.push(at('stale', run, id, `is exported as ${first.runId} has it, not as ${row.runId}`))
      }
    }
  }
  return found
}

/** The token that the model wrote into its reason, as in "T17 …". */
export function tokenOf(reason: string): string | undefined {
  return /\bT\d+\b/.exec(reason)?.[0]
}

function describeLabel([field, value]: readonly [string, unknown], { labels }: SavedRow): string {
  return `has ${field} ${JSON.stringify(labels[field])}, and the model said ${JSON.stringify(value)}`
}

function describeReport(report: NonNullable<DrivenRun['report']>): string {
  return Object.entries(report)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one ?? null) === JSON.stringify(other ?? null)
}

function at(kind: Finding['kind'], run: DrivenRun, id: string, what: string): Finding {
  return { kind, where: `${run.runId} ${id}`, what }
}

function countBy(values: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return counts
}
