/** The program `npm run bench`: measures the service and prints the figures. It fails only where a scenario cannot be measured. */
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, release, tmpdir, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { messageOf } from '../../src/errors.ts'
import { formatReport, type Machine } from './report.ts'
import type { BenchContext, Scenario, ScenarioResult } from './scenario.ts'
import { backlog } from './scenario-backlog.ts'
import { catalogueScenarios } from './scenarios-catalogue.ts'
import { loadScenarios, measureBaseline } from './scenarios-load.ts'
import { pacedScenarios } from './scenarios-paced.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2
const EXIT_INTERRUPTED = 130

interface Options {
  readonly full?: boolean
  readonly json?: boolean
  readonly only?: string
  readonly data: string
}

process.exitCode = await main()

async function main(): Promise<number> {
  const program = new Command('bench')
    .description('Measure the service on this machine against the offline model, and compare it with a plain script')
    .option('--full', 'run all scenarios, about 25 minutes (default: the quick ones, about 5 minutes)')
    .option('--only <ids>', 'run these scenarios, separated by commas')
    .option(
      '--data <directory>',
      'directory of catalogue-10903.jsonl and catalogue-varied-10903.jsonl, if they exist',
      '../shared/data',
    )
    .option('--json', 'print one JSON object on stdout, and everything else on stderr')
    .parse()
  const options = program.opts<Options>()
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort())

  const chosen = choose([...catalogueScenarios, ...pacedScenarios, ...loadScenarios, backlog], options)
  if (typeof chosen === 'string') {
    say(chosen)
    return EXIT_USAGE
  }
  const scratchDir = await mkdtemp(join(tmpdir(), 'classify-bench-files-'))
  try {
    const base = {
      isFull: options.full ?? false,
      dataDir: options.data,
      scratchDir,
      say,
      signal: interrupted.signal,
    }
    say('baseline …')
    const baseline = await measureBaseline(base)
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
    const report = { machine: describeMachine(), baseline, scenarios, failures }
    process.stdout.write(options.json === true ? `${JSON.stringify(report)}\n` : `${formatReport(report)}\n`)
    if (interrupted.signal.aborted) return EXIT_INTERRUPTED
    return failures.length > 0 ? EXIT_FAILED : 0
  } catch (error) {
    if (interrupted.signal.aborted) return EXIT_INTERRUPTED
    say(messageOf(error))
    return EXIT_FAILED
  } finally {
    await rm(scratchDir, { recursive: true, force: true })
  }
}

/** The scenarios to run, or a sentence that says what is wrong with the options. */
function choose(all: readonly Scenario[], options: Options): readonly Scenario[] | string {
  if (options.only === undefined) return all.filter(({ isQuick }) => isQuick || options.full === true)
  const ids = options.only.split(',').map((id) => id.trim())
  const unknown = ids.find((id) => !all.some((scenario) => scenario.id === id))
  if (unknown !== undefined) {
    return `--only names "${unknown}", which is not one of ${all.map(({ id }) => id).join(', ')}`
  }
  return all.filter(({ id }) => ids.includes(id))
}

function describeMachine(): Machine {
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
