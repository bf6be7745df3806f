/** Pure functions that show runs to people: the list of runs, and where one run is. */

import { describeCostStop, keptAnswers } from '../../lib/cost-limits.ts'
import { joinLines } from '../../lib/visible-text.ts'
import type { RunBody } from '../../restate/contract.ts'
import { formatCount } from '../ui/terminal.ts'
import type { DetachedRun } from './detach.ts'

const HEAD = [
  'run',
  'catalogue',
  'codebook',
  'began',
  'command',
  'rows',
  'review',
  'cost USD',
  'a minute',
  'state',
] as const
/** The columns that hold numbers, which stand at the right. */
const NUMBERS: ReadonlySet<string> = new Set(['rows', 'review', 'cost USD', 'a minute'])

export function formatRuns(runs: readonly RunBody[]): string {
  if (runs.length === 0) return 'There are no runs yet. Begin one with: npm run classify -- FILE'
  const rows = [HEAD, ...runs.map(cellsOf)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => {
    const cells = row.map((cell, column) => {
      const width = widths[column] ?? 0
      return NUMBERS.has(HEAD[column] ?? '') ? cell.padStart(width) : cell.padEnd(width)
    })
    return cells.join('  ').trimEnd()
  })
  return joinLines(lines)
}

function cellsOf(run: RunBody): readonly string[] {
  const done = run.classified + run.unchanged
  return [
    run.run_id,
    run.catalogue ?? '-',
    run.codebook ?? '-',
    run.started_at.slice(0, 16).replace('T', ' '),
    run.command ?? '-',
    run.size === null || run.size === done ? formatCount(done) : `${formatCount(done)} of ${formatCount(run.size)}`,
    formatCount(run.needs_review),
    run.cost_usd.toFixed(4),
    formatCount(run.indicators_per_minute),
    run.state,
  ]
}

const STATES: Readonly<Record<RunBody['state'], string>> = {
  running: 'is under way',
  paused: 'is paused',
  stopping: 'is stopping',
  complete: 'is complete',
  incomplete: 'ended with indicators left',
  stopped: 'was stopped',
  interrupted: 'was interrupted',
  abandoned: 'has lost the process that drove it',
  untracked: 'has batches that came without a driver',
}

/** The states in which another process may take a run on. */
const RESUMABLE: ReadonlySet<RunBody['state']> = new Set(['incomplete', 'stopped', 'interrupted', 'abandoned'])

/** Where a run is: what it does, how far it is and who drives it, and the command that takes it on where that is of use. */
export function describeRun(run: RunBody): readonly string[] {
  const done = run.classified + run.unchanged
  const share = run.size === null || run.size === 0 ? '' : ` of ${formatCount(run.size)} (${percent(done, run.size)})`
  const isLive = run.state === 'running' || run.state === 'paused' || run.state === 'stopping'
  const pace = run.state === 'running' ? `, ${formatCount(run.indicators_per_minute)} a minute` : ''
  const driver = run.driver === null ? '' : `; ${isLive ? 'driven' : 'last driven'} by ${describeDriver(run.driver)}`
  const limit =
    typeof run.max_cost_usd === 'number' ? `, USD ${run.cost_usd.toFixed(4)} of at most ${run.max_cost_usd}` : ''
  const lines = [
    `Run ${run.run_id} ${STATES[run.state]}: ${formatCount(done)}${share} indicators${pace}${limit}${driver}`,
  ]
  if (run.state === 'incomplete') lines.push(...describeLimit(run))
  const isResumable = RESUMABLE.has(run.state)
  if (isResumable) lines.push(`  Take it on with: npm run classify -- --resume ${run.run_id}`)
  // A pause stands with the run, so that whoever takes it on waits, too.
  const isHeldUp = run.state === 'paused' || (isResumable && run.wanted === 'paused')
  if (isHeldUp)
    lines.push(`  ${isResumable ? 'It is paused, and goes' : 'It goes'} on with: npm run resume -- ${run.run_id}`)
  return lines
}

function describeLimit(run: RunBody): readonly string[] {
  const { max_cost_usd: maxUsd, cost_stop: stop, cost_usd: spentUsd } = run
  if (typeof maxUsd !== 'number' || stop === null || stop === undefined) return []
  const kept = keptAnswersOf(run)
  const text = describeCostStop({ spentUsd, maxUsd, nextUsd: stop.next_usd, neededUsd: stop.needed_usd })
  return kept === 0 ? [`  ${text}`] : [`  ${text}`, `  ${formatCount(kept)} answered, kept for when it goes on`]
}

/** The number of indicators that are answered and have no result yet. */
export function keptAnswersOf({ answered, by_source: sources, classified, unchanged, size }: RunBody): number {
  return keptAnswers({ answered, fromModels: sources.model + sources.escalation, done: classified + unchanged, size })
}

function percent(part: number, whole: number): string {
  return `${Math.floor((part / whole) * 100)} %`
}

function describeDriver({ host, pid, since }: NonNullable<RunBody['driver']>): string {
  return `host ${host}, pid ${pid}, since ${since}`
}

/** The output of `classify --detach --json`, whose property names must not change. */
export function detachedReport({ runId, pid, log }: DetachedRun) {
  const command = (name: string) => `npm run ${name} -- ${runId}`
  return {
    run_id: runId,
    pid,
    log,
    commands: {
      status: command('status'),
      pause: command('pause'),
      resume: command('resume'),
      stop: command('stop'),
      take_over: `npm run classify -- --resume ${runId}`,
    },
  }
}

export function formatDetached(run: DetachedRun): string {
  const { commands } = detachedReport(run)
  return joinLines([
    `Run ${run.runId} goes on in a process of its own (pid ${run.pid}). What it says goes to ${run.log}`,
    `  ${commands.status.padEnd(60)} where it is`,
    `  ${commands.pause.padEnd(60)} submit nothing more until npm run resume`,
    `  ${commands.stop.padEnd(60)} start no further request, and end it; what is answered is stored`,
    `  ${commands.take_over.padEnd(60)} take it on where it ended early`,
  ])
}
