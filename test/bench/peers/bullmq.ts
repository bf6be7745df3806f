/** BullMQ as its documentation sets it up for a provider with a rate limit: one limiter of the queue, which all workers share. */
import { APIError } from 'openai'
import { ENQUEUE_CHUNK, inChunks, logError, type Queue, type QueueContext } from './queue.ts'

const QUEUE = 'classify'
/** Milliseconds of the limiter's window, as in the examples of the documentation. */
const WINDOW_MS = 1_000
/** Jobs that a worker works on at a time. The documentation calls 100 to 300 usual for jobs that wait for others. */
const CONCURRENCY = { one: 200, many: 100 }
/** Milliseconds that the queue rests after a 429 without a time in it. */
const REST_MS = 1_000

interface JobOptions {
  readonly attempts: number
  readonly backoff: { readonly type: 'exponential'; readonly delay: number }
  readonly removeOnComplete: boolean
}

interface BullQueue {
  addBulk(
    jobs: readonly { readonly name: string; readonly data: { readonly line: string }; readonly opts: JobOptions }[],
  ): Promise<unknown>
  rateLimit(ms: number): Promise<void>
  close(): Promise<void>
  on(event: 'error', listener: (error: Error) => void): void
}

interface BullWorker {
  waitUntilReady(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): void
}

interface BullPackage {
  readonly Queue: new (name: string, options: object) => BullQueue
  readonly Worker: new (
    name: string,
    process: (job: { readonly data: { readonly line: string } }) => Promise<void>,
    options: object,
  ) => BullWorker
  readonly RateLimitError: new () => Error
}

async function openQueue(context: QueueContext) {
  const bull = await context.load<BullPackage>('bullmq')
  const connection = { host: '127.0.0.1', port: context.redisPort }
  const queue = new bull.Queue(QUEUE, { connection })
  queue.on('error', logError)
  return { bull, connection, queue }
}

export const bullmq: Queue = {
  enqueue: async (context, lines) => {
    const { queue } = await openQueue(context)
    const opts: JobOptions = { attempts: 25, backoff: { type: 'exponential', delay: 1_000 }, removeOnComplete: true }
    for (const chunk of inChunks(lines, ENQUEUE_CHUNK)) {
      await queue.addBulk(chunk.map((line) => ({ name: 'record', data: { line }, opts })))
    }
    await queue.close()
  },
  work: async (context) => {
    const { bull, connection, queue } = await openQueue(context)
    const process = async ({ data }: { readonly data: { readonly line: string } }) => {
      try {
        await context.classify(data.line)
      } catch (error) {
        if (!(error instanceof APIError) || error.status !== 429) throw error
        // The whole queue rests as long as the provider asks, and the job waits again without the loss of an attempt.
        await queue.rateLimit(Number(error.headers?.get('retry-after-ms') ?? REST_MS))
        throw new bull.RateLimitError()
      }
    }
    const worker = new bull.Worker(QUEUE, process, {
      connection,
      concurrency: context.processes === 1 ? CONCURRENCY.one : CONCURRENCY.many,
      limiter: { max: Math.floor((context.perMinute * WINDOW_MS) / 60_000), duration: WINDOW_MS },
    })
    worker.on('error', logError)
    await worker.waitUntilReady()
    return null
  },
}
