/** Loaded by the replicas of a check: shifts the wall clock by the milliseconds that a file with the name of the host holds. */
import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'

const RealDate = Date
const file = new URL(`skew/${hostname()}`, import.meta.url)
/** The file is read this often at most, because the clock is read all the time. */
const EVERY_MS = 200
let readAt = Number.NEGATIVE_INFINITY
let skewMs = 0

function skewedNow() {
  if (performance.now() - readAt > EVERY_MS) {
    readAt = performance.now()
    try {
      skewMs = Number(readFileSync(file, 'utf8')) || 0
    } catch {
      skewMs = 0
    }
  }
  return RealDate.now() + skewMs
}

// As where somebody sets the clock of the machine: timers and `performance.now` go on as before.
globalThis.Date = class SkewedDate extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(skewedNow())
    else super(...given)
  }
  static now() {
    return skewedNow()
  }
}
