/** Says in one sentence what a stack waits for in which nothing moves, and which command helps. Pure. */
import { clip } from '../ui/progress-text.ts'
import type { Observations, SeenNode } from './observations.ts'

export interface WaitReason {
  /** Without a full stop, so that it can stand in a line. */
  readonly sentence: string
  /** The command that helps or tells more; undefined where nothing need be done. */
  readonly command?: string
}

const MAX_DETAIL = 160
const detail = (text: string | undefined) => (text === undefined || text === '' ? '' : ` (${clip(text, MAX_DETAIL)})`)
const seconds = (ms: number) => `${Math.max(1, Math.round(ms / 1_000))} s`
const count = (number: number, one: string) => `${number} ${one}${number === 1 ? '' : 's'}`

type Rule = (seen: Observations, runId: string | undefined) => WaitReason | undefined

/**
 * The reason that explains the most: what lies below explains what lies above it, so that a database that is away stands
 * before the attempts that fail for it. Undefined where nothing was seen that holds the work up.
 */
export function explainWait(seen: Observations, runId?: string): WaitReason | undefined {
  for (const rule of RULES) {
    const found = rule(seen, runId)
    if (found !== undefined) return found
  }
  return undefined
}

const RULES: readonly Rule[] = [
  noNode,
  noReplicaRegistered,
  database,
  signature,
  pausedInvocations,
  orphans,
  pausedByModel,
  overloaded,
  unreachableReplicas,
  silentReplicas,
  someNodes,
  otherFailures,
  silentAttempts,
  model,
]

function noNode({ nodes }: Observations): WaitReason | undefined {
  if (nodes.length === 0 || nodes.some(({ state }) => state === 'answers')) return undefined
  const command = 'npm run cluster:ps shows the containers; npm start or npm run cluster:5node starts a stack'
  return { sentence: `no Restate node answers: ${nodes.map(describeNode).join('; ')}`, command }
}

function describeNode({ url, state, message }: SeenNode): string {
  const said = { answers: 'answers', silent: 'is silent, as a frozen one is', away: 'is away', failing: 'fails' }[state]
  return `${url} ${said}${detail(message)}`
}

function noReplicaRegistered({ isRegistered }: Observations): WaitReason | undefined {
  if (isRegistered !== false) return undefined
  const command = 'npm run cluster:5node registers the replicas of the cluster; npm start those of its own'
  return { sentence: 'no replica is registered with Restate', command }
}

/** How the failures of the store begin, which Restate shows as the last failure of an attempt. */
const OF_DATABASE = /\bThe database (?:is not available|failed|did not answer|takes no writes|gave)\b.*/

function database({ replica, retrying = [] }: Observations): WaitReason | undefined {
  const told = replica?.state === 'unavailable' && replica.failing === 'database' ? replica.message : undefined
  const message = told ?? OF_DATABASE.exec(retrying.find(({ reason }) => OF_DATABASE.test(reason))?.reason ?? '')?.[0]
  if (message === undefined) return undefined
  return { sentence: `the database holds the work up${detail(message)}`, command: adviceOnDatabase(message) }
}

function adviceOnDatabase(message: string): string {
  if (/SQLSTATE 28|password|login/.test(message))
    return 'set POSTGRES_PASSWORD, its _FILE or DATABASE_URL in .env to what the database has, then npm run cluster:5node or npm start'
  if (/SQLSTATE 25006|takes no writes/.test(message))
    return 'point DATABASE_URL or POSTGRES_HOST at the primary, or set default_transaction_read_only to off'
  if (/SQLSTATE 53100|full/.test(message)) return 'free disk space of the database; the work goes on by itself'
  if (/SQLSTATE 53300/.test(message)) return 'raise max_connections of the database, or lower POSTGRES_POOL_SIZE'
  return 'npm run cluster:ps shows whether timescaledb and pgbouncer run; the work goes on by itself'
}

function signature({ retrying = [] }: Observations): WaitReason | undefined {
  const refused = retrying.find(({ reason }) => /\b401\b|Unauthorized/.test(reason))
  if (refused === undefined) return undefined
  const why = 'their RESTATE_IDENTITY_KEYS is of another cluster, or the clocks of nodes and replicas are minutes apart'
  return {
    sentence: `the replicas refuse the signature of Restate's calls: ${why}`,
    command: 'npm run queue shows the clocks',
  }
}

