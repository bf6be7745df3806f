/** Spaces the starts of requests evenly by Bottleneck, the library that only this file knows. */
import Bottleneck from 'bottleneck'
import { MINUTE_MS } from './minute-window.ts'
import { CATCH_UP_FACTOR, CATCH_UP_MS, createPaceDebt } from './pace-debt.ts'

/**
 * Bottleneck runs about 300 jobs a second, so two jobs are at least this many milliseconds apart; at a higher pace a
 * job stands for several starts.
 */
const SHORTEST_SPACING_MS = 5
/** The spacing changes at most once in this many milliseconds, and not with every start. */
const ADJUST_MS = 1_000
/** The longest time that a timer of Node.js takes, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface StartSpacing {
  /** Plans starts for at most `callers` callers, as far ahead as late starts are made up for. */
  plan(callers: number): void
  /** Drops the planned starts. The next start is due when the pace has paid for the last one that was taken. */
  drop(): void
  /** Drops the planned starts and goes on at another pace. */
  setPace(requestsPerMinute: number): void
  /** Milliseconds until a start may be planned; more than 0 only after starts were dropped, Infinity at a pace of 0. */
  waitMs(): number
  /** Estimated milliseconds until a caller starts that has `requests` before it, of which none before `notBeforeMs`. */
  queueMs(notBeforeMs: number, requests: number): number
  close(): Promise<void>
}

export interface StartSpacingOptions {
  readonly requestsPerMinute: number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** Called at the time of a start. Returns whether a request was started. */
  readonly start: () => boolean
  /** Called after each planned time, when its starts are taken, so that further ones can be planned. */
  readonly passed: () => void
}

/** A Bottleneck and the starts that are planned in it. Each change of pace and each drop makes a new one. */
interface Plan {
  readonly bottleneck: Bottleneck
  /** Milliseconds between two jobs at the pace. */
  readonly spacingMs: number
  readonly startsPerJob: number
  /** The jobs whose times Bottleneck may have fixed, which after a stall of at most `CATCH_UP_MS` run at once. */
  readonly aheadJobs: number
  plannedJobs: number
  isCatchingUp: boolean
  adjustedAt: number
}

/**
 * Bottleneck fixes the time of a job when it takes it from its queue, and no new pace changes it then. So the jobs here
 * are starts that belong to no caller, only the next few are planned, and another pace gets another Bottleneck.
 */
export function createStartSpacing(options: StartSpacingOptions): StartSpacing {
  const { now, start, passed } = options
  let { requestsPerMinute } = options
  const debt = createPaceDebt(requestsPerMinute)
  let notBefore = Number.NEGATIVE_INFINITY
  let current = createPlan()

  function createPlan(): Plan {
    const intervalMs = requestsPerMinute > 0 ? MINUTE_MS / requestsPerMinute : LONGEST_TIMER_MS
    const startsPerJob = Math.max(1, Math.ceil(SHORTEST_SPACING_MS / intervalMs))
    const spacingMs = Math.min(intervalMs * startsPerJob, LONGEST_TIMER_MS)
    const aheadJobs = Math.ceil(CATCH_UP_MS / spacingMs)
    const isCatchingUp = debt.isBehind(now())
    const bottleneck = new Bottleneck({ minTime: minTimeOf(spacingMs, isCatchingUp), maxConcurrent: aheadJobs })
    return { bottleneck, spacingMs, startsPerJob, aheadJobs, plannedJobs: 0, isCatchingUp, adjustedAt: now() }
  }

  function replan(): void {
    void dropJobs(current.bottleneck)
    notBefore = now() + debt.waitMs(now())
    current = createPlan()
  }

  function runJob(plan: Plan): void {
    if (plan !== current) return
    plan.plannedJobs -= 1
    let started = 0
    while (started < plan.startsPerJob && start()) {
      debt.take(now(), 1)
      started += 1
    }
    // Bottleneck would space the next start from this job, also where it started nothing.
    if (started === 0) replan()
    else adjust(plan)
    passed()
  }

  /** Shortens the spacing a little while starts are later than the planned ones make up for. */
  function adjust(plan: Plan): void {
    if (now() - plan.adjustedAt < ADJUST_MS || debt.isBehind(now()) === plan.isCatchingUp) return
    plan.adjustedAt = now()
    plan.isCatchingUp = !plan.isCatchingUp
    void plan.bottleneck.updateSettings({ minTime: minTimeOf(plan.spacingMs, plan.isCatchingUp) })
  }

  return {
    plan(callers) {
      const plan = current
      const wantedJobs = Math.min(Math.ceil(callers / plan.startsPerJob), plan.aheadJobs + 1)
      while (plan.plannedJobs < wantedJobs) {
        plan.plannedJobs += 1
        // Bottleneck rejects a job only where the plan was dropped, and then nobody waits for the job.
        plan.bottleneck.schedule(async () => runJob(plan)).catch(() => undefined)
      }
    },
    drop() {
      if (current.plannedJobs > 0) replan()
    },
    setPace(perMinute) {
      requestsPerMinute = perMinute
      debt.setPace(now(), perMinute)
      replan()
    },
    waitMs: () => Math.max(0, notBefore - now()),
    queueMs(notBeforeMs, requests) {
      const queuedMs = requests === 0 ? 0 : (requests * MINUTE_MS) / requestsPerMinute
      return Math.max(notBeforeMs, debt.waitMs(now())) + queuedMs
    },
    close: () => dropJobs(current.bottleneck),
  }
}

function minTimeOf(spacingMs: number, isCatchingUp: boolean): number {
  return isCatchingUp ? spacingMs / CATCH_UP_FACTOR : spacingMs
}

/** Ends the jobs and timers of a Bottleneck. A second stop of the same Bottleneck rejects, which is no failure here. */
async function dropJobs(bottleneck: Bottleneck): Promise<void> {
  await bottleneck.stop({ dropWaitingJobs: true }).catch(() => undefined)
}
