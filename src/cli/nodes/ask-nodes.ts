/** Asks the Restate nodes of the cluster in their own containers, where the program `restatectl` is. */

import { mainCluster } from '../../lib/main-cluster.ts'
import { type CommandResult, type Compose, requireSuccess } from '../cluster/compose.ts'
import { type Container, NODE_SERVICES } from '../cluster/containers.ts'
import {
  type ClusterReport,
  MARK,
  type NodeReport,
  parseClusterReport,
  parseReport,
  QUESTIONS,
  type Survey,
} from './survey.ts'

/** Each node answers within a second; one that is frozen is given up after these. */
const HEALTH_TIMEOUT_S = 3
const CONNECT_TIMEOUT_MS = 2_000
const REQUEST_TIMEOUT_MS = 8_000

/** Asks every node for itself, and the first that can answer for the whole cluster. */
export async function surveyNodes(
  compose: Compose,
  containers: readonly Container[],
  signal: AbortSignal,
): Promise<Survey> {
  const reports = await Promise.all(NODE_SERVICES.map((name) => askNode(compose, containers, name, signal)))
  const main = mainCluster(reports.map(({ cluster }) => cluster))
  for (const { name, cluster } of reports) {
    if (cluster === null || cluster !== main) continue
    const report = await askCluster(compose, containers, name, signal)
    if (report !== undefined) return { reports, cluster: report }
  }
  return { reports, cluster: undefined }
}

/** The URL at which the nodes call each other. */
export function fabricUrl(name: string): string {
  return `http://${name}:5122`
}

/**
 * Runs `restatectl` in the container of the node `helper`, which answers from its own cluster. Resolves whatever the exit
 * code is.
 */
export async function restatectl(
  { compose, containers, helper, signal }: RestatectlOptions,
  args: readonly string[],
): Promise<CommandResult> {
  const id = runningContainer(containers, helper)?.id
  if (id === undefined) return { code: 1, stdout: '', stderr: `${helper} does not run` }
  const bounds = [`--connect-timeout=${CONNECT_TIMEOUT_MS}`, `--request-timeout=${REQUEST_TIMEOUT_MS}`]
  const program = ['restatectl', '--yes', ...bounds, '--address', fabricUrl(helper)]
  return await compose.docker(['exec', id, ...program, ...args], { output: 'captured', signal })
}

export interface RestatectlOptions {
  readonly compose: Compose
  readonly containers: readonly Container[]
  readonly helper: string
  readonly signal: AbortSignal
}

/** Runs `restatectl`, and rejects with ServiceError cluster-failed where it fails. */
export async function needRestatectl(options: RestatectlOptions, args: readonly string[]): Promise<CommandResult> {
  return requireSuccess(`restatectl ${args.join(' ')}`, await restatectl(options, args))
}

async function askNode(
  compose: Compose,
  containers: readonly Container[],
  name: string,
  signal: AbortSignal,
): Promise<NodeReport> {
  const silent: NodeReport = { name, isRunning: false, metadata: undefined, cluster: null }
  const container = runningContainer(containers, name)
  if (container === undefined) return silent
  const health = `curl -s -m ${HEALTH_TIMEOUT_S} --noproxy '*' ${fabricUrl(name)}/health`
  const script = `${health}; echo; echo '${MARK}'; cat /restate-data/${name}/.cluster-marker 2>/dev/null; true`
  const { code, stdout } = await compose.docker(['exec', container.id, 'sh', '-c', script], {
    output: 'captured',
    signal,
  })
  return code === 0 ? parseReport(name, stdout) : silent
}

async function askCluster(
  compose: Compose,
  containers: readonly Container[],
  helper: string,
  signal: AbortSignal,
): Promise<ClusterReport | undefined> {
  const id = runningContainer(containers, helper)?.id
  if (id === undefined) return undefined
  const bounds = `--connect-timeout ${CONNECT_TIMEOUT_MS} --request-timeout ${REQUEST_TIMEOUT_MS}`
  const ask = (question: string) => `restatectl ${bounds} -s ${fabricUrl(helper)} ${question} 2>/dev/null`
  const questions = [...QUESTIONS.map((sql) => `sql --json "${sql}"`), 'metadata-server list-servers']
  const script = questions.map(ask).join(`; echo; echo '${MARK}'; `)
  const { stdout } = await compose.docker(['exec', id, 'sh', '-c', script], { output: 'captured', signal })
  return parseClusterReport(stdout)
}

function runningContainer(containers: readonly Container[], name: string): Container | undefined {
  return containers.find(({ service, state }) => service === name && state === 'running')
}
