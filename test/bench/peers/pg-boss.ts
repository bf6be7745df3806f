/** pg-boss as its documentation sets it up for many short jobs: batches settled job by job, with heartbeats. */
import { messageOf } from '../../../src/errors.ts'
import { ENQUEUE_CHUNK, inChunks, logError, type Queue, type QueueContext } from './queue.ts'

const QUEUE = 'classify'
/** Seconds after which a job without a heartbeat counts as lost, the least that pg-boss takes, and between two looks for such jobs. */
const HEARTBEAT_SECONDS = 10
/** Seconds between two looks for new jobs, the least that pg-boss takes. */
const POLL_SECONDS = 0.5
/** Jobs that a worker fetches at a time. */
const BATCH = { one: 20, many: 10 }
/** Seconds of the worker's share of the rate that it fetches in advance, so that a batch's slowest answer leaves no gap. */
const AHEAD_SECONDS = 4

interface Job {
  readonly id: string
  readonly data: { readonly line: string }
}

interface JobResult {
  readonly id: string
  readonly status: 'completed' | 'failed'
  readonly output?: object
}

interface Boss {
  on(event: 'error', listener: (error: Error) => void): void
  start(): Promise<unknown>
  createQueue(name: string, options: object): Promise<void>
  insert(name: string, jobs: readonly { readonly data: { readonly line: string } }[]): Promise<unknown>
  work(name: string, options: object, handler: (jobs: readonly Job[]) => Promise<JobResult[]>): Promise<string>
  stop(): Promise<void>
}

interface BossPackage {
  readonly PgBoss: new (options: object) => Boss
}

async function openBoss(context: QueueContext): Promise<Boss> {
  const { PgBoss } = await context.load<BossPackage>('pg-boss')
  const boss = new PgBoss({
    connectionString: context.databaseUrl,
    superviseIntervalSeconds: HEARTBEAT_SECONDS,
    monitorIntervalSeconds: HEARTBEAT_SECONDS,
  })
  boss.on('error', logError)
  await boss.start()
  await boss.createQueue(QUEUE, {
    retryLimit: 25,
    retryDelay: 1,
    retryBackoff: true,
    heartbeatSeconds: HEARTBEAT_SECONDS,
  })
  return boss
}

export const pgBoss: Queue = {
  enqueue: async (context, lines) => {
    const boss = await openBoss(context)
    for (const chunk of inChunks(lines, ENQUEUE_CHUNK)) {
      await boss.insert(
        QUEUE,
        chunk.map((line) => ({ data: { line } })),
      )
    }
    await boss.stop()
  },
  work: async (context) => {
    const boss = await openBoss(context)
    const batchSize = context.processes === 1 ? BATCH.one : BATCH.many
    const ahead = (context.perMinute / 60 / context.processes) * AHEAD_SECONDS
    const options = {
      batchSize,
      localConcurrency: Math.ceil(ahead / batchSize),
      pollingIntervalSeconds: POLL_SECONDS,
      perJobResults: true,
    }
    return await boss.work(QUEUE, options, (jobs) =>
      Promise.all(
        jobs.map(({ id, data }) =>
          context.classifyInTurn(data.line).then(
            () => ({ id, status: 'completed' as const }),
            (error: unknown) => ({ id, status: 'failed' as const, output: { message: messageOf(error) } }),
          ),
        ),
      ),
    )
  },
}
