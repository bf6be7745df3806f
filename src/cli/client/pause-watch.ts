/** Asks the service during a run whether the model's endpoint has paused the cluster, for the progress line and for Ctrl+C. */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { askWhileIdle } from './idle-asks.ts'
import { createServiceClient } from './service.ts'

/** A pause that a person should know of. */
export interface Pause {
  /** When requests start again, as far as is known, in milliseconds since 1970. */
  readonly endsAt: number
  /** In the words of the endpoint. */
  readonly reason: string
}

export interface PauseWatch {
  /** The pause of now; undefined where there is none, or only a short one. */
  readonly pause: Pause | undefined
  /** Notes that a batch has ended, so that there is no need to ask for a while. */
  batchEnded(): void
  /**
   * Resolves with true as soon as the cluster is paused and no request to the model is in flight, so that waiting for the batches
   * is waiting for the pause; with false once the watch is stopped.
   */
  untilNothingMoves(): Promise<boolean>
  /** The same as soon as no request to the model is in flight, whether or not the cluster is paused. */
  untilNothingInFlight(): Promise<boolean>
  stop(): void
}

export interface PauseWatchOptions {
  readonly urls: readonly string[]
  /** Called when the service has answered. */
  readonly onChange: () => void
  /** The milliseconds between two requests to the service; the default is 2,000. */
  readonly everyMs?: number
  /** The wall clock; the default is `Date.now`. */
  readonly now?: () => number
}

const EVERY_MS = 2_000
/** The milliseconds between two requests once a person has asked the run to stop. */
const STOPPING_EVERY_MS = 500
/** The milliseconds that one request to the service may take. */
const PATIENCE_MS = 10_000
/** Pauses of fewer milliseconds, with those that they follow without a break, are not shown. */
const SHOWN_MS = 30_000
/** A pause that ends within this many milliseconds is waited for. */
const SHORT_MS = 2_000
const UNNAMED = 'the model endpoint asks to wait'

/** The fields that are read of the cluster's budget; a replica of an earlier release names neither reasons nor requests in flight. */
const budgetSchema = z.looseObject({
  paused_ms: z.number().min(0),
  pause: z.looseObject({ reason: z.string(), for_ms: z.number().min(0) }).optional(),
  replicas: z.array(z.looseObject({ in_flight: z.number().optional() })),
})

type Budget = z.infer<typeof budgetSchema>

/** Starts the watch. It has at most one request under way, and sends none while batches end, unless the run is to stop. */
export function watchPauses(options: PauseWatchOptions): PauseWatch {
  const { urls, onChange, everyMs = EVERY_MS, now = Date.now } = options
  const service = createServiceClient({ urls, patienceMs: PATIENCE_MS })
  let pause: Pause | undefined

  const ask = async (): Promise<Budget | undefined> => {
    const question = { handler: 'budget', body: {}, schema: budgetSchema, signal: asks.signal }
    // What cannot be read is shown as nothing: the run itself reports a service that is away.
    const budget = await service.ask(question).catch(() => undefined)
    if (asks.signal.aborted) return undefined
    pause = budget === undefined ? undefined : pauseOf(budget, now())
    onChange()
    return budget
  }
  const asks = askWhileIdle(ask, everyMs)
  const until = async (isSo: (budget: Budget) => boolean): Promise<boolean> => {
    while (!asks.signal.aborted) {
      const budget = await ask()
      if (budget !== undefined && isSo(budget)) return true
      await sleep(STOPPING_EVERY_MS, undefined, { signal: asks.signal, ref: false }).catch(() => undefined)
    }
    return false
  }

  return {
    get pause() {
      return pause
    },
    batchEnded() {
      asks.batchEnded()
      pause = undefined
    },
    untilNothingMoves: () => until(isStill),
    untilNothingInFlight: () => until(isIdle),
    stop: asks.stop,
  }
}

function pauseOf({ paused_ms: leftMs, pause }: Budget, now: number): Pause | undefined {
  if (leftMs === 0 || leftMs + (pause?.for_ms ?? 0) < SHOWN_MS) return undefined
  return { endsAt: now + leftMs, reason: pause?.reason || UNNAMED }
}

function isStill(budget: Budget): boolean {
  return budget.paused_ms > SHORT_MS && isIdle(budget)
}

function isIdle({ replicas }: Budget): boolean {
  return replicas.every(({ in_flight: inFlight }) => inFlight === 0)
}
