/** The command `cluster:repair [NODE]`: brings a node back that lost its volume, or that left the cluster in another way. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { type Compose, findCompose } from '../cluster/compose.ts'
import { listContainers, NODE_SERVICES } from '../cluster/containers.ts'
import { createTimeoutOption } from '../cluster/five-node.ts'
import { isAgreed, YES_OPTION } from '../ui/confirm.ts'
import { EXIT_FAILED, EXIT_OK, say, underInterrupts } from '../ui/terminal.ts'
import { surveyNodes } from './ask-nodes.ts'
import { planRepair } from './repair-plan.ts'
import { repairNode, startContainer } from './repair-work.ts'
import type { Survey } from './survey.ts'
import { findTroubles, needsRepair } from './troubles.ts'

/** A node that starts says within seconds what it has; the next looks wait so long. */
const TELL_MS = 30_000
const LOOK_EVERY_MS = 1_000
/** The states of a container that does not run and that Docker does not start again. */
const STOPPED = new Set(['created', 'exited', 'dead'])

interface RepairCommandOptions {
  readonly yes?: boolean
  readonly withoutSnapshots?: boolean
  readonly timeout: number
}

export function addClusterRepairCommand(program: Command): void {
  program
    .command('cluster:repair')
    .description('Bring a Restate node back that lost its volume or belongs to another cluster')
    .argument('[node]', 'the node, such as restate-3 (default: the one that needs it)')
    .option(...YES_OPTION)
    .option('--without-snapshots', 'go on where no snapshots can be made, as without MinIO and S3')
    .addOption(createTimeoutOption())
    .action(async (given: string | undefined, options: RepairCommandOptions) => {
      const config = readConfig()
      const named = given === undefined ? undefined : parseNode(given)
      process.exitCode = await underInterrupts(
        () => say('Stopping: the command can be given again, and goes on where it was …'),
        async ({ first: signal }) => repair(named, options, await findCompose(config, signal), signal),
      )
    })
}

function parseNode(text: string): string {
  const found = NODE_SERVICES.find((name, index) => [name, String(index + 1), `N${index + 1}`].includes(text))
  if (found !== undefined) return found
  throw new ServiceError('input-invalid', `"${text}" is not a Restate node: give one of ${NODE_SERVICES.join(', ')}`)
}

/** Resolves with the exit code of the command. */
async function repair(
  named: string | undefined,
  options: RepairCommandOptions,
  compose: Compose,
  signal: AbortSignal,
): Promise<number> {
  const containers = await listContainers(compose, signal)
  if (containers.length === 0) {
    throw new ServiceError('cluster-failed', 'There is no cluster to repair: create it with npm run cluster:5node')
  }
  let survey = await surveyNodes(compose, containers, signal)
  const name = named ?? chooseNode(survey)
  if (name === undefined) {
    say('No node needs a repair.')
    return EXIT_OK
  }
  const container = containers.find(({ service }) => service === name)
  if (container === undefined || STOPPED.has(container.state)) {
    say(`${name} does not run. Starting it, to see what it needs …`)
    await startContainer(compose, name, signal)
    survey = (await waitUntilTold(name, compose, signal)) ?? survey
  }
  const plan = planRepair(name, survey)
  if (plan.kind === 'refused') throw new ServiceError('cluster-failed', plan.lines)
  for (const line of plan.lines) say(line)
  if (plan.kind === 'nothing') return EXIT_OK
  if (!(await isAgreed('Continue?', options, signal))) {
    say('Nothing was changed.')
    return EXIT_FAILED
  }
  const { withoutSnapshots = false, timeout: timeoutMs } = options
  await repairNode({ compose, name, plan, withoutSnapshots, timeoutMs, say, signal })
  say(`${name} is a full member again: its log, its partitions and its copy of the metadata are back.`)
  return EXIT_OK
}

/** Resolves with a survey in which the node is sound or shows what is wrong with it; undefined where it does not within 30 s. */
async function waitUntilTold(name: string, compose: Compose, signal: AbortSignal): Promise<Survey | undefined> {
  const look = async () => {
    const survey = await surveyNodes(compose, await listContainers(compose, signal), signal)
    const trouble = findTroubles(survey).find((one) => one.name === name)
    const isSound =
      trouble === undefined && survey.reports.some((one) => one.name === name && one.metadata === 'Member')
    return isSound || (trouble !== undefined && needsRepair(trouble)) ? survey : undefined
  }
  return await retryFor(look, { delayMs: LOOK_EVERY_MS, patienceMs: TELL_MS, signal })
}

/** The one node that needs a repair; undefined where none does. Throws ServiceError input-invalid where several do. */
function chooseNode(survey: Survey): string | undefined {
  const needy = findTroubles(survey).filter(needsRepair)
  if (needy.length <= 1) return needy[0]?.name
  throw new ServiceError('input-invalid', [
    'Several nodes need a repair; they are repaired one after the other, so name one:',
    ...needy.map(({ name, reason }) => `  ${name} ${reason}`),
  ])
}
