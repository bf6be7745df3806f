/** graphile-worker as its documentation sets it up for high throughput: a local queue, and jobs that are completed in batches. */
import { EventEmitter } from 'node:events'
import { ENQUEUE_CHUNK, inChunks, type Queue } from './queue.ts'

const TASK = 'classify'
/** Milliseconds for which completed and failed jobs are gathered: the starting point of the documentation. */
const SETTLE_BATCH_MS = 25
/** Seconds of the worker's share of the rate that it works on at a time, which is more than the slowest answers take. */
const AHEAD_SECONDS = 2

interface Utils {
  migrate(): Promise<void>
  addJobs(
    jobs: readonly { readonly identifier: string; readonly payload: { readonly line: string } }[],
  ): Promise<unknown>
  forceUnlockWorkers(ids: readonly string[]): Promise<void>
  release(): Promise<void>
}

interface GraphilePackage {
  readonly Logger: new (factory: () => () => void) => object
  makeWorkerUtils(options: object): Promise<Utils>
  run(options: object): Promise<unknown>
}

export const graphileWorker: Queue = {
  enqueue: async ({ load, databaseUrl }, lines) => {
    const utils = await (await load<GraphilePackage>('graphile-worker')).makeWorkerUtils({
      connectionString: databaseUrl,
    })
    await utils.migrate()
    for (const chunk of inChunks(lines, ENQUEUE_CHUNK)) {
      await utils.addJobs(chunk.map((line) => ({ identifier: TASK, payload: { line } })))
    }
    await utils.release()
  },
  work: async ({ load, databaseUrl, perMinute, processes, predecessor, classifyInTurn }) => {
    const graphile = await load<GraphilePackage>('graphile-worker')
    // Jobs of a killed worker stay locked for four hours, unless one tells the queue that the worker is no more.
    if (predecessor !== null) {
      const utils = await graphile.makeWorkerUtils({ connectionString: databaseUrl })
      await utils.forceUnlockWorkers([predecessor])
      await utils.release()
    }
    const concurrentJobs = Math.ceil((perMinute / 60 / processes) * AHEAD_SECONDS)
    const events = new EventEmitter()
    let identity: string | null = null
    events.on('pool:create', ({ workerPool }: { readonly workerPool: { readonly id: string } }) => {
      identity = workerPool.id
    })
    await graphile.run({
      // Without this every job that succeeds is a line on the console.
      logger: new graphile.Logger(() => () => undefined),
      events,
      noHandleSignals: true,
      taskList: { [TASK]: ({ line }: { readonly line: string }) => classifyInTurn(line) },
      preset: {
        worker: {
          connectionString: databaseUrl,
          concurrentJobs,
          localQueue: { size: concurrentJobs + 1 },
          completeJobBatchDelay: SETTLE_BATCH_MS,
          failJobBatchDelay: SETTLE_BATCH_MS,
        },
      },
    })
    return identity
  },
}
