/** Tells a side that is silent from one that works long: asks it again and again whether it lives while an answer of it is waited for. */

export interface SilenceWatch {
  /** Resolves with false where the other side was found silent and does not answer one more ask either. */
  isAnswering(): Promise<boolean>
  /**
   * Asks until the returned function is called. `onSilent` is called once, with the milliseconds without any answer, as soon as
   * the other side has missed several asks one after another.
   */
  watch(onSilent: (silentMs: number) => void): () => void
}

export interface SilenceTimes {
  /** Milliseconds between two asks that are answered. */
  readonly everyMs: number
  /** Milliseconds that an answer may take. */
  readonly patienceMs: number
  /** So many asks one after another have to be missed. */
  readonly misses: number
}

export interface SilenceOptions extends SilenceTimes {
  /** Resolves with whether the other side gave an answer, of whatever kind, before the signal aborted. */
  readonly ask: (signal: AbortSignal) => Promise<boolean>
}

/** How callers ask a Restate node: one that says nothing is given up after six to seven seconds, when the others have done so as well. */
export const NODE_SILENCE: SilenceTimes = { everyMs: 1_000, patienceMs: 2_000, misses: 3 }

/**
 * Missed asks are counted rather than milliseconds, so that a process that was stopped itself, or whose machine slept, finds nobody
 * silent when it goes on: the ask that was under way counts as missed, and the next one is answered.
 */
export function createSilenceWatch({ ask, everyMs, patienceMs, misses }: SilenceOptions): SilenceWatch {
  const listeners = new Set<(silentMs: number) => void>()
  let missed = 0
  let asking: Promise<boolean> | undefined
  let timer: NodeJS.Timeout | undefined

  const askNow = (): Promise<boolean> => {
    asking ??= askOnce(ask, patienceMs).then((isAnswered) => {
      asking = undefined
      missed = isAnswered ? 0 : missed + 1
      return isAnswered
    })
    return asking
  }
  const goOn = (afterMs: number) => {
    timer = setTimeout(async () => {
      await askNow()
      timer = undefined
      if (missed >= misses) {
        const told = [...listeners]
        listeners.clear()
        for (const listener of told) listener(misses * patienceMs)
      }
      if (listeners.size > 0) goOn(missed === 0 ? everyMs : 0)
    }, afterMs)
    // Whoever waits for an answer keeps the process alive by other means.
    timer.unref()
  }
  return {
    isAnswering: async () => missed < misses || (await askNow()),
    watch(onSilent) {
      // Each call has a listener of its own, so that one function may be given twice.
      const listener = (silentMs: number) => onSilent(silentMs)
      listeners.add(listener)
      if (timer === undefined) goOn(everyMs)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

/** Resolves with whether the ask was answered; a failure counts as missed, and takes no less than the whole patience. */
async function askOnce(ask: SilenceOptions['ask'], patienceMs: number): Promise<boolean> {
  const late = new AbortController()
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => {
    resolve(false)
    late.abort()
  }, patienceMs)
  ask(late.signal).then(
    (isAnswered) => {
      if (!isAnswered) return
      clearTimeout(timer)
      resolve(true)
    },
    () => undefined,
  )
  return await promise
}
