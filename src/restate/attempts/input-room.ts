/** Lets attempts with large journals in only as far as a fixed number of bytes reaches, so that any number of callers fits into the memory. */

/** A part of the room that an attempt has. */
export interface Share {
  /** Gives back what is beyond so many bytes. */
  shrink(bytes: number): void
  /** Gives all of it back. A second call does nothing. */
  end(): void
}

export interface InputRoom {
  /**
   * Resolves with the share once the bytes are free, in the order of the calls; a journal larger than the whole room goes in alone.
   * Resolves with undefined when `signal` aborts, and at once where too many wait.
   */
  enter(bytes: number, signal: AbortSignal): Promise<Share | undefined>
}

export interface InputRoomBounds {
  readonly bytes: number
  /** The most attempts that wait, each with the part of its journal that has come in. */
  readonly waiting: number
}

export function createInputRoom(bounds: InputRoomBounds): InputRoom {
  const waiting: { readonly bytes: number; readonly go: () => void }[] = []
  let taken = 0

  const fits = (bytes: number) => taken === 0 || taken + bytes <= bounds.bytes
  const letIn = () => {
    for (let first = waiting[0]; first !== undefined && fits(first.bytes); first = waiting[0]) {
      waiting.shift()
      first.go()
    }
  }
  const take = (bytes: number): Share => {
    taken += bytes
    let held = bytes
    const shrink = (left: number) => {
      if (left >= held) return
      taken -= held - left
      held = left
      letIn()
    }
    return { shrink, end: () => shrink(0) }
  }

  return {
    enter: (bytes, signal) => {
      if (signal.aborted) return Promise.resolve(undefined)
      if (waiting.length === 0 && fits(bytes)) return Promise.resolve(take(bytes))
      if (waiting.length >= bounds.waiting) return Promise.resolve(undefined)
      const { promise, resolve } = Promise.withResolvers<Share | undefined>()
      const giveUp = () => {
        const place = waiting.indexOf(one)
        if (place >= 0) waiting.splice(place, 1)
        resolve(undefined)
        letIn()
      }
      const go = () => {
        signal.removeEventListener('abort', giveUp)
        resolve(take(bytes))
      }
      const one = { bytes, go }
      waiting.push(one)
      signal.addEventListener('abort', giveUp, { once: true })
      return promise
    },
  }
}
