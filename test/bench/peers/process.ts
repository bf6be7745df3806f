/** A process of a peer: a producer that fills the queue, or a worker. It gets its order as a message and ends with its parent. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import Bottleneck from 'bottleneck'
import pg from 'pg'
import { createPlainRequest } from '../plain-request.ts'
import { bullmq } from './bullmq.ts'
import { graphileWorker } from './graphile-worker.ts'
import { pgBoss } from './pg-boss.ts'
import { logError, type PeerName, type PeerOrder, type PeerReady, type Queue } from './queue.ts'

const QUEUES: Readonly<Record<PeerName, Queue>> = {
  bullmq,
  'pg-boss': pgBoss,
  'graphile-worker': graphileWorker,
}
/** Connections of a worker for its result rows. */
const RESULT_CONNECTIONS = 2

async function obey(order: PeerOrder): Promise<PeerReady> {
  const queue = QUEUES[order.peer]
  const require = createRequire(join(order.packages, 'package.json'))
  const load = async <T>(name: string) => (await import(pathToFileURL(require.resolve(name)).href)) as T
  if (order.role === 'producer') {
    const lines = (await readFile(order.catalogue, 'utf8')).split('\n').filter((line) => line !== '')
    await queue.enqueue({ ...order, load }, lines)
    return { identity: null }
  }
  const results = new pg.Pool({ connectionString: order.databaseUrl, max: RESULT_CONNECTIONS })
  // Retries are the queue's, so that one owner decides about them.
  const ask = await createPlainRequest(`${order.modelUrl}/v1`, { maxRetries: 0 })
  const pace = new Bottleneck({ minTime: (60_000 * order.processes) / order.perMinute })
  const classify = async (line: string) => {
    const { id, content } = await ask(line)
    await results.query('insert into peer_results (indicator_id, answer) values ($1, $2)', [id, content])
  }
  const classifyInTurn = (line: string) => pace.schedule(() => classify(line))
  return { identity: await queue.work({ ...order, load, classify, classifyInTurn }) }
}

process.once('message', (order: PeerOrder) => {
  obey(order).then(
    (ready) => process.send?.(ready),
    (error: unknown) => {
      logError(error)
      process.exit(1)
    },
  )
})
process.on('disconnect', () => process.exit(0))
