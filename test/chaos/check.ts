/** One check: brings the cluster up, drives runs, lets the faults happen, and looks at what is left. */
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { messageOf } from '../../src/errors.ts'
import { retryFor } from '../../src/lib/timing.ts'
import { type Cluster, createCluster } from '../compose/cluster.ts'
import { waitUntilHealthy } from '../compose/container-faults.ts'
import { docker } from '../compose/docker.ts'
import { collectHistory } from './collect.ts'
import { type Drivers, startDrivers } from './drivers.ts'
import type { Fault, Heal, World } from './faults/types.ts'
import { checkHistory, type Finding, type History } from './history.ts'
import { type RecordingModel, startRecordingModel } from './model.ts'
import type { Step } from './schedule.ts'
import { findStalls } from './stalls.ts'

/** What a check has found, beyond rows: a run that stood still or never ended, a part that did not come back. */
export interface Trouble {
  readonly kind: Finding['kind'] | 'stalled' | 'unfinished' | 'unhealthy' | 'not-brought-about' | 'not-healed'
  readonly where: string
  readonly what: string
}

export interface CheckResult {
  readonly troubles: readonly Trouble[]
  /** Figures for people, a line each. */
  readonly figures: readonly string[]
}

export interface CheckOptions {
  readonly project: string
  readonly minutes: number
  readonly steps: readonly Step[]
  readonly faults: readonly Fault[]
  readonly isKept: boolean
  readonly signal: AbortSignal
}

const LATENCY_MS = 800
/** Requests a minute, at which a run of 600 indicators takes a quarter of a minute, and both drivers keep the model busy. */
const RPM = 300
/** After the last fault the runs under way have this long to end, milliseconds. */
const LAST_RUNS_MS = 360_000
const HEAL = { delayMs: 2_000, patienceMs: 60_000 }

export async function runCheck(options: CheckOptions): Promise<CheckResult> {
  const directory = await mkdtemp(join(tmpdir(), 'classify-chaos-'))
  let model: RecordingModel | undefined
  let cluster: Cluster | undefined
  try {
    model = await startRecordingModel(await gatewayAddress(), LATENCY_MS)
    cluster = await createChaosCluster(options.project, directory, model.port)
    say('Building and starting the cluster …')
    await cluster.up()
    await cluster.register()
    return await check(options, { cluster, model, directory })
  } finally {
    if (!options.isKept) await cluster?.down()
    await model?.close()
    await rm(directory, { recursive: true, force: true })
  }
}

interface Stage {
  readonly cluster: Cluster
  readonly model: RecordingModel
  readonly directory: string
}

async function check(options: CheckOptions, stage: Stage): Promise<CheckResult> {
  const { cluster, model, directory } = stage
  const troubles: Trouble[] = []
  const drivers = startDrivers(cluster, directory)
  const world: World = {
    cluster,
    killDriver: (name) => drivers.kill(name),
    skewClock: (container, ms) => writeFile(join(directory, 'chaos', 'skew', container.ID.slice(0, 12)), String(ms)),
  }
  const startedAt = performance.now()
  const stopped = options.signal
  await Promise.all(options.steps.map((step) => playStep(step, { ...options, world, startedAt, troubles })))
  await sleepUntil(startedAt + options.minutes * 60_000, stopped)
  say('The faults are over; waiting for the runs under way and for all parts to be healthy …')
  await drivers.finish(AbortSignal.any([stopped, AbortSignal.timeout(LAST_RUNS_MS)]))
  await waitUntilHealthy(cluster).catch(async (error: unknown) => {
    const sick = (await cluster.containers()).filter(({ Health }) => Health !== 'healthy' && Health !== '')
    troubles.push({ kind: 'unhealthy', where: sick.map(({ Name }) => Name).join(', '), what: messageOf(error) })
  })
  stopped.throwIfAborted()
  const history = await collectHistory(cluster, drivers.runs, model.answers)
  troubles.push(...checkHistory(history), ...troublesOfRuns(drivers, model, startedAt))
  return { troubles, figures: figuresOf(drivers, history, options.steps) }
}

interface Play extends CheckOptions {
  readonly world: World
  readonly startedAt: number
  readonly troubles: Trouble[]
}

