/** Spaces the starts of requests by Bottleneck, the library that only this file knows: each at the time at which it is due. */
import Bottleneck from 'bottleneck'
import type { StartSlots } from '../types.ts'
import { MINUTE_MS } from './minute-window.ts'
import { createStartSchedule } from './start-schedule.ts'

/**
 * Bottleneck runs about 300 jobs a second, so two jobs are at least this many milliseconds apart; at a higher pace a
 * job starts several requests.
 */
const SHORTEST_SPACING_MS = 5
/** Timers count whole milliseconds, so that a job may run this much before its start is due. */
const EARLY_MS = 1.5
/** A spacing that differs from the one that Bottleneck has by no more than this many milliseconds is left as it is. */
const SAME_SPACING_MS = 0.5
/** A job that Bottleneck would run further than this from the time at which its start is due gets another Bottleneck. */
const TOLERANCE_MS = 2
/** Bottleneck takes a job up this many milliseconds after it was given, by two timers. */
const TAKE_UP_MS = 2
/** The longest time that a timer of Node.js takes, in milliseconds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface StartSpacing {
  /** Plans the next start, unless it is planned. */
  plan(): void
  /** Drops the planned start. The next one is due when the pace has paid for the last one that was taken. */
  drop(): void
  /** Drops the planned start and goes on at another pace. */
  setPace(requestsPerMinute: number): void
  /** Goes on in other slots, or by the pace alone. The slots are told by the clock `now`. */
  setSlots(slots: StartSlots | null): void
  /** There is work again after a time without any. */
  wake(): void
  /** The endpoint has refused a request or asked for a pause. */
  noteRefusal(): void
  /** As `StartSchedule.noteReset`. */
  noteReset(startedAt: number, resetMs: number): void
  /** Milliseconds until a start may be planned, Infinity at a pace of 0; 0 where Bottleneck has the time of the next start. */
  waitMs(): number
  /** Estimated milliseconds until a caller starts that has `requests` before it, of which none before `notBeforeMs`. */
  queueMs(notBeforeMs: number, requests: number): number
  close(): Promise<void>
}

export interface StartSpacingOptions {
  readonly requestsPerMinute: number
  /** Milliseconds of a clock that never goes back. */
  readonly now: () => number
  /** Whether the budget of the last minute is nearly used, so that nothing is made up for faster. */
  readonly isNearlyUsed?: () => boolean
  /** Called at the time of a start. Returns whether a request was started. */
  readonly start: () => boolean
  /** Called after each planned time, when its starts are taken, so that the next one can be planned. */
  readonly passed: () => void
}

/** A Bottleneck and the one start that is planned in it. Whatever changes the times of starts makes a new one. */
interface Plan {
  readonly bottleneck: Bottleneck
  /** When Bottleneck runs the next job that it gets, as far as is known. */
  nextAt: number
  /** The spacing that Bottleneck has, milliseconds. */
  minTime: number
  isPlanned: boolean
}

/**
 * Bottleneck fixes the time of a job when it takes it from its queue, by the spacing that it had when it took the job before.
 * So the jobs here are starts that belong to no caller, only the next one is planned, and with it the spacing to the one
 * after it is set, which slots may make longer or shorter.
 */
export function createStartSpacing(options: StartSpacingOptions): StartSpacing {
  const { now, start, passed } = options
  let { requestsPerMinute } = options
  const schedule = createStartSchedule(requestsPerMinute, options.isNearlyUsed)
  let current = createPlan()

  function createPlan(): Plan {
    return {
      bottleneck: new Bottleneck({ minTime: 0 }),
      nextAt: Number.NEGATIVE_INFINITY,
      minTime: 0,
      isPlanned: false,
    }
  }

  function replan(): void {
    void dropJobs(current.bottleneck)
    current = createPlan()
  }

  /** The time at which Bottleneck would run a job now, or undefined where that is too late for a start that is due at `due`. */
  function runsAt(due: number): number | undefined {
    const at = Math.max(current.nextAt, now())
    return at > Math.max(due, now()) + TOLERANCE_MS ? undefined : at
  }

  function runJob(plan: Plan): void {
    if (plan !== current) return
    plan.isPlanned = false
    let started = 0
    while (schedule.dueAt(now()) <= now() + EARLY_MS && start()) {
      schedule.take(now())
      started += 1
    }
    // Bottleneck would space the next start from this job, also where it started nothing.
    if (started === 0) replan()
    passed()
  }

  return {
    plan() {
      if (current.isPlanned) return
      const due = schedule.dueAt(now())
      if (runsAt(due) === undefined) replan()
      const plan = current
      const at = Math.max(plan.nextAt, now() + TAKE_UP_MS)
      const spacingMs = Math.max(SHORTEST_SPACING_MS, schedule.dueAfter(now(), due) - at)
      // Settings are set before the job is taken up, because Bottleneck takes both up in the order in which it got them.
      if (Math.abs(spacingMs - plan.minTime) > SAME_SPACING_MS) {
        plan.minTime = Math.min(spacingMs, LONGEST_TIMER_MS)
        void plan.bottleneck.updateSettings({ minTime: plan.minTime })
      }
      plan.nextAt = at + plan.minTime
      plan.isPlanned = true
      // Bottleneck rejects a job only where the plan was dropped, and then nobody waits for the job.
      plan.bottleneck.schedule(async () => runJob(plan)).catch(() => undefined)
    },
    drop() {
      if (current.isPlanned) replan()
    },
    setPace(perMinute) {
      requestsPerMinute = perMinute
      schedule.setPace(now(), perMinute)
      replan()
    },
    setSlots(slots) {
      if (schedule.setSlots(now(), slots)) replan()
    },
    wake: () => schedule.wake(now()),
    noteRefusal: () => schedule.noteRefusal(now()),
    noteReset: schedule.noteReset,
    waitMs() {
      if (current.isPlanned) return 0
      const due = schedule.dueAt(now())
      const at = runsAt(due) ?? now()
      return at >= due - TOLERANCE_MS ? 0 : due - now()
    },
    queueMs(notBeforeMs, requests) {
      const queuedMs = requests === 0 ? 0 : (requests * MINUTE_MS) / requestsPerMinute
      const due = schedule.dueAt(now())
      return Math.max(notBeforeMs, due === Number.POSITIVE_INFINITY ? due : Math.max(0, due - now())) + queuedMs
    },
    close: () => dropJobs(current.bottleneck),
  }
}

/** Ends the jobs and timers of a Bottleneck. A second stop of the same Bottleneck rejects, which is no failure here. */
async function dropJobs(bottleneck: Bottleneck): Promise<void> {
  await bottleneck.stop({ dropWaitingJobs: true }).catch(() => undefined)
}
