/** Loaded with `--import`: shifts the wall clock of a process by the milliseconds that the file CLOCK_SKEW_FILE holds. */
import { readFileSync } from 'node:fs'

const file = process.env.CLOCK_SKEW_FILE ?? ''
const RealDate = Date
const realNow = Date.now

function skewMs() {
  try {
    return Number(readFileSync(file, 'utf8')) || 0
  } catch {
    return 0
  }
}

// As the kernel's clock does when somebody sets it, and as libfaketime does: timers and `performance.now` go on as before.
globalThis.Date = class ShiftedDate extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(realNow() + skewMs())
    else super(...given)
  }
  static now() {
    return realNow() + skewMs()
  }
}
