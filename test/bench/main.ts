/** The program `npm run bench`: measures the service and prints the figures. It fails only where a scenario cannot be measured. */
import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, release, tmpdir, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { messageOf } from '../../src/errors.ts'
import { startHog } from './hog.ts'
import { leasesScenario } from './lease-simulation.ts'
import { SEED } from './parts.ts'
import { SYSTEMS } from './peers/queue.ts'
import { peersScenario } from './peers/scenario-peers.ts'
import { formatReport, type Machine } from './report.ts'
import { rowsScenario } from './rows/scenario-rows.ts'
import type { Baseline, BenchContext, Scenario, ScenarioResult } from './scenario.ts'
import { backlog } from './scenario-backlog.ts'
import { catalogueScenarios } from './scenarios-catalogue.ts'
import { loadScenarios, measureBaseline } from './scenarios-load.ts'
import { pacedScenarios } from './scenarios-paced.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2
const EXIT_INTERRUPTED = 130
/** Records of the comparison with other queues. */
const PEER_RECORDS = 3_000

interface Options {
  readonly full?: boolean
  readonly json?: boolean
  readonly only?: string
  readonly peers?: number | true
  readonly rows?: number
  readonly hog?: number
  readonly seed?: number
  readonly leases?: number
  readonly data: string
}

process.exitCode = await main()

async function main(): Promise<number> {
  const program = new Command('bench')
    .description('Measure the service on this machine against the offline model, and compare it with a plain script')
    .option('--full', 'run all scenarios, about 25 minutes (default: the quick ones, about 5 minutes)')
    .option('--only <ids>', 'run these scenarios, separated by commas; with --peers these systems')
    .option(
      '--peers [records]',
      `compare with ${SYSTEMS.slice(1).join(', ')} instead, on ${PEER_RECORDS} records or as many as said; installs what is missing, about 15 minutes`,
      (text) => readCount(text, 999_999),
    )
    .option(
      '--rows <n>',
      'run a catalogue of so many rows instead, with a restart in its middle; stops at 50 GB of files',
      (text) => readCount(text, 100_000_000),
    )
    .option('--leases <replicas>', 'simulate the leases of up to so many replicas instead', (text) =>
      readCount(text, 1_000),
    )
    .option('--hog <percent>', 'hold so much of every core by something else meanwhile', (text) => readCount(text, 90))
    .option(
      '--seed <n>',
      "seed of the model's latencies (default: another one in each run, which the report names)",
      (text) => readCount(text, 999_999),
    )
    .option(
      '--data <directory>',
      'directory of catalogue-10903.jsonl and catalogue-varied-10903.jsonl, if they exist',
      '../shared/data',
    )
    .option('--json', 'print one JSON object on stdout, and everything else on stderr')
    .parse()
  const options = program.opts<Options>()
  const seed = options.seed ?? randomInt(1, 1_000_000)
  process.env[SEED] = String(seed)
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort())

  const all = [...catalogueScenarios, ...pacedScenarios, ...loadScenarios, backlog]
  const chosen = choose(all, options)
  if (typeof chosen === 'string') {
    say(chosen)
    return EXIT_USAGE
  }
  const hog = options.hog === undefined ? null : startHog(options.hog / 100)
  const scratchDir = await mkdtemp(join(tmpdir(), 'classify-bench-files-'))
  try {
    const base = {
      isFull: options.full ?? false,
      dataDir: options.data,
      scratchDir,
      say,
      signal: interrupted.signal,
    }
    const isCompared = options.rows === undefined && options.leases === undefined
    const baseline = isCompared ? await baselineOf(base) : null
    const context: BenchContext = { ...base, baseline }
    const scenarios: ScenarioResult[] = []
    const failures: string[] = []
    for (const scenario of chosen) {
      say(`${scenario.id} …`)
      try {
        const result = await scenario.run(context)
        scenarios.push(result)
        say(`${scenario.id}: ${JSON.stringify(result.figures)}`)
      } catch (error) {
        if (interrupted.signal.aborted) break
        failures.push(`${scenario.id}: ${messageOf(error)}`)
        say(`${scenario.id} failed: ${messageOf(error)}`)
      }
    }
    const hogShare = (await hog?.stop()) ?? null
    const report = { machine: { ...describeMachine(), seed, held_by_hog: hogShare }, baseline, scenarios, failures }
    process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : `${formatReport(report)}\n`)
    if (interrupted.signal.aborted) return EXIT_INTERRUPTED
    return failures.length > 0 ? EXIT_FAILED : 0
  } catch (error) {
    if (interrupted.signal.aborted) return EXIT_INTERRUPTED
    say(messageOf(error))
    return EXIT_FAILED
  } finally {
    await hog?.stop()
    await rm(scratchDir, { recursive: true, force: true })
  }
}

async function baselineOf(context: Omit<BenchContext, 'baseline'>): Promise<Baseline> {
  context.say('baseline …')
  return await measureBaseline(context)
}

/** The scenarios to run, or a sentence that says what is wrong with the options. */
function choose(all: readonly Scenario[], options: Options): readonly Scenario[] | string {
  if (options.leases !== undefined) return [leasesScenario(options.leases)]
  if (options.rows !== undefined) return [rowsScenario(options.rows)]
  if (options.peers !== undefined) return choosePeers(options.peers, options.only)
  if (options.only === undefined) return all.filter(({ isQuick }) => isQuick || options.full === true)
  const ids = listOf(options.only)
  const refusal = refuseUnknown(
    ids,
    all.map(({ id }) => id),
  )
  return refusal ?? all.filter(({ id }) => ids.includes(id))
}

/** The comparison of the systems that `--only` names, or a sentence that says what is wrong with it. */
function choosePeers(records: number | true, only: string | undefined): readonly Scenario[] | string {
  const systems = only === undefined ? SYSTEMS : listOf(only)
  const count = records === true ? PEER_RECORDS : records
  const chosen = SYSTEMS.filter((system) => systems.includes(system))
  return refuseUnknown(systems, SYSTEMS) ?? [peersScenario(count, chosen)]
}

function listOf(names: string): string[] {
  return names.split(',').map((name) => name.trim())
}

function refuseUnknown(names: readonly string[], known: readonly string[]): string | undefined {
  const unknown = names.find((name) => !known.includes(name))
  return unknown === undefined ? undefined : `--only names "${unknown}", which is not one of ${known.join(', ')}`
}

function readCount(text: string, most: number): number {
  if (/^[1-9]\d{0,8}$/.test(text) && Number(text) <= most) return Number(text)
  throw new InvalidArgumentError(`a number from 1 to ${most} is meant.`)
}

function describeMachine(): Omit<Machine, 'held_by_hog' | 'seed'> {
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memory_gib: Math.round(totalmem() / 2 ** 30),
    os: `${type()} ${release()}`,
    node: process.version,
    commit: commitOf(),
  }
}

function commitOf(): string | null {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return null
  }
}
