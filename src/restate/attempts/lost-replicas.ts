/** Pauses an invocation that fells every replica that takes it, so that Restate does not hand it from one to the next for ever. */
import { type HooksProvider, PauseError, type Request, RetryableError, TerminalError } from '@restatedev/restate-sdk'
import type { Logger } from 'pino'
import { messageOf, ServiceError } from '../../errors.ts'
import { withTimeout } from '../../lib/timing.ts'
import type { AttemptNotes } from '../../store/types.ts'
import { formatFailure } from '../contract.ts'
import { startOf } from './attempt-starts.ts'
import { createTurns, type Turn, type Turns } from './turns.ts'

/** An invocation is paused once its replica died so often in the middle of the same step. */
export const LOST_REPLICAS = 3
/**
 * Attempts that begin again are noted. The first of them is the second attempt, so that the usual path writes nothing and the
 * first loss has no note.
 */
const UNNOTED = 1
/** Milliseconds in which the database must answer; without its answer the attempt goes on without a note. */
const NOTE_TIMEOUT_MS = 2_000
/**
 * The last attempt before the pause goes on alone, because an invocation that fells its replica takes innocent ones with it. It is
 * acquitted after so many milliseconds: what fells a replica does so at once.
 */
const ALONE_MS = 10_000
const TURN_PATIENCE_MS = 20_000
const DIED = `the replica that held it died, ${LOST_REPLICAS} times one after another in this step`
const WAYS_OUT =
  'Look for its memory (docs/operations/troubleshooting.md), then resume it in the UI of Restate or end its run with npm run kill'

export interface LostReplicasDeps {
  readonly notes: AttemptNotes
  readonly log: Logger
  readonly turns?: Turns
  /** Aborts when the replica begins to stop. */
  readonly stopping?: AbortSignal | undefined
}

export interface LostReplicas {
  readonly hooks: HooksProvider
  /** Whether an attempt of the invocation is under way here that is not the first one of its step. */
  isTriedAgain(invocation: string): boolean
}

export function createLostReplicas(deps: LostReplicasDeps): LostReplicas {
  const turns = deps.turns ?? createTurns({ holdMs: ALONE_MS, patienceMs: TURN_PATIENCE_MS })
  const open = new Map<string, RetriedAttempt>()
  deps.stopping?.addEventListener('abort', () => {
    for (const attempt of open.values()) void attempt.settle()
  })
  const hooks: HooksProvider = ({ request }) => {
    const start = startOf(request)
    if (start === undefined || start.retries === 0 || deps.stopping?.aborted === true) return {}
    const attempt = new RetriedAttempt({ notes: deps.notes, log: deps.log, turns }, request, start.entries)
    return {
      interceptor: {
        handler: async (next) => {
          open.set(request.id, attempt)
          try {
            await attempt.begin()
            await next()
          } finally {
            if (open.get(request.id) === attempt) open.delete(request.id)
            await attempt.settle()
          }
        },
        run: async (_name, next) => {
          // Restate pauses an invocation only from within a step.
          if (attempt.isDoomed) throw new PauseError(`${DIED}. ${WAYS_OUT}`)
          await next()
          // A step that ends is progress: whatever comes next counts anew.
          await attempt.settle()
        },
      },
    }
  }
  return { hooks, isTriedAgain: (invocation) => open.has(invocation) }
}

type AttemptDeps = Pick<LostReplicasDeps, 'notes' | 'log'> & { readonly turns: Turns }

/** An attempt that is not the first one of its step. */
class RetriedAttempt {
  isDoomed = false
  private isNoted = false
  private turn: Turn | undefined
  private readonly deps: AttemptDeps
  private readonly request: Request
  private readonly entries: number

  constructor(deps: AttemptDeps, request: Request, entries: number) {
    this.deps = deps
    this.request = request
    this.entries = entries
  }

  /**
   * Notes the attempt. Rejects with a TerminalError where the invocation felled even the replica that was to pause it, which is so
   * where a replica dies before the first step.
   */
  async begin(): Promise<void> {
    const { notes, log, turns } = this.deps
    const { id, attemptCompletedSignal: signal } = this.request
    const before = await this.ask('find the attempts of an invocation', notes.find(id, this.entries))
    if (before === undefined) return
    const lost = before === 0 ? 0 : before + UNNOTED
    if (lost > LOST_REPLICAS) {
      this.isNoted = true
      log.error({ invocation: id, lost }, 'An invocation is ended, because the replica that held it died each time')
      throw new TerminalError(
        formatFailure('internal', `the replica that held it died, ${lost} times one after another`),
      )
    }
    if (before > 0) {
      this.turn = await turns.take(signal, () => void this.settle())
      if (this.turn === undefined)
        throw new RetryableError('waits until other work whose replica died has been tried alone')
    }
    await this.ask('note an attempt', notes.begin(id, this.entries))
    this.isNoted = true
    // A connection that breaks while the replica lives is no death.
    signal.addEventListener('abort', () => void this.settle(), { once: true })
    if (signal.aborted) await this.settle()
    if (lost < LOST_REPLICAS) return
    this.isDoomed = true
    log.error({ invocation: id, target: this.request.target }, `An invocation is paused: ${DIED}`)
  }

  /** Takes the note away, because the replica lives, and lets the next attempt go on alone. */
  async settle(): Promise<void> {
    this.turn?.end()
    if (!this.isNoted) return
    this.isNoted = false
    await this.ask('end the note of an attempt', this.deps.notes.end(this.request.id))
  }

  private async ask<T>(doing: string, answer: Promise<T>): Promise<T | undefined> {
    const late = () =>
      new ServiceError('database-unavailable', `The database did not ${doing} in ${NOTE_TIMEOUT_MS} ms`)
    try {
      return await withTimeout(NOTE_TIMEOUT_MS, answer, late)
    } catch (error) {
      this.deps.log.warn({ invocation: this.request.id, reason: messageOf(error) }, 'An attempt goes on without a note')
      return undefined
    }
  }
}
