/** Lets other work of the process pass in the middle of long computations, however many there are at a time. */

/** Computations hold the event loop for this many milliseconds at a time, all of them together, in which no request to a model can start. */
const HOLD_MS = 20

interface Waiting {
  readonly order: number
  readonly go: () => void
}

let computations = 0
let heldSince = Number.NEGATIVE_INFINITY
const waiting: Waiting[] = []

/**
 * Returns a function that a computation awaits before each of its parts. It rests where computations have held the event loop for long
 * enough. One computation goes on for each turn of the loop, the one that began first, so that many that come together end one after the
 * other and not all at the end.
 */
export function createBreath(): () => Promise<void> {
  const order = computations
  computations += 1
  return async () => {
    if (performance.now() - heldSince < HOLD_MS) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const behind = waiting.findIndex((one) => one.order > order)
    waiting.splice(behind < 0 ? waiting.length : behind, 0, { order, go: resolve })
    if (waiting.length === 1) setImmediate(nextTurn)
    await promise
  }
}

function nextTurn(): void {
  const first = waiting.shift()
  if (first === undefined) return
  heldSince = performance.now()
  first.go()
  if (waiting.length > 0) setImmediate(nextTurn)
}
