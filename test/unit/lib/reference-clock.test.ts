/** The clock that keeps another machine's time, with both clocks in the hands of the test; and the clock of a process. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createReferenceClock } from '../../../src/lib/reference-clock.ts'

/** A clock whose own time is `skewMs` ahead of the other machine's. */
function world(skewMs: number) {
  const state = { elapsedMs: 0, referenceMs: 1_000_000, skewMs }
  const clock = createReferenceClock({
    ownNow: () => state.referenceMs + state.elapsedMs + state.skewMs,
    monotonic: () => state.elapsedMs,
  })
  const read = (tookMs: number) =>
    clock.take(async () => {
      state.elapsedMs += tookMs / 2
      const told = state.referenceMs + state.elapsedMs
      state.elapsedMs += tookMs / 2
      return told
    }, Number)
  return { clock, state, read }
}

test('before the first reading it is the own clock, and no skew is known', () => {
  const { clock, state } = world(500)
  assert.equal(clock.now(), state.referenceMs + 500)
  assert.equal(clock.skewMs(), undefined)
})

test('it keeps the time of the other machine, whatever becomes of the own clock', async () => {
  const { clock, state, read } = world(86_400_000)
  await read(20)
  assert.equal(clock.skewMs(), 86_400_000)
  state.elapsedMs += 5_000
  state.skewMs = -86_400_000
  assert.equal(clock.now(), state.referenceMs + state.elapsedMs)
  assert.equal(clock.skewMs(), -86_400_000)
})

test('of several readings the quickest counts, and one that agrees with none before replaces them', async () => {
  const { clock, state, read } = world(0)
  await read(10)
  await clock.take(async () => {
    // The answer came at once, and this process was slow to see it.
    const told = state.referenceMs + state.elapsedMs
    state.elapsedMs += 4_000
    return told
  }, Number)
  assert.equal(clock.now(), state.referenceMs + state.elapsedMs)
  state.referenceMs -= 3_600_000
  await read(30)
  assert.equal(clock.now(), state.referenceMs + state.elapsedMs)
})

test('a reading that fails changes nothing', async () => {
  const { clock, state, read } = world(700)
  await read(10)
  await assert.rejects(
    clock.take(() => Promise.reject(new Error('away')), Number),
    /away/,
  )
  assert.equal(clock.now(), state.referenceMs + state.elapsedMs)
})

test('a process whose clock is set gives that time everywhere, and reads dates as before', async () => {
  const script = `
    import { setProcessClock } from ${JSON.stringify(new URL('../../../src/lib/reference-clock.ts', import.meta.url).href)}
    const old = new Date(0)
    setProcessClock(() => 1234567890123.4)
    class Sub extends Date {}
    console.log(JSON.stringify([
      Date.now(), new Date().getTime(), new Date(5).getTime(), new Date('2026-01-02T03:04:05Z').toISOString(),
      new Date(2026, 0, 1) instanceof Date, old instanceof Date, Date.UTC(1970, 0, 2), Date.parse('1970-01-01T00:00:01Z'),
      new Sub().getTime(), new Sub() instanceof Sub, Date.name, Date().length > 10, new Date(undefined).getTime(),
    ]))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  const now = 1_234_567_890_123
  assert.deepEqual(JSON.parse(stdout), [
    ...[now, now, 5, '2026-01-02T03:04:05.000Z', true, true, 86_400_000, 1_000],
    ...[now, true, 'Date', true, null],
  ])
})
