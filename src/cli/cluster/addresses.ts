/** Prints the URLs of a running cluster and the name of the model that its replicas ask. */
import { z } from 'zod'
import type { Config } from '../../config/config.ts'
import { parseJson } from '../../lib/json/json.ts'
import { addressHint } from '../client/address-hint.ts'
import { createHttpClient } from '../client/http.ts'
import { isLiveTerminal, say } from '../ui/terminal.ts'
import type { Compose } from './compose.ts'
import { hostUrl, NODE_SERVICES, nameOf, REPLICA_SERVICE } from './containers.ts'
import { type ClusterConsole, findConsole, writeDatabaseUrl } from './secrets.ts'
import type { Cluster } from './up.ts'

/** The milliseconds that a replica may take to report the name of its model. */
const ANSWER_TIMEOUT_MS = 5_000
/** The fields of a replica's health report from which the name of its model is read. */
const healthSchema = z.object({ service: z.string(), model: z.string() })

export async function sayAddresses(
  cluster: Cluster,
  { compose, config, signal }: { readonly compose: Compose; readonly config: Config; readonly signal: AbortSignal },
): Promise<void> {
  const { containers } = cluster
  const nginx = hostUrl(containers, 'nginx', 9081)
  const model = nginx === undefined ? undefined : await readModel(`${nginx}/classify-api/health`, signal)
  const replicas = containers.filter(({ service }) => service === REPLICA_SERVICE).map(nameOf)
  const urlFile = await writeDatabaseUrl(compose, containers, config, signal)
  const page = await findConsole(compose, containers, config, signal)
  const lines: [string, string | undefined][] = [
    ['ingress', cluster.ingressUrls.join('  ')],
    ['admin', cluster.adminUrls.join('  ')],
    ['node', NODE_SERVICES.flatMap((node) => hostUrl(containers, node, 5122) ?? []).join('  ')],
    ['health', nginx === undefined ? undefined : `${nginx}/classify-api/health (${replicas.join(', ')} in turn)`],
    ['database', urlFile === undefined ? undefined : `for commands on this machine: DATABASE_URL_FILE=${urlFile}`],
    ['console', page === undefined ? undefined : describeConsole(page, isLiveTerminal(process.stderr))],
    ['MinIO', hostUrl(containers, 'minio', 9000)],
    ['model', describeModel(model, hostUrl(containers, 'offline-model', 9085))],
    ['Prometheus', hostUrl(containers, 'prometheus', 9090)],
    ['Grafana', hostUrl(containers, 'grafana', 3000)],
  ]
  say('The cluster is ready:')
  for (const [name, value] of lines) if (value !== undefined) say(`  ${name.padEnd(10)} ${value}`)
  const hint = addressHint(config, cluster)
  if (hint !== undefined) say(`Other commands look elsewhere: set for them, in .env or before each, ${hint}`)
  if (page === undefined && urlFile !== undefined) say('Look, review and start runs in a browser: npm run console')
  say(`Classify: npm run all-in-one -- FILE, or npm run classify -- FILE --ingress ${cluster.ingressUrls.join(',')}`)
}

/**
 * Tells a person how the console is opened. The link is as secret as a password, so that it is shown to a terminal alone: what
 * is written elsewhere, as to the log of a build, may be read by others.
 */
export function describeConsole({ url, link, file }: ClusterConsole, isTerminal: boolean): string {
  if (link === undefined) return `${url}, which a token of API_TOKENS_FILE opens`
  const place = `the link that opens it signed in stands in ${file}`
  return isTerminal ? `${link} (as secret as a password; it stands in ${file} as well)` : `${url}; ${place}`
}

/**
 * Reads the name of the model from a replica's health report at `url`; resolves with undefined where the replica does
 * not answer.
 */
async function readModel(url: string, signal: AbortSignal): Promise<string | undefined> {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
  const answer = await createHttpClient(null)(url, { method: 'GET', signal: bound }).catch(() => undefined)
  return healthSchema.safeParse(parseJson(answer?.text ?? '')).data?.model
}

/**
 * Describes the model for people, with a warning about the offline model, whose answers do not come from a language
 * model.
 */
export function describeModel(model: string | undefined, offlineUrl: string | undefined): string {
  if (model === undefined) return 'unknown, because no replica answered'
  if (!model.startsWith('offline-')) return model
  const stats = offlineUrl === undefined ? '' : ` (${offlineUrl}/stats)`
  const warning =
    "its answers are the rules' guesses, and fillers where a codebook has no rules, not those of a language model"
  return `${model}, the offline model${stats}: ${warning}. Set OPENAI_API_KEY to use a language model`
}
