/** Where everything of the cluster is, and who answers. */
import { z } from 'zod'
import { parseJson } from '../../lib/json.ts'
import { createHttpClient } from '../client/http.ts'
import { say } from '../ui/terminal.ts'
import { hostUrl, NODES, nameOf, REPLICAS } from './containers.ts'
import type { Cluster } from './up.ts'

const ASK_MS = 5_000
const healthSchema = z.object({ service: z.string(), model: z.string() })

/** Prints the addresses and the model on stderr. */
export async function sayCluster(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const { containers } = cluster
  const nginx = hostUrl(containers, 'nginx', 9081)
  const model = nginx === undefined ? undefined : await askModel(`${nginx}/classify-api/health`, signal)
  const replicas = containers.filter(({ service }) => service === REPLICAS).map(nameOf)
  const pool = hostUrl(containers, 'pgbouncer', 6432)?.replace('http://', '')
  const lines: [string, string | undefined][] = [
    ['ingress', cluster.ingressUrls.join('  ')],
    ['admin', cluster.adminUrls.join('  ')],
    ['node', NODES.flatMap((node) => hostUrl(containers, node, 5122) ?? []).join('  ')],
    ['health', nginx === undefined ? undefined : `${nginx}/classify-api/health (${replicas.join(', ')} in turn)`],
    ['PgBouncer', pool === undefined ? undefined : `${pool} (POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB)`],
    ['MinIO', hostUrl(containers, 'minio', 9000)],
    ['model', describeModel(model, hostUrl(containers, 'offline-model', 9085))],
    ['Prometheus', hostUrl(containers, 'prometheus', 9090)],
    ['Grafana', hostUrl(containers, 'grafana', 3000)],
  ]
  say('The cluster is ready:')
  for (const [name, value] of lines) if (value !== undefined) say(`  ${name.padEnd(10)} ${value}`)
  say(`Classify: npm run all-in-one -- FILE, or npm run classify -- FILE --ingress ${cluster.ingressUrls.join(',')}`)
}

async function askModel(url: string, signal: AbortSignal): Promise<string | undefined> {
  const bound = AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)])
  const answer = await createHttpClient()(url, { method: 'GET', signal: bound }).catch(() => undefined)
  return healthSchema.safeParse(parseJson(answer?.text ?? '')).data?.model
}

/** Nobody must take the offline model's answers for a real model's. */
export function describeModel(model: string | undefined, offlineUrl: string | undefined): string {
  if (model === undefined) return 'unknown: no replica said which'
  if (!model.startsWith('offline-')) return model
  const stats = offlineUrl === undefined ? '' : ` (${offlineUrl}/stats)`
  return `${model}, the offline model${stats}: its answers are the rules' guesses, not a model's. Set OPENAI_API_KEY for a real one`
}
