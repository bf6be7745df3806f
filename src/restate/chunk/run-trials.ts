/** The trials of runs as one replica knows them: lets chunks ask by what is stored, and remembers which runs are free to ask. */
import { messageOf, ServiceError } from '../../errors.ts'
import type { TrialState, TrialStore, TriedModel } from '../../store/types.ts'
import {
  type Entry,
  enterTrial,
  isStoppedFor,
  leaveTrial,
  type StopReason,
  stopReasonOf,
  type Verdict,
} from './trial.ts'

/** Milliseconds between two looks at the trial of a run while chunks wait, since another replica may have the answer. */
const LOOK_MS = 100
/** What a replica knows of a run that is free to ask is read again after this many milliseconds, as the run may be stopped. */
const REMEMBERED_MS = 2_000
/** A chunk that has waited as long as it may sleeps durably for this many milliseconds, up to twice as long. */
const SLEEP_MS = 1_000
/** The most runs that a replica remembers; with one more, the run that was used least recently is forgotten. */
const MAX_REMEMBERED = 1_000
/** Runs of batches that name no run: each has one batch, and would lose a round trip to a trial of its own. */
const UNNAMED = /^api-/
/** An unnamed run needs no trial for this many milliseconds after the replica had a usable answer. */
const USABLE_MS = 600_000

export interface RunOf {
  readonly runId: string
  /** The model that is asked, of which each has a trial of its own. */
  readonly model: TriedModel
  readonly part: number
  /** Id of the chunk. */
  readonly id: string
  /** As in `TrialAsker`. */
  readonly size: number | null
  /** Whether the chunk asks in the flex tier, whose answers take longer. */
  readonly isSlow?: boolean
}

export type Admission =
  | Extract<Entry['entry'], { kind: 'waits' | 'stopped' | 'too-long' }>
  | {
      readonly kind: 'asks'
      /** Call it once the chunk has asked. Resolves with the stop of the run where it is stopped by then. Never rejects. */
      leave(verdict: Verdict): Promise<StopReason | null>
    }

export interface RunTrials {
  /**
   * Waits about `maxWaitMs` at most until the chunk may ask. Rejects with interrupted where `signal` aborts first, and as the
   * store does.
   */
  enter(run: RunOf, maxWaitMs: number, signal: AbortSignal): Promise<Admission>
}

export interface RunTrialsOptions {
  readonly store: TrialStore
  /** Milliseconds for which a request is believed to be in flight where its replica does not say that it has ended. */
  readonly holdMs: number
  /** The same in the flex tier. */
  readonly flexHoldMs: number
  /** Called where the end of a request could not be stored, with the reason. */
  readonly failed?: (reason: string) => void
}

/** A run as this replica knows it. */
interface Known {
  state: TrialState | null
  readAt: number
  /** The database's clock minus the clock of this process, in milliseconds. */
  offsetMs: number
  isReading: boolean
  nextLookAt: number
  /** Resolves at the next event that may let a chunk ask. */
  changed: PromiseWithResolvers<void> | undefined
}

