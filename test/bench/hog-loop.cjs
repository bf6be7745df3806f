/**
 * Uses a share of the core on which it runs, by periods of 10 ms, and prints the milliseconds of CPU time when SIGTERM ends it. It
 * ends with the process that started it, which holds its input open.
 */
const PERIOD_MS = 10
const share = Number(process.argv[2])
const cell = new Int32Array(new SharedArrayBuffer(4))

process.on('SIGTERM', () => {
  const { user, system } = process.cpuUsage()
  process.stdout.write(String((user + system) / 1_000), () => process.exit(0))
})

process.stdin.on('close', () => process.exit(0)).resume()

/** One second of periods; between two of them signals are heard. */
function hold() {
  const endAt = performance.now() + 1_000
  for (let at = performance.now(); at < endAt; at += PERIOD_MS) {
    while (performance.now() < at + PERIOD_MS * share);
    const restMs = at + PERIOD_MS - performance.now()
    if (restMs > 0) Atomics.wait(cell, 0, 0, restMs)
  }
  setImmediate(hold)
}

hold()
