/** The window of batches in flight against simulated services: how wide it gets, and how much of the service it uses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BatchWindow, createBatchWindow } from '../../../../src/cli/classify/batch-window.ts'

interface Service {
  /** Milliseconds that one batch takes of something that all batches share, such as the CPU or the rate budget. */
  readonly sharedMs: number
  /** Milliseconds that a batch takes besides, however many are in flight. */
  readonly ownMs: number
}

interface Simulated {
  readonly ended: number
  /** Batches in flight, as the mean over the second half of the time. */
  readonly inFlight: number
  /** The longest wait for the batches in flight, in milliseconds, had the run been stopped in the second half. */
  readonly drainMs: number
}

/** The shared part of the batches is served one after the other, their own part in parallel; the client keeps its window full. */
function simulate(
  window: BatchWindow,
  clock: { ms: number },
  forMs: number,
  serviceAt: (ms: number) => Service,
): Simulated {
  const inFlightBatches: { startedAt: number; endsAt: number }[] = []
  const half = clock.ms + forMs / 2
  const until = clock.ms + forMs
  let freeAt = clock.ms
  let ended = 0
  let weighted = 0
  let drainMs = 0
  while (clock.ms < until) {
    while (inFlightBatches.length < window.size) {
      const { sharedMs, ownMs } = serviceAt(clock.ms)
      freeAt = Math.max(freeAt, clock.ms) + sharedMs
      inFlightBatches.push({ startedAt: clock.ms, endsAt: freeAt + ownMs })
    }
    inFlightBatches.sort((a, b) => a.endsAt - b.endsAt)
    if (clock.ms >= half) drainMs = Math.max(drainMs, (inFlightBatches.at(-1)?.endsAt ?? 0) - clock.ms)
    const first = inFlightBatches.shift()
    if (first === undefined) break
    if (first.endsAt > half) weighted += (first.endsAt - Math.max(half, clock.ms)) * (inFlightBatches.length + 1)
    clock.ms = first.endsAt
    ended += 1
    window.noteEnd(first.startedAt)
  }
  return { ended, inFlight: weighted / (clock.ms - half), drainMs }
}

function createSimulation() {
  const clock = { ms: 0 }
  return { clock, window: createBatchWindow({ batchSize: 100, now: () => clock.ms }) }
}

test('quick batches fill the service at once, and a stopped run ends soon', () => {
  const { window, clock } = createSimulation()
  const { ended, drainMs } = simulate(window, clock, 3_300, () => ({ sharedMs: 30, ownMs: 200 }))
  assert.ok(ended >= 0.9 * (3_300 / 30), `${ended} of 110 batches`)
  assert.ok(drainMs <= 5_000, `${drainMs} ms`)
})

test('a slow model behind a wide budget gets as many batches as the budget takes', () => {
  const { window, clock } = createSimulation()
  // A batch takes 5 s and the budget takes two a second, so that ten must be in flight.
  const { ended, drainMs } = simulate(window, clock, 600_000, () => ({ sharedMs: 500, ownMs: 5_000 }))
  assert.ok(ended >= 0.9 * 1_200, `${ended} of 1,200 batches`)
  assert.ok(drainMs <= 15_000, `${drainMs} ms`)
})

test('a model that takes longer than a stop should wait is not starved', () => {
  const { window, clock } = createSimulation()
  const { ended } = simulate(window, clock, 3_600_000, () => ({ sharedMs: 5_000, ownMs: 30_000 }))
  assert.ok(ended >= 0.6 * 720, `${ended} of 720 batches`)
})

test('at sixty requests a minute few batches are in flight, and the budget stays busy', () => {
  const { window, clock } = createSimulation()
  // A batch takes ten requests.
  const { ended, inFlight } = simulate(window, clock, 3_600_000, () => ({ sharedMs: 10_000, ownMs: 1_000 }))
  assert.ok(ended >= 0.97 * 360, `${ended} of 360 batches`)
  assert.ok(inFlight <= 3.5, `${inFlight} in flight`)
})

test('the window follows a budget that is cut, and one that is raised', () => {
  const { window, clock } = createSimulation()
  const quick = { sharedMs: 100, ownMs: 800 }
  const slow = { sharedMs: 4_000, ownMs: 800 }
  simulate(window, clock, 120_000, () => quick)
  const cut = simulate(window, clock, 1_200_000, () => slow)
  assert.ok(cut.drainMs <= 20_000, `${cut.drainMs} ms to wait for after the cut`)
  assert.ok(cut.ended >= 0.95 * 300)
  const raised = simulate(window, clock, 300_000, () => quick)
  assert.ok(raised.ended >= 0.9 * 3_000, `${raised.ended} of 3,000 batches after the rise`)
})

test('whatever the batches take, at least one and at most 256 may be in flight', () => {
  const property = fc.property(
    fc.array(fc.record({ after: fc.nat({ max: 60_000 }), took: fc.nat({ max: 600_000 }) }), { maxLength: 300 }),
    (batches) => {
      const { window, clock } = createSimulation()
      for (const { after, took } of batches) {
        clock.ms += after
        window.noteEnd(clock.ms - took)
        assert.ok(Number.isInteger(window.size) && window.size >= 1 && window.size <= 256, String(window.size))
      }
    },
  )
  fc.assert(property, { numRuns: 300, seed: 20_261_122 })
})

test('indicators in flight are bounded, however quick the service is', () => {
  for (const [batchSize, most] of [
    [100, 64],
    [50, 128],
    [1, 256],
  ] as const) {
    let ms = 0
    const window = createBatchWindow({ batchSize, now: () => ms })
    for (let turn = 0; turn < 2_000; turn += 1) {
      ms += 1
      window.noteEnd(ms - 1)
    }
    assert.equal(window.size, most)
  }
})