/** Brings one fault about at its time, and ends it. */
async function playStep(step: Step, { world, faults, startedAt, troubles, signal }: Play): Promise<void> {
  const fault = faults.find(({ name }) => name === step.fault)
  await sleepUntil(startedAt + step.atS * 1_000, signal)
  if (fault === undefined || signal.aborted) return
  const where = `${step.fault} ${step.target}`
  const now = () => `${Math.round((performance.now() - startedAt) / 1_000)} s`.padStart(7)
  say(`${now()}  ${where}`)
  let heal: Heal
  try {
    heal = await fault.inject(world, step.target, step.holdS)
  } catch (error) {
    troubles.push({ kind: 'not-brought-about', where, what: messageOf(error) })
    return
  }
  await sleep(step.holdS * 1_000, undefined, { signal }).catch(() => undefined)
  let failure: unknown
  const tryToHeal = async () => {
    try {
      await heal()
      return true
    } catch (error) {
      failure = error
      return undefined
    }
  }
  const isHealed = await retryFor(tryToHeal, { ...HEAL, signal: new AbortController().signal })
  if (isHealed === undefined) troubles.push({ kind: 'not-healed', where, what: messageOf(failure) })
  else if (step.holdS > 0) say(`${now()}  ${where} ends`)
}

/** Runs that never ended or stood still without a reason. */
function troublesOfRuns({ runs }: Drivers, model: RecordingModel, startedAt: number): Trouble[] {
  return runs.flatMap((run) => {
    const name = run.runId || `${run.catalogue}, round ${run.round}`
    const answered = model.answeredAt(new Set(run.asked.values()))
    const stalls = findStalls({ ...run, name, progressAt: [...run.savedAt, ...answered] })
    const unfinished: Trouble = {
      kind: 'unfinished',
      where: name,
      what: `did not end: ${run.lines.at(-1)?.text ?? ''}`,
    }
    return [
      ...(run.report === undefined ? [unfinished] : []),
      ...stalls.map(({ from, seconds }): Trouble => {
        const second = Math.round((from - startedAt) / 1_000)
        return {
          kind: 'stalled',
          where: name,
          what: `nothing moved for ${seconds} s from second ${second} on, and no line said why`,
        }
      }),
    ]
  })
}

function figuresOf({ runs }: Drivers, { saved, answers }: History, steps: readonly Step[]): string[] {
  const kept = new Set(saved.map(({ reason }) => /\bT\d+\b/.exec(reason)?.[0]))
  const unused = answers.filter(({ token }) => !kept.has(token)).length
  const resumes = runs.reduce((sum, run) => sum + run.resumes, 0)
  return [
    `${steps.length} faults, ${runs.length} runs, ${resumes} of them resumed`,
    `${saved.length} rows saved, ${answers.length} answers given, ${unused} of them paid and not kept`,
  ]
}

/** A cluster whose replicas ask the model of the check, and whose clocks the check can set. */
async function createChaosCluster(project: string, directory: string, modelPort: number): Promise<Cluster> {
  const mounted = join(directory, 'chaos')
  await mkdir(join(mounted, 'skew'), { recursive: true })
  await cp(fileURLToPath(new URL('./clock.mjs', import.meta.url)), join(mounted, 'clock.mjs'))
  for (const path of [directory, mounted, join(mounted, 'skew')]) await chmod(path, 0o755)
  await chmod(join(mounted, 'clock.mjs'), 0o644)
  const override = join(directory, 'override.yml')
  const replica = { environment: { NODE_OPTIONS: '--import /chaos/clock.mjs' }, volumes: [`${mounted}:/chaos:ro`] }
  // JSON is YAML as well.
  await writeFile(override, JSON.stringify({ services: { 'classify-service': replica } }))
  return await createCluster({
    project,
    override,
    env: {
      OPENAI_BASE_URL: `http://host.docker.internal:${modelPort}/v1`,
      CLUSTER_SCALE_OFFLINE_MODEL: '0',
      RATE_RPM: String(RPM),
    },
  })
}

/** The address of this machine for which `host-gateway` stands in the Compose file. */
async function gatewayAddress(): Promise<string> {
  return (await docker(['network', 'inspect', 'bridge', '--format', '{{(index .IPAM.Config 0).Gateway}}'])).trim()
}

async function sleepUntil(time: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, time - performance.now()), undefined, { signal }).catch(() => undefined)
}

function say(line: string): void {
  console.log(line)
}
