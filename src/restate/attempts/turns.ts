/** Lets one attempt at a time go on alone, for a bounded time. */

/** A turn that an attempt has. */
export interface Turn {
  /** Gives the turn to the next attempt. A second call does nothing. */
  end(): void
}

export interface Turns {
  /**
   * Resolves with the turn once it is there; with undefined after `patienceMs` milliseconds, or when `signal` aborts. `outlived`
   * is called where the turn ends by itself.
   */
  take(signal: AbortSignal, outlived: () => void): Promise<Turn | undefined>
}

export interface TurnTimes {
  readonly patienceMs: number
  /** A turn ends by itself after this many milliseconds. */
  readonly holdMs: number
}

export function createTurns({ patienceMs, holdMs }: TurnTimes): Turns {
  const waiting: (() => void)[] = []
  let isTaken = false

  const begin = (outlived: () => void): Turn => {
    isTaken = true
    let isOver = false
    const end = () => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      isTaken = false
      waiting.shift()?.()
    }
    const timer = setTimeout(() => {
      end()
      outlived()
    }, holdMs)
    timer.unref()
    return { end }
  }

  return {
    take: (signal, outlived) => {
      if (!isTaken && !signal.aborted) return Promise.resolve(begin(outlived))
      const { promise, resolve } = Promise.withResolvers<Turn | undefined>()
      const leave = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
      }
      const go = () => {
        leave()
        resolve(begin(outlived))
      }
      const giveUp = () => {
        leave()
        const place = waiting.indexOf(go)
        if (place >= 0) waiting.splice(place, 1)
        resolve(undefined)
      }
      const timer = setTimeout(giveUp, patienceMs)
      signal.addEventListener('abort', giveUp, { once: true })
      if (signal.aborted) giveUp()
      else waiting.push(go)
      return promise
    },
  }
}
