/** Drives catalogues through the cluster one run after the other, as people do, and resumes what was cut off. */

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunReport } from '../../src/cli/classify/run-report.ts'
import type { Cluster } from '../compose/cluster.ts'
import { createCounter } from '../compose/run-watch.ts'
import type { RunningCli } from '../helpers/cli/cli.ts'
import type { DrivenRun } from './history.ts'
import { DRIVERS, type Driver } from './names.ts'
import type { SaidLine } from './stalls.ts'

/** The indicators of a run. */
const SIZES: Readonly<Record<Driver, number>> = { fresh: 600, same: 200 }
const OPTIONS = ['--mode', 'model', '--no-reuse', '--force', '--pack', '10', '--batch-size', '20', '--json']
/** A run waits longer for nodes than any fault lasts. */
const PATIENCE = ['--wait-for-nodes', '10m']
const UNITS = ['Tonnes', 'USD million', 'Percent', 'Index 2015=100', 'Number of persons']
const FREQUENCIES = ['Monthly', 'Quarterly', 'Annual']
const POLL_MS = 1_000

export interface FinishedRun extends DrivenRun {
  readonly startedAt: number
  readonly endedAt: number
  readonly lines: readonly SaidLine[]
  /** When results of the run appeared in the database. */
  readonly savedAt: readonly number[]
  /** How often the run was resumed. */
  readonly resumes: number
}

export interface Drivers {
  /** The runs that have ended so far. */
  readonly runs: readonly FinishedRun[]
  kill(driver: string): Promise<void>
  /** Begins no further run, and waits for those under way until `signal` aborts, which gives them up. */
  finish(signal: AbortSignal): Promise<void>
}

/** Starts every driver. */
export function startDrivers(cluster: Cluster, directory: string): Drivers {
  const runs: FinishedRun[] = []
  const current = new Map<string, RunningCli>()
  const ending = new AbortController()
  const givingUp = new AbortController()

  const drive = async (driver: Driver) => {
    for (let round = 1; !ending.signal.aborted; round += 1) {
      const begin = (cli: RunningCli) => {
        current.set(driver, cli)
        return cli
      }
      const run = await driveRun({ cluster, directory, driver, round, begin, signal: givingUp.signal })
      runs.push(run)
      if (run.report === undefined) await sleep(POLL_MS)
    }
  }
  const driving = Promise.all(DRIVERS.map(drive))

  return {
    runs,
    kill: async (driver) => {
      current.get(driver)?.child.kill('SIGKILL')
    },
    finish: async (signal) => {
      ending.abort()
      const giveUp = () => {
        givingUp.abort()
        for (const cli of current.values()) cli.child.kill('SIGKILL')
      }
      if (signal.aborted) giveUp()
      signal.addEventListener('abort', giveUp, { once: true })
      await driving
    },
  }
}

interface RunOptions {
  readonly cluster: Cluster
  readonly directory: string
  readonly driver: Driver
  readonly round: number
  readonly begin: (cli: RunningCli) => RunningCli
  readonly signal: AbortSignal
}

/** Drives one run until it is complete, or until `signal` aborts. */
async function driveRun({ cluster, directory, driver, round, begin, signal }: RunOptions): Promise<FinishedRun> {
  const catalogue = driver === 'same' ? 'same' : `fresh-${round}`
  const records = makeRecords(driver, round)
  const file = join(directory, `${driver}-${round}.jsonl`)
  await writeFile(file, `${records.map((record) => JSON.stringify(record)).join('\n')}\n`)
  const asked = new Map(records.map(({ indicator_id, name }) => [indicator_id, name]))
  const lines: SaidLine[] = []
  const savedAt: number[] = []
  const startedAt = performance.now()
  let runId = ''
  let report: RunReport | undefined
  let resumes = -1
  const watching = new AbortController()
  const watch = watchSaved(cluster, () => runId, savedAt, watching.signal)
  while (report === undefined && !signal.aborted) {
    resumes += 1
    // A command that died before it had named its run has sent nothing, so that it is started anew.
    const args = runId === '' ? [file, '--catalogue', catalogue, ...OPTIONS] : ['--resume', runId, '--json']
    const cli = begin(cluster.classify([...args, ...PATIENCE]))
    cli.child.stderr?.on('data', (text: string) => {
      for (const line of text.split('\n')) if (line !== '') lines.push({ at: performance.now(), text: line })
      runId ||= /^Run (\S+), mode/m.exec(cli.said())?.[1] ?? ''
    })
    const { code, stdout } = await cli.result
    if (code === 0) report = JSON.parse(stdout) as RunReport
    else await sleep(POLL_MS)
  }
  watching.abort()
  await watch
  return {
    runId,
    catalogue,
    round,
    asked,
    report,
    startedAt,
    endedAt: performance.now(),
    lines,
    savedAt,
    resumes: Math.max(0, resumes),
  }
}

function makeRecords(driver: Driver, round: number) {
  return Array.from({ length: SIZES[driver] }, (_, index) => ({
    indicator_id: driver === 'same' ? `S${index}` : `F${round}.${index}`,
    // The round stands in the name, so that the answer of an earlier round is known as such.
    name: `Output of ${driver} plant ${index} in round ${round}`,
    units: UNITS[(index + round) % UNITS.length],
    periodicity: FREQUENCIES[(index + round) % FREQUENCIES.length],
  }))
}

/** Notes each time at which the number of saved results of the run has grown. */
async function watchSaved(
  cluster: Cluster,
  runId: () => string,
  savedAt: number[],
  signal: AbortSignal,
): Promise<void> {
  const text = 'select count(*)::int from run_results where run_id = $1'
  let counter: ReturnType<typeof createCounter> | undefined
  let latest = 0
  while (!signal.aborted) {
    if (runId() !== '') counter ??= createCounter(cluster.databaseUrl, text, [runId()])
    const count = (await counter?.read().catch(() => latest)) ?? latest
    if (count > latest) savedAt.push(performance.now())
    latest = Math.max(latest, count)
    await sleep(POLL_MS, undefined, { signal }).catch(() => undefined)
  }
  await counter?.close()
}
