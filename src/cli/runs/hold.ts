/** The lease of a run, as the process that drives the run holds it: it is renewed every few seconds, and tells what is wanted of the run. */
import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasEndedHere, readMachine } from '../../embedded/pids.ts'
import { isServiceError, messageOf, ServiceError } from '../../errors.ts'
import { RUN_OUTCOMES, type RunOutcome, type WantedState } from '../../lib/run-states.ts'
import { DRIVER_RENEW_MS, type DriveRequest, type DriveResponse, driveResponseSchema } from '../../restate/contract.ts'
import { createServiceClient, type ServiceClient } from '../client/service.ts'

export interface HoldOptions {
  readonly urls: readonly string[]
  readonly runId: string
  /** What is told of the run to those who list it. */
  readonly run: {
    readonly catalogue: string
    readonly codebook: string
    readonly command: string
    readonly size: number
  }
  /** The most that the run may cost, as this process was told; undefined where it was told nothing. */
  readonly maxUsd?: number | undefined
  /** Aborts at the first Ctrl+C. */
  readonly signal: AbortSignal
  readonly say: (line: string) => void
  /** The milliseconds between two renewals; the default is DRIVER_RENEW_MS. */
  readonly renewEveryMs?: number
}

export interface RunHold {
  /** Aborts when no further batch is to be submitted, because the run was stopped or another process has taken it. */
  readonly stop: AbortSignal
  /** Why `stop` has aborted; undefined while it has not. */
  readonly stoppedBy: StoppedBy | undefined
  /** The most that the run may cost, as the service was told last; undefined where nobody has told it, and where it cannot be. */
  readonly maxUsd: number | undefined
  /** Asks the service now what is wanted of the run. */
  look(): Promise<void>
  /** Resolves when the run may submit a batch: at once unless it is paused, and also when it has to end. */
  untilWanted(): Promise<void>
  /** Lets the run go. A service that cannot be told lets the lease run out. */
  release(outcome: RunOutcome): Promise<void>
}

/** Whether the command `stop` ended the run here, or another process that took it. */
export type StoppedBy = 'command' | 'takeover'

type Holder = NonNullable<DriveResponse['driver']>

/** The milliseconds that the first question may take, one renewal, and the release. */
const TAKE_PATIENCE_MS = 10_000
const PATIENCE_MS = 5_000
/** The milliseconds between two looks at a lease that may be of a dead process. */
const LOOK_EVERY_MS = 1_000

/**
 * Takes the run. Waits for the lease of a process that died elsewhere to run out. Rejects with ServiceError input-invalid,
 * which names the holder, where a living process drives the run. A service of an earlier release leases nothing, and the run
 * goes on without.
 */
export async function holdRun(options: HoldOptions): Promise<RunHold> {
  const { urls, runId, run, signal, say, renewEveryMs = DRIVER_RENEW_MS } = options
  const machine = await readMachine()
  const driver = { token: randomUUID(), host: hostname(), pid: process.pid, machine }
  const ask = asker(createServiceClient({ urls, patienceMs: PATIENCE_MS }), runId)
  const take = (through: Ask, replaces?: string) => through({ take: { driver, ...run, replaces } }, signal)
  const patient = asker(createServiceClient({ urls, patienceMs: TAKE_PATIENCE_MS }), runId)
  const first = await takeFirst((replaces) => take(patient, replaces), driver.token, options)
  if (first === 'unknown') return WITHOUT_LEASE

  const stop = new AbortController()
  const ended = new AbortController()
  let wanted: WantedState = 'running'
  let stoppedBy: StoppedBy | undefined
  let mayGoOn = Promise.withResolvers<void>()
  mayGoOn.resolve()
  const end = (by: StoppedBy) => {
    stoppedBy = by
    stop.abort()
    mayGoOn.resolve()
  }
  let untoldUsd = options.maxUsd
  let maxUsd = options.maxUsd
  const follow = ({ wanted: next, max_cost_usd: limit, driver: holder }: DriveResponse) => {
    if (untoldUsd === undefined) maxUsd = limit ?? undefined
    if (stoppedBy !== undefined) return
    if (holder?.token !== driver.token) {
      const who = holder === null ? 'and let it go again' : `(${describeHolder(holder)})`
      say(`Another process has taken the run ${who}: no further batch is submitted here`)
      end('takeover')
    } else if (next !== wanted) {
      wanted = next
      if (next === 'running') {
        say('The run goes on')
        mayGoOn.resolve()
      } else if (next === 'paused') {
        say(
          `The run is paused: no further request starts until npm run resume -- ${runId}; those in flight end, and their answers are stored`,
        )
        mayGoOn = Promise.withResolvers<void>()
      } else {
        say('The run is stopped: no further request starts. Waiting for those in flight, whose answers are stored')
        end('command')
      }
    }
  }
  /** Tells the service the limit that this process was given, before another one of an earlier process counts. */
  const tellLimit = async () => {
    if (untoldUsd === undefined) return
    await ask({ max_cost_usd: untoldUsd }, ended.signal).catch((error: unknown) => {
      // A service of an earlier release keeps no limit for others to see.
      if (!isServiceError(error) || error.code !== 'input-invalid') throw error
    })
    untoldUsd = undefined
  }
  let isHeld = first !== undefined
  const renew = async () => {
    if (isHeld) {
      await tellLimit()
      const seen = await ask({ renew: driver.token }, ended.signal)
      if (seen === undefined) return
      // A lease that has run out is taken again, unless another process has taken it meanwhile.
      if (seen.driver?.token === driver.token || hasEnded(seen.state)) {
        follow(seen)
        return
      }
    }
    const taken = await take(ask)
    if (taken === undefined) return
    isHeld = true
    follow(taken)
  }
  const keep = async () => {
    while (!ended.signal.aborted && stoppedBy !== 'takeover') {
      await sleep(renewEveryMs, undefined, { signal: ended.signal, ref: false }).catch(() => undefined)
      if (ended.signal.aborted) return
      // A service that is away is asked again. Meanwhile it takes no batches either.
      await renew().catch(() => undefined)
    }
  }
  const goOn = () => mayGoOn.resolve()
  signal.addEventListener('abort', goOn, { once: true })
  if (first !== undefined) {
    follow(first)
    await tellLimit().catch(() => undefined)
  }
  const kept = keep()

  return {
    stop: stop.signal,
    get stoppedBy() {
      return stoppedBy
    },
    get maxUsd() {
      return maxUsd
    },
    look: () => renew().catch(() => undefined),
    untilWanted: async () => {
      if (!signal.aborted) await mayGoOn.promise
    },
    release: async (outcome) => {
      ended.abort()
      signal.removeEventListener('abort', goOn)
      await kept
      await ask({ release: { token: driver.token, outcome } }, new AbortController().signal).catch(() => undefined)
    },
  }
}

