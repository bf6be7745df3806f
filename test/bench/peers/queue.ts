/** What a queue that is compared with the service has to do, and what its processes are told. */
import { messageOf } from '../../../src/errors.ts'

/** The systems that are compared, this service among them. */
export const SYSTEMS = ['ours', 'bullmq', 'pg-boss', 'graphile-worker'] as const
export type System = (typeof SYSTEMS)[number]
export type PeerName = Exclude<System, 'ours'>

/** What a process of a peer gets from its parent as its first message. */
export interface PeerOrder {
  readonly peer: PeerName
  /** A producer puts all lines of `catalogue` into the queue; a worker works on what it finds there. */
  readonly role: 'producer' | 'worker'
  /** The directory whose node_modules has the packages of the peers. */
  readonly packages: string
  /** The catalogue as JSONL, one record in a line. */
  readonly catalogue: string
  readonly databaseUrl: string
  /** The port of Redis on loopback; 0 for a peer that needs none. */
  readonly redisPort: number
  readonly modelUrl: string
  /** Requests a minute that all workers together may start. */
  readonly perMinute: number
  /** How many worker processes share them. */
  readonly processes: number
  /** The name that a killed worker, whose place this one takes, gave at its start; null where it takes none. */
  readonly predecessor: string | null
}

/** The first message of a process of a peer to its parent: a worker looks for work, a producer has put in everything. */
export interface PeerReady {
  /** The name by which the queue knows this worker; null where it gives none. */
  readonly identity: string | null
}

export interface QueueContext extends PeerOrder {
  /** Loads a package of the peers by its name. The caller knows the part of its exports that it uses. */
  load<T>(name: string): Promise<T>
}

export interface WorkContext extends QueueContext {
  /** Asks the model about one line of the catalogue and stores one result row. Rejects with the model's error, such as a 429. */
  classify(line: string): Promise<void>
  /** As `classify`, after a wait until this process may start another request of its even share of the rate. */
  classifyInTurn(line: string): Promise<void>
}

export interface Queue {
  /** Makes what the queue needs and puts one job for each line into it. */
  enqueue(context: QueueContext, lines: readonly string[]): Promise<void>
  /** Begins to work; resolves when the worker looks for jobs, with the name by which the queue knows it. */
  work(context: WorkContext): Promise<string | null>
}

/** Writes an error of a queue to the log of its process, where the message of a failed start is read from. */
export function logError(error: unknown): void {
  process.stderr.write(`${messageOf(error)}\n`)
}

/** Splits a list into lists of at most `size`. */
export function inChunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))
}

/** Jobs that a call puts into a queue at once. */
export const ENQUEUE_CHUNK = 1_000