function pausedInvocations({ paused }: Observations, runId: string | undefined): WaitReason | undefined {
  if (paused === undefined || paused.count === 0) return undefined
  const sentence = `${count(paused.count, 'invocation')} paused in Restate, to be resumed by a person${detail(paused.reason)}`
  return { sentence, command: `npm run resume -- ${runId ?? paused.id}` }
}

function orphans({ orphaned }: Observations, runId: string | undefined): WaitReason | undefined {
  if (orphaned === undefined || orphaned.count === 0) return undefined
  const sentence = `${count(orphaned.count, 'invocation')} of a deployment that was removed, which no replica can take on`
  return { sentence, command: `npm run kill -- ${runId ?? orphaned.id} --force` }
}

function pausedByModel({ pause }: Observations): WaitReason | undefined {
  if (pause === undefined || pause.leftMs <= 0) return undefined
  return {
    sentence: `the model's endpoint has paused the cluster (429) for another ${seconds(pause.leftMs)}${detail(pause.reason)}`,
  }
}

function overloaded({ replica }: Observations): WaitReason | undefined {
  if (replica?.state !== 'unavailable' || replica.failing === 'database') return undefined
  const sentence = `a replica is not healthy: ${replica.failing ?? 'unknown'}${detail(replica.message)}`
  return { sentence, command: 'npm run cluster:ps, or start more replicas: npm run cluster:5node -- --scale 8' }
}

const UNREACHABLE =
  /connection (?:refused|reset|closed)|connect error|error trying to connect|timed? ?out|\b50[234]\b|dns error/i

function unreachableReplicas({ retrying = [] }: Observations): WaitReason | undefined {
  const found = retrying.find(({ reason }) => UNREACHABLE.test(reason) && !/model|endpoint/.test(reason))
  if (found === undefined) return undefined
  const sentence = `Restate does not reach the replicas${detail(found.reason)}`
  return {
    sentence,
    command: 'npm run cluster:ps shows whether classify-service and nginx run; npm run cluster:logs why not',
  }
}

function silentReplicas({ replica }: Observations): WaitReason | undefined {
  if (replica?.state !== 'silent') return undefined
  const sentence = 'no replica answers Restate: they are frozen, starting or gone'
  return {
    sentence,
    command: 'npm run cluster:ps; docker compose -f docker-compose.cluster.yml restart classify-service',
  }
}

function someNodes({ nodes }: Observations): WaitReason | undefined {
  const lost = nodes.filter(({ state }) => state !== 'answers')
  if (lost.length === 0) return undefined
  return {
    sentence: `a Restate node does not answer: ${lost.map(describeNode).join('; ')}`,
    command: 'npm run cluster:ps',
  }
}

function otherFailures({ retrying = [] }: Observations): WaitReason | undefined {
  const [first] = retrying
  if (first === undefined) return undefined
  return {
    sentence: `${count(first.count, 'attempt')} failed and will be made again${detail(first.reason)}`,
    command: 'npm run queue',
  }
}

/** A step that has run for so long is slow where the model has it, and stuck where no request is in flight. */
const SILENT_MS = 30_000

function silentAttempts({ running, inFlight }: Observations): WaitReason | undefined {
  if (running === undefined || running.count === 0 || running.silentMs < SILENT_MS || inFlight !== 0) return undefined
  const sentence = `${count(running.count, 'attempt')} silent for ${seconds(running.silentMs)} with no request to the model in flight: a replica may be frozen`
  return {
    sentence,
    command: 'npm run cluster:ps names the containers; docker restart NAME starts one of them anew',
  }
}

function model({ inFlight, open }: Observations): WaitReason | undefined {
  if (inFlight !== undefined && inFlight > 0)
    return { sentence: `${count(inFlight, 'request')} to the model in flight, which has not answered yet` }
  if (open === undefined || open === 0) return undefined
  const wait = open === 1 ? 'waits for its turn' : 'wait for their turn'
  return { sentence: `${count(open, 'invocation')} ${wait} in the rate budget`, command: 'npm run queue' }
}

/** The reason and the command as one line. */
export function formatReason({ sentence, command }: WaitReason): string {
  return command === undefined ? sentence : `${sentence}: ${command}`
}