const WITHOUT_LEASE: RunHold = {
  stop: new AbortController().signal,
  stoppedBy: undefined,
  maxUsd: undefined,
  look: async () => undefined,
  untilWanted: async () => undefined,
  release: async () => undefined,
}

type Ask = (action: Omit<DriveRequest, 'run_id'>, signal: AbortSignal) => Promise<DriveResponse | undefined>

function asker(service: ServiceClient, runId: string): Ask {
  return (action, signal) => {
    const body = { run_id: runId, ...action }
    return service.ask({ handler: 'drive', body, schema: driveResponseSchema, signal })
  }
}

/** Takes the run; undefined where the service cannot say now whether it is free, "unknown" where it knows no leases. */
async function takeFirst(
  take: (replaces?: string) => Promise<DriveResponse | undefined>,
  token: string,
  { runId, signal, say }: HoldOptions,
): Promise<DriveResponse | 'unknown' | undefined> {
  let known: Holder | undefined
  let dead: string | undefined
  for (;;) {
    const state = await take(dead).catch((error: unknown) => {
      if (!isServiceError(error) || !AWAY.has(error.code) || signal.aborted) throw error
      say(`Who drives the run cannot be noted yet (${messageOf(error)}); the run begins all the same`)
      return null
    })
    if (state === undefined) return 'unknown'
    if (state === null) return undefined
    const { driver: holder } = state
    if (holder === null || holder.token === token) return state
    if (await hasEndedHere(holder)) {
      dead = holder.token
      continue
    }
    // A lease that lasts longer than it did was renewed, so that its holder lives.
    const isSame = known?.token === holder.token
    if (isSame && known !== undefined && holder.expires_in_ms > known.expires_in_ms) throw heldError(runId, holder)
    if (!isSame) say(`Looking whether the process that drives the run still lives (${describeHolder(holder)}) …`)
    known = holder
    await sleep(LOOK_EVERY_MS, undefined, { signal })
  }
}

/** Whether a driver has let the run go. */
function hasEnded(state: DriveResponse['state']): boolean {
  return RUN_OUTCOMES.some((outcome) => outcome === state)
}

const AWAY: ReadonlySet<string> = new Set(['ingress-unavailable', 'database-unavailable'])

export function describeHolder({ host, pid, since }: Pick<Holder, 'host' | 'pid' | 'since'>): string {
  return `host ${host}, pid ${pid}, since ${since}`
}

function heldError(runId: string, holder: Holder): ServiceError {
  const advice = `watch it with npm run status -- ${runId}, or end it with npm run stop -- ${runId}`
  return new ServiceError('input-invalid', `The run ${runId} is driven already (${describeHolder(holder)}): ${advice}`)
}
