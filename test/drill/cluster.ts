/** The drill of the Compose cluster: work done and under way, a backup of all volumes, their loss, a restore, and the same counts. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Cluster, createCluster } from '../compose/cluster.ts'
import type { RunningCli } from '../helpers/cli.ts'
import { waitUntil } from '../helpers/wait.ts'
import {
  COUNTED,
  type Counts,
  compareCounts,
  type Drill,
  madeCatalogue,
  OPEN_INVOCATIONS,
  openBatch,
} from './counts.ts'

/** Slow enough that a batch of forty requests is under way when the cluster stops. */
const ENV = { OFFLINE_MODEL_LATENCY_MS: '400', RATE_RPM: '300', CLUSTER_REPLICAS: '2', DRAIN_TIMEOUT_MS: '500' }
const UNDER_WAY = 40

export async function drillCluster(rows: number, say: (line: string) => void): Promise<Drill> {
  const cluster = await createCluster({ project: 'classify-drill', env: ENV })
  const folder = await mkdtemp(join(tmpdir(), 'classify-drill-'))
  const backup = join(folder, 'backup')
  try {
    await cluster.up()
    await cluster.register()
    const file = join(folder, 'done.csv')
    await writeFile(file, madeCatalogue('drill', rows))
    await must(cluster.classify([file, '--catalogue', 'done', '--mode', 'rules']))
    await send(cluster)
    await waitUntil('the batch is under way', async () => (await open(cluster)) > 0)
    const before = await count(cluster)
    say(`Before: ${JSON.stringify(before)}`)
    await must(cluster.command(['cluster:stop']))
    await must(cluster.command(['backup', backup, '--cluster']))

    await cluster.compose('down', '--volumes')
    say('All volumes are removed.')
    await must(cluster.command(['restore', backup, '--cluster']))
    await cluster.up()
    await cluster.register()
    const after = await count(cluster)
    say(`After the restore: ${JSON.stringify(after)}`)
    await waitUntil('the rest is done', async () => (await open(cluster)) === 0)
    const finished = await count(cluster)
    say(`When the rest was done: ${JSON.stringify(finished)}`)
    return { before, after, finished, faults: compareCounts(before, after, finished, rows + UNDER_WAY) }
  } finally {
    await cluster.down()
    await rm(folder, { recursive: true, force: true })
  }
}

async function must({ result }: RunningCli): Promise<void> {
  const { code, stderr } = await result
  if (code !== 0) throw new Error(`a command ended with ${code}: ${stderr.slice(-800)}`)
}

async function send({ ingressUrls, authorization }: Cluster): Promise<void> {
  const answer = await fetch(`${ingressUrls[0]}/classify-api/batch/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'under-way', ...authorization },
    body: JSON.stringify(openBatch(UNDER_WAY)),
  })
  if (answer.status !== 202) throw new Error(`the batch was not taken (${answer.status}): ${await answer.text()}`)
}

/** How many invocations are open. A node that is still starting answers nothing, and is asked again. */
async function open({ adminUrls, authorization }: Cluster): Promise<number> {
  const answer = await waitUntil('a node answers', async () => {
    const response = await fetch(`${adminUrls[1]}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...authorization },
      body: JSON.stringify({ query: OPEN_INVOCATIONS }),
    }).catch(() => undefined)
    return response?.ok === true ? response : undefined
  })
  const { rows } = (await answer.json()) as { rows: readonly unknown[] }
  return rows.length
}

async function count(cluster: Cluster): Promise<Counts> {
  const rows = await cluster.query<{ name: string; rows: number }>(COUNTED)
  return { ...Object.fromEntries(rows.map(({ name, rows: number }) => [name, number])), open: await open(cluster) }
}
