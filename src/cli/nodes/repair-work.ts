/** The steps that bring a node back into its cluster, in an order in which each may be interrupted and done again. */
import { ServiceError } from '../../errors.ts'
import { retryFor } from '../../lib/timing.ts'
import { type Compose, requireSuccess } from '../cluster/compose.ts'
import { listContainers } from '../cluster/containers.ts'
import { formatCount } from '../ui/terminal.ts'
import { needRestatectl, type RestatectlOptions, restatectl, surveyNodes } from './ask-nodes.ts'
import { logsInUse, logsWithoutSnapshot, type RepairPlan, snapshotsNeeded } from './repair-plan.ts'
import type { LogSegment } from './survey.ts'
import { findTroubles } from './troubles.ts'

export interface RepairOptions {
  readonly compose: Compose
  readonly name: string
  readonly plan: Extract<RepairPlan, { kind: 'repair' }>
  /** Whether the node is brought back even where no snapshot covers what it held. */
  readonly withoutSnapshots: boolean
  /** The milliseconds that the node may take to be a full member again once it starts. */
  readonly timeoutMs: number
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** A node that starts without data finds so within seconds. */
const LOSS_MS = 60_000
/** Within this time Restate gives the logs of a lost node to others; it takes a few seconds. */
const HANDOVER_MS = 60_000
/** Snapshots are tried again for so long, because a partition that is changing its leader makes none. */
const SNAPSHOT_MS = 60_000
const RETRY_MS = 2_000
/** A node that stays down ends at once. One that works would hand its partitions over, which is of no use here. */
const STOP_TIMEOUT_S = 10

/** Carries out the plan. Rejects with ServiceError cluster-failed at the step that failed; the command can be given again. */
export async function repairNode(options: RepairOptions): Promise<void> {
  const { compose, name, plan, say, signal } = options
  if (plan.setsDataAside) {
    say(`Setting the data of ${name} aside …`)
    await setDataAside(compose, name, signal)
    say('Waiting until the node finds that it has lost its part of the log …')
    await waitForLoss(options)
  }
  if (plan.emptiesLog) await emptyLog(options)
  else await leaveMetadata(options)
  say(`Starting ${name} …`)
  await startNode(compose, name, signal)
  await waitForMember(options)
}

/** Stops the node, moves its data within its volume, where nothing reads it any more, and starts it without data. */
async function setDataAside(compose: Compose, name: string, signal: AbortSignal): Promise<void> {
  const stop = ['stop', '--timeout', String(STOP_TIMEOUT_S), name]
  requireSuccess('docker compose stop', await compose.run(stop, { output: 'captured', signal }))
  const script = `if [ -e /restate-data/${name} ]; then mv /restate-data/${name} /restate-data/${name}.set-aside-$(date +%s); fi`
  const run = ['run', '--rm', '--no-deps', '-T', '--entrypoint', 'sh', name, '-c', script]
  requireSuccess('docker compose run', await compose.run(run, { output: 'captured', signal }))
  await startContainer(compose, name, signal)
}

/**
 * Waits until the node has marked itself as one that lost its data. Restate takes the place of a node in the logs away only
 * then: while it is no more than away, the others go on to count on it.
 */
async function waitForLoss({ compose, name, signal }: RepairOptions): Promise<void> {
  const look = async () => {
    const { cluster } = await surveyNodes(compose, await listContainers(compose, signal), signal)
    const state = cluster?.members.find((member) => member.name === name)?.storage_state
    return state === 'data-loss' ? true : undefined
  }
  if ((await retryFor(look, { delayMs: RETRY_MS, patienceMs: LOSS_MS, signal })) === true) return
  throw new ServiceError('cluster-failed', [
    `${name} did not find within ${LOSS_MS / 1_000} s that it has lost its data.`,
    `Logs: npm run cluster:logs -- --no-follow --tail 50 ${name}. The command can be given again.`,
  ])
}

/** Tells the cluster that the node's part of the log begins empty, once nothing of what it held is needed any more. */
async function emptyLog(options: RepairOptions): Promise<void> {
  const { plan, say } = options
  const id = plan.member.plain_node_id
  say('Waiting until no log counts on the node any more …')
  const segments = await waitForHandover(options)
  if (options.withoutSnapshots) say('No snapshots are made, as you asked.')
  else await makeSnapshots(options, segments)
  await leaveMetadata(options)
  if (plan.member.storage_state === 'provisioning') return
  say('Telling the cluster that its part of the log begins empty …')
  const state = ['nodes', 'set-storage-state', '--nodes', id, '--storage-state', 'provisioning', '--force']
  await needRestatectl(await helperOf(options), state)
}

async function waitForHandover(options: RepairOptions): Promise<readonly LogSegment[]> {
  const { compose, name, plan, signal } = options
  const id = plan.member.plain_node_id
  let left: number[] = []
  const look = async () => {
    const { cluster } = await surveyNodes(compose, await listContainers(compose, signal), signal)
    if (cluster === undefined) return undefined
    left = logsInUse(id, cluster.segments)
    return left.length === 0 ? cluster.segments : undefined
  }
  const segments = await retryFor(look, { delayMs: RETRY_MS, patienceMs: HANDOVER_MS, signal })
  if (segments !== undefined) return segments
  throw new ServiceError('cluster-failed', [
    `Restate has not given ${formatCount(left.length)} logs of ${name} to other nodes within ${HANDOVER_MS / 1_000} s, so that nothing was changed.`,
    'Look at npm run cluster:ps, and give the command again.',
  ])
}

async function makeSnapshots(options: RepairOptions, segments: readonly LogSegment[]): Promise<void> {
  const { plan, say, signal } = options
  const needed = snapshotsNeeded(plan.member.plain_node_id, segments)
  say('Making snapshots of all partitions …')
  let missing: number[] = []
  let reason = ''
  const attempt = async () => {
    const { stdout, stderr } = await restatectl(await helperOf(options), ['snapshots', 'create-snapshot'])
    missing = logsWithoutSnapshot(needed, stdout)
    reason = stderr.trim().split('\n').at(-1) ?? ''
    return missing.length === 0 ? true : undefined
  }
  if ((await retryFor(attempt, { delayMs: RETRY_MS, patienceMs: SNAPSHOT_MS, signal })) === true) return
  throw new ServiceError('cluster-failed', [
    `${missing.length} partitions could not be saved in a snapshot (${reason}), so that nothing was changed.`,
    'Does MinIO, or your S3, run? npm run cluster:ps shows it. Start it, and give the command again.',
    'Where the cluster has none, --without-snapshots goes on: until the old entries of the logs are trimmed, the loss of one more node could then lose workflow state.',
  ])
}

/** Takes the node's member out of the metadata. A member that is out already is none that has to be taken out. */
async function leaveMetadata(options: RepairOptions): Promise<void> {
  const { plan, say } = options
  say('Taking its copy of the metadata out of the cluster …')
  const { code, stdout, stderr } = await restatectl(await helperOf(options), [
    ...['metadata-server', 'remove-node', plan.member.plain_node_id],
  ])
  if (code === 0 || /not a member|is not part of|unknown member/i.test(`${stdout}${stderr}`)) return
  const reason = stderr.trim().split('\n').slice(0, 3).join('; ')
  throw new ServiceError('cluster-failed', `restatectl metadata-server remove-node failed: ${reason}`)
}

/** Starts the node's container. One that exists keeps its configuration, so that a repair never brings a new release. */
export async function startContainer(compose: Compose, name: string, signal: AbortSignal): Promise<void> {
  const up = ['up', '--detach', '--no-deps', '--no-recreate', name]
  requireSuccess('docker compose up', await compose.run(up, { output: 'captured', signal }))
}

async function startNode(compose: Compose, name: string, signal: AbortSignal): Promise<void> {
  await startContainer(compose, name, signal)
  const restart = ['restart', '--timeout', String(STOP_TIMEOUT_S), name]
  requireSuccess('docker compose restart', await compose.run(restart, { output: 'captured', signal }))
}

async function waitForMember({ compose, name, timeoutMs, say, signal }: RepairOptions): Promise<void> {
  let reason = 'does not answer'
  let said = ''
  const look = async () => {
    const survey = await surveyNodes(compose, await listContainers(compose, signal), signal)
    const own = survey.reports.find((report) => report.name === name)
    const trouble = findTroubles(survey).find((one) => one.name === name)
    if (survey.cluster !== undefined && own?.isRunning === true && trouble === undefined) return true
    // The list of the nodes says for a moment what it said before the node started.
    reason = own?.isRunning === true ? (trouble?.reason.split(':')[0] ?? reason) : 'does not run yet'
    if (reason !== said) say(`  ${name} ${reason}`)
    said = reason
    return undefined
  }
  if ((await retryFor(look, { delayMs: RETRY_MS, patienceMs: timeoutMs, signal })) === true) return
  throw new ServiceError('cluster-failed', [
    `${name} is not a full member again after ${Math.round(timeoutMs / 1_000)} s: it ${reason}.`,
    `Logs: npm run cluster:logs -- --no-follow --tail 50 ${name}. The command can be given again.`,
  ])
}

async function helperOf({ compose, plan, signal }: RepairOptions): Promise<RestatectlOptions> {
  return { compose, containers: await listContainers(compose, signal), helper: plan.helper, signal }
}