export function createRunTrials(options: RunTrialsOptions): RunTrials {
  const { store, failed = () => undefined } = options
  const runs = new Map<string, Known>()
  /** When this replica last had a usable answer of each model. */
  const usableAt: Record<TriedModel, number> = {
    primary: Number.NEGATIVE_INFINITY,
    escalation: Number.NEGATIVE_INFINITY,
  }
  const now = () => performance.now()

  function knownOf({ runId, model }: RunOf): Known {
    const key = `${model} ${runId}`
    const known = runs.get(key) ?? {
      ...{ state: null, readAt: Number.NEGATIVE_INFINITY, offsetMs: 0, isReading: false },
      ...{ nextLookAt: 0, changed: undefined },
    }
    runs.delete(key)
    runs.set(key, known)
    const [oldest] = runs.keys()
    if (runs.size > MAX_REMEMBERED && oldest !== undefined) runs.delete(oldest)
    return known
  }

  function take(known: Known, state: TrialState | null): void {
    known.state = state
    known.readAt = now()
  }

  function wake(known: Known, changed = known.changed): void {
    if (known.changed === changed) known.changed = undefined
    changed?.resolve()
  }

  function wakeToLook(known: Known): void {
    known.nextLookAt = 0
    wake(known)
  }

  /** Resolves at the next event or look, for all that wait in the order in which they came. */
  function untilChanged(known: Known): Promise<void> {
    if (known.changed === undefined) {
      const changed = Promise.withResolvers<void>()
      known.changed = changed
      const timer = setTimeout(() => wake(known, changed), LOOK_MS)
      void changed.promise.then(() => clearTimeout(timer))
    }
    return known.changed.promise
  }

  /** Looks whether a run that is free was stopped since, without making the chunk wait for the database. */
  function refresh({ runId, model }: RunOf, known: Known): void {
    if (known.isReading || now() - known.readAt < REMEMBERED_MS) return
    known.isReading = true
    store
      .read(runId, model)
      .then((state) => take(known, state ?? null))
      .catch(() => undefined)
      .finally(() => {
        known.isReading = false
      })
  }

  async function look(run: RunOf, known: Known): Promise<Entry['entry']> {
    const { runId, model, id, part, size, isSlow } = run
    const holdMs = isSlow === true ? options.flexHoldMs : options.holdMs
    known.isReading = true
    try {
      const decided = await store.change(runId, model, (state, at) => {
        known.offsetMs = at - now()
        return enterTrial(state, { id, part, holdMs, size }, at)
      })
      // A run without a row was deleted by retention, and its last chunks are not worth a trial.
      if (decided === undefined) return { kind: 'free' }
      take(known, decided.state)
      return decided.entry
    } finally {
      known.isReading = false
    }
  }

  function admit({ runId, model, id }: RunOf, known: Known, isHolder: boolean): Admission {
    return {
      kind: 'asks',
      async leave(verdict) {
        if (verdict.kind === 'usable') usableAt[model] = now()
        if (!isHolder && verdict.kind !== 'fatal') return null
        try {
          const left = await store.change(runId, model, (state, at) => ({
            state: leaveTrial(state, { id, model }, verdict, at),
          }))
          if (left !== undefined) take(known, left.state)
        } catch (error) {
          // The answer is paid for, so it counts whether or not the others learn of it; the place ends by itself.
          failed(messageOf(error))
          const { state } = known
          if (verdict.kind === 'usable' && state !== null) take(known, { ...state, outcome: 'usable' })
        }
        wakeToLook(known)
        return known.state?.outcome === 'stopped' ? stopReasonOf(known.state) : null
      },
    }
  }

  return {
    async enter(run, maxWaitMs, signal) {
      const known = knownOf(run)
      const deadline = now() + maxWaitMs
      for (;;) {
        if (signal.aborted) throw new ServiceError('interrupted', 'the caller went away while it waited to ask')
        const { state } = known
        if (state?.outcome === 'usable') {
          refresh(run, known)
          return admit(run, known, false)
        }
        if (state !== null && isStoppedFor(state, run.part, now() + known.offsetMs)) {
          return { kind: 'stopped', ...stopReasonOf(state) }
        }
        if (UNNAMED.test(run.runId) && now() - usableAt[run.model] < USABLE_MS) return admit(run, known, false)
        if (!known.isReading && now() >= known.nextLookAt) {
          const entry = await look(run, known)
          // Another chunk that waits here may look as well.
          if (entry.kind !== 'waits') wakeToLook(known)
          if (entry.kind === 'stopped' || entry.kind === 'too-long') return entry
          if (entry.kind !== 'waits') {
            return admit(run, known, entry.kind === 'asks')
          }
          // Nobody may ask before the wait has passed, so that no look at the database would help.
          known.nextLookAt = now() + Math.max(LOOK_MS, entry.waitMs)
        }
        const leftMs = deadline - now()
        if (leftMs <= 0) return { kind: 'waits', waitMs: Math.round(SLEEP_MS * (1 + Math.random())) }
        await untilChanged(known)
      }
    },
  }
}
