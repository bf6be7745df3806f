/** The report of `purge`: what it removes or has removed by place, for people and for scripts. */
import { joinLines } from '../../lib/visible-text.ts'
import type { PurgeCount, PurgeCounts, PurgedTable, RunContents } from '../../store/types.ts'
import { formatCount } from '../ui/terminal.ts'

/** The output of `purge --json`, whose property names must not change because scripts use them. */
export interface PurgeReport {
  readonly run_id: string
  /** Whether nothing was changed, so that the counts say what a purge would do. */
  readonly dry_run: boolean
  /** Invocations that Restate kept; null where Restate was not asked. */
  readonly journal: { readonly removed: number } | null
  /** Rows by table; tables without any are left out. */
  readonly database: Readonly<Partial<Record<PurgedTable, { readonly removed: number; readonly kept: number }>>>
  /** The files on this machine. */
  readonly files: readonly string[]
  /** The runs that gave the latest result of an indicator which this run classified too, or in which people decided on results of it. */
  readonly later_runs: readonly { readonly run_id: string; readonly results: number }[]
  /** Answers that no run names, because an earlier release wrote them, and that stay. */
  readonly answers_of_earlier_releases: number
}

/** What a row of each table is called where people read it. */
const NAMES: Readonly<Record<PurgedTable, string>> = {
  shape_answers: 'answers of models',
  claims: 'ended claims on questions',
  result_inputs: 'inputs',
  results: 'latest results',
  result_history: 'history',
  human_answers: 'answers of people',
  review_decisions: 'decisions of people',
  sentinel_rows: 'sentinel rows',
  evidence_labels: 'notes on labels',
  runs: 'words of the endpoint',
  answers: 'answers, earlier release',
  indicators: 'inputs, earlier release',
  classifications: 'results, earlier release',
  classification_history: 'history, earlier release',
  person_answers: 'answers of people, earlier release',
  review_items: 'decisions, earlier release',
}

/** Adds up the counts of a table. */
export function addCounts(sums: Partial<Record<PurgedTable, PurgeCount>>, counts: PurgeCounts): void {
  for (const [table, { removed, kept }] of Object.entries(counts) as [PurgedTable, PurgeCount][]) {
    const before = sums[table] ?? { removed: 0, kept: 0 }
    if (before.removed + before.kept + removed + kept === 0) continue
    sums[table] = { removed: before.removed + removed, kept: before.kept + kept }
  }
}

export function buildPurgeReport(
  runId: string,
  contents: RunContents,
  done: Pick<PurgeReport, 'dry_run' | 'journal' | 'database' | 'files'>,
): PurgeReport {
  return {
    run_id: runId,
    ...done,
    later_runs: contents.laterRuns.map(({ runId: run_id, results }) => ({ run_id, results })),
    answers_of_earlier_releases: contents.answersOfEarlierReleases,
  }
}

/** Whether a purge has nothing to remove. */
export function isEmpty({ journal, database, files }: PurgeReport): boolean {
  return (journal?.removed ?? 0) + files.length + Object.keys(database).length === 0
}

export function formatPurge(report: PurgeReport): string {
  const { run_id: run, dry_run: isDry, journal, database, files } = report
  const verb = isDry ? 'would be removed' : 'removed'
  const rows = [
    ...(journal === null ? [] : [`  Restate: ${formatCount(journal.removed)} batches with journal and answer ${verb}`]),
    ...(Object.entries(database) as [PurgedTable, PurgeCount][]).map(([table, { removed, kept }]) => {
      const stay = kept === 0 ? '' : `, ${formatCount(kept)} stay, because another run brought the same text`
      return `  database: ${formatCount(removed)} ${NAMES[table]} (${table}) ${verb}${stay}`
    }),
    ...files.map((file) => `  file: ${file} ${verb}`),
  ]
  const head = isEmpty(report) ? [`Run ${run}: nothing is left of its texts.`] : [`Run ${run}:`, ...rows]
  return joinLines([...head, ...hintsOf(report)])
}

/** What the user should know beside the counts. */
function hintsOf(report: PurgeReport): string[] {
  const { journal, later_runs: later, answers_of_earlier_releases: unnamed } = report
  const hints: string[] = []
  if (later.length > 0) {
    const runs = later.map(({ run_id, results }) => `${run_id} (${formatCount(results)})`)
    hints.push(`Indicators of it that later runs classified or decided too stay with these runs: ${runs.join(', ')}.`)
  }
  if (unnamed > 0) {
    hints.push(
      `${formatCount(unnamed)} answers of earlier releases name no run and stay; --earlier-answers removes all of them.`,
    )
  }
  if (journal === null) hints.push('Restate was not asked: what it keeps of the run goes after at most 7 hours.')
  hints.push(
    'Totals and costs of the run stay, and files that you wrote with --out. docs/operations/what-is-kept.md says what disks keep for a while.',
  )
  return hints
}
