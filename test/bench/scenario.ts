/** The types of the benchmark's scenarios, and the measurement of one run of `classify` that most of them use. */
import { cpus } from 'node:os'
import { type CliResult, startCli } from '../helpers/cli/cli.ts'
import { type PaceSample, readStats, samplePace, watchProcess } from './measure.ts'
import { type CpuByPart, startWorld, type World, type WorldOptions } from './world.ts'

/** One line of a table, by the names of its columns. */
export type TableLine = Readonly<Record<string, number | string | null>>

export type Figures = Readonly<Record<string, number | string | null | Readonly<Record<string, number>>>>

export interface ScenarioResult {
  readonly id: string
  readonly what: string
  readonly figures: Figures
  /** Lines of a table with the same figures each, for a scenario that compares several systems. */
  readonly table?: readonly TableLine[]
  /** The goal in words, with its figure. */
  readonly target: string
  readonly met: boolean
  /** What limited the speed, as far as the figures tell. */
  readonly bound_by: string
}

export interface BenchContext {
  readonly isFull: boolean
  /** The directory that may hold the catalogues. */
  readonly dataDir: string
  readonly scratchDir: string
  readonly say: (line: string) => void
  readonly signal: AbortSignal
  /** Measured before the first scenario; null where nothing is compared with it. */
  readonly baseline: Baseline | null
}

/** The figures of the plain script in baseline.ts on this machine. */
export interface Baseline {
  readonly what: string
  readonly records: number
  readonly cpu_ms_per_record: number
  readonly requests_per_minute: number
  /** The share of 6,000 requests a minute that the script reached, by the counters of the model. */
  readonly share_of_budget: number
}

export interface Scenario {
  readonly id: string
  readonly isQuick: boolean
  run(context: BenchContext): Promise<ScenarioResult>
}

/** The part of `classify --json` that the benchmark reads. */
export interface RunReport {
  readonly indicators: number
  readonly classified: number
  readonly failed: number
  readonly audited: number
  /** What audits show of the rules, by field; absent where the run does not audit. */
  readonly evidence?: { readonly fields: readonly { readonly state: string }[] }
  readonly by_source: Readonly<Record<string, number>>
  readonly model_requests: number
  readonly tokens: { readonly input: number; readonly cached: number; readonly output: number }
  readonly cost_usd: number
  readonly elapsed_ms: number
  readonly indicators_per_minute: number
}

export interface MeasuredRun {
  readonly report: RunReport
  readonly samples: readonly PaceSample[]
  readonly stats: Awaited<ReturnType<typeof readStats>>
  readonly cpu: CpuByPart
  /** CPU time of the command, milliseconds. */
  readonly cliCpuMs: number
  /** The moment by `performance.now` when the command had ended. */
  readonly endedAt: number
  /** The share of the machine's CPU time that all parts and the command used. */
  readonly busy: number
  readonly peakCliRssMiB: number
}

export interface RunOptions {
  readonly args: readonly string[]
  readonly world: WorldOptions
  /** Called when the run has begun. The measurement ends only when it has resolved. */
  readonly meanwhile?: (world: World, samples: readonly PaceSample[]) => Promise<void>
  /** Called after the run, while the stack is still running. */
  readonly after?: (world: World, run: MeasuredRun) => Promise<void>
}

/** Runs `classify` as a user would, against a new stack, and measures the run and all parts of the stack. */
export async function measureRun(options: RunOptions): Promise<MeasuredRun> {
  const world = await startWorld(options.world)
  try {
    const run = await measureIn(world, options)
    await options.after?.(world, run)
    return run
  } finally {
    await world.stop()
  }
}

/** The same against a stack that runs already, whose model counts anew. */
export async function measureIn(
  world: World,
  options: Pick<RunOptions, 'args' | 'meanwhile'> & { readonly world: Pick<WorldOptions, 'signal'> },
): Promise<MeasuredRun> {
  await fetch(`${world.modelUrl}/stats/reset`, { method: 'POST' })
  const before = world.cpu()
  const startedAt = performance.now()
  const pace = samplePace(world.modelUrl)
  const cli = startCli(['classify', ...options.args, '--json'], { env: world.env })
  const stop = () => cli.child.kill('SIGKILL')
  options.world.signal.addEventListener('abort', stop, { once: true })
  const watch = watchProcess(cli.child.pid ?? -1)
  const meanwhile = options.meanwhile?.(world, pace.samples) ?? Promise.resolve()
  // It may reject while the command still runs, and is awaited after that.
  meanwhile.catch(() => undefined)
  const result = await cli.result
  const { cpuMs: cliCpuMs, peakRssMiB } = watch.stop()
  const endedAt = performance.now()
  await meanwhile
  const elapsedMs = performance.now() - startedAt
  const samples = await pace.stop()
  options.world.signal.throwIfAborted()
  const cpu = difference(world.cpu(), before)
  const allMs = Object.values(cpu).reduce((sum, ms) => sum + ms, cliCpuMs)
  return {
    report: readReport(result),
    samples,
    stats: await readStats(world.modelUrl, true),
    cpu,
    cliCpuMs,
    endedAt,
    busy: allMs / elapsedMs / cpus().length,
    peakCliRssMiB: peakRssMiB,
  }
}

function readReport({ code, stdout, stderr }: CliResult): RunReport {
  if (code !== 0 && code !== 1) throw new Error(`classify ended with code ${code}: ${stderr.slice(-500)}`)
  return JSON.parse(stdout) as RunReport
}

/** The CPU time of each part between two measurements. */
export function difference(after: CpuByPart, before: CpuByPart): CpuByPart {
  return byPart((part) => Math.max(0, after[part] - before[part]))
}

/** The same figure for every part. */
export function byPart(of: (part: keyof CpuByPart) => number): CpuByPart {
  return {
    replicas: of('replicas'),
    restate: of('restate'),
    guard: of('guard'),
    postgres: of('postgres'),
    model: of('model'),
    balancer: of('balancer'),
  }
}

/** CPU milliseconds a record of the parts of the service, without the model, the balancer and what submits. */
export function cpuARecord(cpu: CpuByPart, records: number) {
  const each = (ms: number) => round(ms / records, 2)
  const { replicas, restate, guard, postgres } = cpu
  return {
    cpu_ms_replicas: each(replicas),
    cpu_ms_restate_server: each(restate),
    cpu_ms_guard: each(guard),
    cpu_ms_postgresql: each(postgres),
    cpu_ms_all: each(replicas + restate + guard + postgres),
  }
}

/** What limited a run: its rate budget where nearly all of it was used, or else the CPU, or else the latency of the model. */
export function boundBy(run: Pick<MeasuredRun, 'busy'>, shareOfBudget: number): string {
  if (shareOfBudget >= 0.97) return 'the rate budget'
  if (run.busy >= 0.85) return `CPU (${percent(run.busy)} of the machine)`
  return `latency and ramp (${percent(shareOfBudget)} of the budget, ${percent(run.busy)} of the machine)`
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}

export function round(value: number, digits = 0): number {
  return Number(value.toFixed(digits))
}
