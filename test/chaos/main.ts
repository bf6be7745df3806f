/** The program `npm run chaos`: random faults on the Compose cluster while catalogues are classified, and a check of every row afterwards. */
import { parseArgs } from 'node:util'
import { messageOf } from '../../src/errors.ts'
import { findDockerProblem } from '../compose/docker.ts'
import { removeProject } from '../compose/project.ts'
import { type CheckResult, runCheck, type Trouble } from './check.ts'
import { chooseFaults, listFaults } from './faults/registry.ts'
import type { Fault } from './faults/types.ts'
import { formatSchedule, makeSchedule } from './schedule.ts'

const EXIT_FOUND = 1
const EXIT_USAGE = 2
const EXIT_NO_DOCKER = 3
const EXIT_INTERRUPTED = 130
/** Troubles of one kind that are printed in full. */
const SHOWN = 10

const HELP = `npm run chaos [-- --minutes 20] [--seed N] [--only FAULT,FAULT] [--all] [--plan] [--list] [--keep]

Starts the Compose cluster under a project name and ports of its own, classifies catalogues all the time, and lets faults
happen. Afterwards no row may be lost, doubled, stale or mislabelled, no run may have stood still for over 30 s without a
line that says why, and every part must be healthy. The same seed, time and faults give the same schedule.

  --minutes N   how long faults happen (default 20, from 1 to 600)
  --seed N      a whole number (default: a new one, which is printed)
  --only A,B    only these faults
  --all         also the faults that the product is known not to outlive yet
  --plan        print the schedule and end
  --list        print the faults and end
  --keep        leave the cluster running
  --help        print this text

Exit codes: 0 nothing found, 1 something found, 2 bad usage, 3 no Docker Engine with Compose 2, 130 interrupted.`

interface Plan {
  readonly minutes: number
  readonly seed: number
  readonly faults: readonly Fault[]
  readonly command: string
}

process.exitCode = await main()

async function main(): Promise<number> {
  const options = {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    only: { type: 'string' },
    all: { type: 'boolean' },
    plan: { type: 'boolean' },
    list: { type: 'boolean' },
    keep: { type: 'boolean' },
    help: { type: 'boolean' },
  } as const
  let plan: Plan
  let flags: { plan?: boolean; list?: boolean; keep?: boolean; help?: boolean }
  try {
    const { values } = parseArgs({ options })
    flags = values
    plan = makePlan(values)
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${HELP}`)
    return EXIT_USAGE
  }
  if (flags.help === true || flags.list === true) {
    console.log(flags.help === true ? HELP : listFaults())
    return 0
  }
  const steps = makeSchedule(plan.faults, plan)
  console.log(`To run this schedule again: ${plan.command}\n\n${formatSchedule(steps)}\n`)
  if (flags.plan === true) return 0
  const problem = await findDockerProblem()
  if (problem !== undefined) {
    console.error(`Nothing was checked. ${problem}`)
    return EXIT_NO_DOCKER
  }
  return await runUntilInterrupted(plan, steps, flags.keep === true)
}

function makePlan(values: { minutes?: string; seed?: string; only?: string; all?: boolean }): Plan {
  const minutes = wholeNumber('--minutes', values.minutes ?? '20', 1, 600)
  const seed = wholeNumber('--seed', values.seed ?? String(Math.floor(Math.random() * 1_000_000)), 0, 4_294_967_295)
  const only = (values.only ?? '').split(',').filter((name) => name !== '')
  const faults = chooseFaults({ only, isAll: values.all === true })
  const chosen = only.length > 0 ? ` --only ${only.join(',')}` : values.all === true ? ' --all' : ''
  return { minutes, seed, faults, command: `npm run chaos -- --minutes ${minutes} --seed ${seed}${chosen}` }
}

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new Error(`${option} is "${text}": it must be a whole number from ${least} to ${most}`)
}

async function runUntilInterrupted(
  plan: Plan,
  steps: ReturnType<typeof makeSchedule>,
  isKept: boolean,
): Promise<number> {
  const project = `classify-chaos-${process.pid}`
  const interrupted = new AbortController()
  const interrupt = () => {
    console.error('Interrupted: taking the cluster down …')
    interrupted.abort()
  }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  try {
    const result = await runCheck({ ...plan, project, steps, isKept, signal: interrupted.signal })
    return report(result, plan)
  } catch (error) {
    if (interrupted.signal.aborted) return EXIT_INTERRUPTED
    throw error
  } finally {
    if (isKept) console.log(`The cluster is left running: docker compose -p ${project} down -v removes it`)
    else await removeProject(project)
  }
}

function report({ troubles, figures }: CheckResult, { command }: Plan): number {
  console.log(`\n${figures.join('\n')}`)
  if (troubles.length === 0) {
    console.log('Nothing was found: no row lost, doubled, stale or mislabelled, no run stood still without a reason.')
    return 0
  }
  for (const [kind, found] of Map.groupBy(troubles, (trouble) => trouble.kind)) {
    console.log(`\n${kind}: ${found.length}`)
    for (const { where, what } of found.slice(0, SHOWN)) console.log(`  ${where}: ${firstLines(what)}`)
    if (found.length > SHOWN) console.log(`  and ${found.length - SHOWN} more`)
  }
  console.log(`\n${summaryOf(troubles)}. To run it again: ${command}`)
  return EXIT_FOUND
}

function summaryOf(troubles: readonly Trouble[]): string {
  const counts = [...Map.groupBy(troubles, ({ kind }) => kind)].map(([kind, found]) => `${found.length} ${kind}`)
  return `Found: ${counts.join(', ')}`
}

/** The first lines of a text, so that the output of a program does not hide the other findings. */
function firstLines(text: string): string {
  return text.trim().split('\n').slice(0, 4).join('\n    ')
}
