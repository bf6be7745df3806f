/** The trial of a run: few requests in flight over all replicas until an answer is usable, and an early stop where none is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isServiceError, ServiceError } from '../../../../src/errors.ts'
import { type Admission, createRunTrials, type RunTrials } from '../../../../src/restate/chunk/run-trials.ts'
import {
  ALIKE_FAILURES,
  enterTrial,
  leaveTrial,
  MOST_EMPTY,
  MOST_FAILURES,
  type Verdict,
} from '../../../../src/restate/chunk/trial.ts'
import type { TrialState, TrialStore } from '../../../../src/store/types.ts'
import { createMemoryTrials } from '../../../helpers/store/memory-trials.ts'
import { waitUntil } from '../../../helpers/wait.ts'

const HOLD_MS = 60_000
const never = new AbortController().signal

/** A trial on a clock of the test, whose chunks ask one after the other. */
function createTrial(part = 1) {
  let now = 1_000_000
  let state: TrialState | null = null
  let chunks = 0
  const enter = (id: string, of = part, size: number | null = 5_000) => {
    const entered = enterTrial(state, { id, part: of, holdMs: HOLD_MS, size }, now)
    state = entered.state
    return entered.entry
  }
  const leave = (id: string, verdict: Verdict) => {
    state = leaveTrial(state, { id, model: 'primary' }, verdict, now)
  }
  return {
    enter,
    leave,
    /** Waits as long as the trial says, then asks and ends with `verdict`. Returns the milliseconds waited; null after a stop. */
    ask(verdict: Verdict): number | null {
      chunks += 1
      for (let waited = 0; ; ) {
        const entry = enter(`c${chunks}`)
        if (entry.kind === 'stopped') return null
        if (entry.kind === 'waits') {
          waited += entry.waitMs
          now += entry.waitMs
          continue
        }
        leave(`c${chunks}`, verdict)
        return waited
      }
    },
    pass: (ms: number) => {
      now += ms
    },
    get state() {
      return state
    },
  }
}

const failed = (code: string, subject = 'a'): Verdict => ({ kind: 'failed', code, message: `said ${code}`, subject })
const away = (code = 'model-unavailable', isEmpty = false): Verdict => {
  return { kind: 'away', code, message: 'no answer came', isEmpty }
}

test('three failures of one kind in a row stop the run with what came and what to try', () => {
  const trial = createTrial()
  for (const code of ['model-cut-off', 'model-bad-answer', 'model-bad-answer', 'model-bad-answer']) {
    assert.equal(trial.ask(failed(code)), 0)
  }
  const stop = trial.enter('next')
  assert.ok(stop.kind === 'stopped')
  assert.equal(stop.code, 'model-unusable')
  assert.match(
    stop.message,
    /3 requests in a row failed alike \(model-bad-answer\): said model-bad-answer\. To try: .*resume/,
  )
})

test('answers with nothing in them stop the run within ten seconds, also between other failures', () => {
  const trial = createTrial()
  let waited = 0
  let asked = 0
  for (const isEmpty of [true, true, false, true, true, true, true]) {
    const waitMs = trial.ask(away('model-unavailable', isEmpty))
    if (waitMs === null) break
    waited += waitMs
    asked += 1
  }
  assert.equal(asked, MOST_EMPTY + 1)
  assert.ok(waited < 20_000, `${waited} ms`)
  const stop = trial.enter('next')
  assert.ok(stop.kind === 'stopped' && stop.code === 'model-unavailable')
})

test('a run that the escalation model gives nothing usable names the variable of that model', () => {
  let state: TrialState | null = null
  for (let index = 0; index < ALIKE_FAILURES; index += 1) {
    const id = `c${index}`
    state = enterTrial(state, { id, part: 1, holdMs: HOLD_MS, size: null }, 1_000).state
    state = leaveTrial(state, { id, model: 'escalation' }, failed('model-bad-answer'), 1_000)
  }
  assert.equal(state?.outcome, 'stopped')
  assert.match(state?.stop?.message ?? '', /^the escalation model .* an OPENAI_ESCALATION_MODEL that answers/)
})

test('each model of a run is tried for itself', async () => {
  const [replica] = startReplicas(1, createMemoryTrials())
  assert.ok(replica)
  await (await asked(replica.enter(run(1), 1_000, never))).leave({ kind: 'usable' })
  const ofOther = (index: number) => replica.enter(run(index, { model: 'escalation' }), 0, never)
  const [first, second] = [await asked(ofOther(2)), await asked(ofOther(3))]
  assert.equal((await ofOther(4)).kind, 'waits')
  await first.leave({ kind: 'fatal', code: 'model-unusable', message: 'no' })
  await second.leave({ kind: 'nothing' })
  assert.equal((await ofOther(5)).kind, 'stopped')
  await asked(replica.enter(run(6), 1_000, never))
})

test('failures of changing kinds stop the run after ten', () => {
  const trial = createTrial()
  let asked = 0
  while (trial.ask(failed(asked % 2 === 0 ? 'model-cut-off' : 'model-bad-answer')) !== null) asked += 1
  assert.equal(asked, MOST_FAILURES)
})

test('refusals and gaps count by the records that they are about, because they may lie with these', () => {
  for (const code of ['model-refused', 'no-answer']) {
    const trial = createTrial()
    for (let index = 0; index < ALIKE_FAILURES; index += 1) trial.ask(failed(code, 'the same'))
    assert.equal(trial.state?.outcome, 'open')
    trial.ask(failed(code, 'another'))
    assert.equal(trial.state?.outcome, 'open')
    trial.ask(failed(code, 'a third'))
    assert.equal(trial.state?.outcome, 'stopped')
  }
})

test('an endpoint that is away is asked one at a time with growing pauses, for about a minute', () => {
  const trial = createTrial()
  const waits: number[] = []
  for (let waited = trial.ask(away()); waited !== null; waited = trial.ask(away())) waits.push(waited)
  assert.deepEqual(waits, [0, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000])
  const stop = trial.enter('next')
  assert.ok(stop.kind === 'stopped')
  assert.equal(stop.code, 'model-unavailable')

  const outage = createTrial()
  for (let tries = 0; tries < 5; tries += 1) outage.ask(away())
  outage.ask({ kind: 'usable' })
  assert.deepEqual(outage.enter('next'), { kind: 'free' })
})

test('time-outs are paid for, so that three in a row are enough', () => {
  const trial = createTrial()
  for (let tries = 0; tries < ALIKE_FAILURES; tries += 1) trial.ask(away('model-timeout'))
  const stop = trial.enter('next')
  assert.ok(stop.kind === 'stopped')
  assert.match(stop.message, /OPENAI_TIMEOUT_MS/)
})

test('two chunks ask at once, one while the endpoint is away, and a place that was lost ends by itself', () => {
  const trial = createTrial()
  assert.deepEqual([trial.enter('a').kind, trial.enter('b').kind, trial.enter('c').kind], ['asks', 'asks', 'waits'])
  assert.equal(trial.enter('a').kind, 'asks', 'a chunk whose attempt was lost asks again in its own place')
  trial.pass(HOLD_MS)
  assert.equal(trial.enter('c').kind, 'asks')
  trial.leave('c', away())
  trial.pass(500)
  assert.deepEqual([trial.enter('d').kind, trial.enter('e').kind], ['asks', 'waits'])
  trial.leave('d', { kind: 'nothing' })
  assert.equal(trial.enter('e').kind, 'asks', 'a refusal for rate says nothing, and gives the place back')
})

test('a later part of the run tries again at once, an earlier one never, and callers without parts after half a minute', () => {
  const trial = createTrial(5)
  for (let index = 0; index < 3; index += 1) trial.ask(failed('model-bad-answer'))
  trial.pass(3_600_000)
  assert.equal(trial.enter('x', 5).kind, 'stopped')
  assert.equal(trial.enter('x', 4).kind, 'stopped')
  assert.equal(trial.enter('x', 6).kind, 'asks')
  assert.deepEqual([trial.state?.failed, trial.state?.outcome, trial.state?.part], [0, 'open', 6])

  const unnamed = createTrial(0)
  for (let index = 0; index < 3; index += 1) unnamed.ask(failed('model-bad-answer'))
  unnamed.pass(29_000)
  assert.equal(unnamed.enter('x').kind, 'stopped')
  unnamed.pass(1_000)
  assert.equal(unnamed.enter('x').kind, 'asks')
})

test('a failure of the whole run stops it also when it was free, and nothing else does then', () => {
  const trial = createTrial()
  trial.ask({ kind: 'usable' })
  for (let index = 0; index < 5; index += 1) trial.ask(failed('model-bad-answer'))
  assert.equal(trial.enter('x').kind, 'free')
  trial.ask({ kind: 'fatal', code: 'model-quota', message: 'no credit' })
  assert.deepEqual(trial.enter('y'), { kind: 'stopped', code: 'model-quota', message: 'no credit' })
})

test('chunks as large as one that was too long are not asked, and smaller ones are', () => {
  const trial = createTrial()
  const tooLong = (size: number): Verdict => ({ kind: 'too-long', code: 'model-too-long', message: 'too long', size })
  for (const id of ['a', 'b']) assert.equal(trial.enter(id).kind, 'asks')
  for (const id of ['a', 'b']) trial.leave(id, tooLong(5_000))
  assert.deepEqual(trial.enter('c', 1, 4_900), { kind: 'too-long', message: 'too long' })
  assert.equal(trial.enter('d', 1, 1_700).kind, 'asks')
  trial.leave('d', { kind: 'usable' })
  assert.equal(trial.enter('c', 1, 4_900).kind, 'free')

  const never = createTrial()
  let size: number | null = 10_000
  let asked = 0
  for (let index = 0; index < 100; index += 1) {
    const entry = never.enter(`c${index}`, 1, size)
    if (entry.kind === 'asks') {
      asked += 1
      never.leave(`c${index}`, size === null ? failed('model-too-long', `record ${index}`) : tooLong(size))
    }
    size = index < 20 ? 10_000 : index < 50 ? 3_000 : null
  }
  assert.equal(asked, 1 + 1 + ALIKE_FAILURES)
  assert.equal(never.state?.outcome, 'stopped')
})

const verdicts: fc.Arbitrary<Verdict> = fc.oneof(
  fc.constantFrom('model-bad-answer', 'model-cut-off', 'model-refused').map((code) => failed(code)),
  fc.constant(away()),
  fc.constant<Verdict>({ kind: 'nothing' }),
)

test('however requests of an endpoint end that gives nothing usable: never more than two in flight, and twelve in all', () => {
  const steps = fc.array(fc.record({ who: fc.nat(9), verdict: verdicts, ms: fc.nat(20_000) }), { maxLength: 120 })
  fc.assert(
    fc.property(steps, (all) => {
      const trial = createTrial()
      const inFlight = new Set<string>()
      let counted = 0
      for (const { who, verdict, ms } of all) {
        const id = `c${who}`
        if (inFlight.delete(id)) {
          if (verdict.kind !== 'nothing') counted += 1
          trial.leave(id, verdict)
        } else if (trial.enter(id).kind === 'asks') inFlight.add(id)
        trial.pass(ms % 5_000)
        assert.ok(inFlight.size <= 2)
      }
      assert.ok(counted <= MOST_FAILURES + 1, `${counted} failed requests`)
    }),
    { seed: 14, numRuns: 300 },
  )
})

/** Replicas that share a store. */
function startReplicas(count: number, store: TrialStore): RunTrials[] {
  return Array.from({ length: count }, () => createRunTrials({ store, holdMs: HOLD_MS, flexHoldMs: HOLD_MS }))
}

const run = (index: number, more: object = {}) => ({
  runId: 'run-1',
  model: 'primary' as const,
  part: 1,
  id: `inv_${index}`,
  size: 5_000,
  ...more,
})

async function asked(admission: Promise<Admission>) {
  const found = await admission
  assert.ok(found.kind === 'asks', found.kind)
  return found
}

test('over three replicas two chunks ask until the first usable answer, which lets all others go on', async () => {
  const replicas = startReplicas(3, createMemoryTrials())
  const admitted: Extract<Admission, { kind: 'asks' }>[] = []
  const all = Array.from({ length: 60 }, async (_, index) => {
    const admission = await asked(replicas[index % 3]?.enter(run(index), 30_000, never) ?? assert.fail())
    admitted.push(admission)
  })
  await waitUntil('two chunks ask', () => admitted.length === 2)
  // Longer than replicas take to look again.
  await new Promise((resolve) => setTimeout(resolve, 600))
  assert.equal(admitted.length, 2)
  await admitted[0]?.leave({ kind: 'usable' })
  await Promise.all(all)
  assert.equal(admitted.length, 60)
})

test('a stop reaches the replica that caused it at once and the others soon, also those that knew the run as free', async () => {
  const [one, other] = startReplicas(2, createMemoryTrials())
  assert.ok(one && other)
  await (await asked(one.enter(run(1), 1_000, never))).leave({ kind: 'usable' })
  await (await asked(other.enter(run(2), 1_000, never))).leave({ kind: 'usable' })
  const fatal: Verdict = { kind: 'fatal', code: 'model-quota', message: 'no credit' }
  const stop = await (await asked(one.enter(run(3), 1_000, never))).leave(fatal)
  assert.deepEqual(stop, { code: 'model-quota', message: 'no credit' })
  assert.equal((await one.enter(run(4), 1_000, never)).kind, 'stopped')
  await waitUntil('the other replica knows', async () => (await other.enter(run(5), 1_000, never)).kind === 'stopped')
})

test('while the endpoint is away the database is asked once for each pause, and the end of a request is seen at once', async () => {
  const store = createMemoryTrials()
  let looks = 0
  const counted: TrialStore = {
    ...store,
    change(id, model, decide) {
      looks += 1
      return store.change(id, model, decide)
    },
  }
  const [replica] = startReplicas(1, counted)
  assert.ok(replica)
  const [first, second] = [await asked(replica.enter(run(1), 0, never)), await asked(replica.enter(run(2), 0, never))]
  for (const index of [3, 4, 5, 6]) {
    store.trials.set('run-1', { ...(store.trials.get('run-1') ?? assert.fail()), notBefore: Date.now() + 60_000 })
    looks = 0
    const waiting = replica.enter(run(index), 1_200, never)
    assert.equal((await waiting).kind, 'waits')
    assert.ok(looks <= 1, `${looks} looks`)
  }
  const waiting = replica.enter(run(7), 60_000, never)
  await first.leave({ kind: 'usable' })
  await asked(waiting)
  await second.leave({ kind: 'nothing' })
})

test('a chunk that has waited as long as it may sleeps durably, and one whose attempt ends goes at once', async () => {
  const [replica] = startReplicas(1, createMemoryTrials())
  assert.ok(replica)
  await asked(replica.enter(run(1), 0, never))
  await asked(replica.enter(run(2), 0, never))
  const late = await replica.enter(run(3), 0, never)
  assert.ok(late.kind === 'waits' && late.waitMs >= 1_000 && late.waitMs <= 2_000)
  const attempt = new AbortController()
  const gone = replica.enter(run(4), 60_000, attempt.signal)
  attempt.abort()
  await assert.rejects(gone, (error) => isServiceError(error) && error.code === 'interrupted')
})

test('a paid answer counts where the database is away as it ends, and the replica knows that the run is free', async () => {
  const store = createMemoryTrials()
  let isAway = false
  const reasons: string[] = []
  const failing: TrialStore = {
    read: store.read,
    change: async (runId, model, decide) => {
      if (isAway) throw new ServiceError('database-unavailable', 'the database is away')
      return await store.change(runId, model, decide)
    },
  }
  const replica = createRunTrials({
    store: failing,
    holdMs: HOLD_MS,
    flexHoldMs: HOLD_MS,
    failed: (reason) => reasons.push(reason),
  })
  const first = await asked(replica.enter(run(1), 0, never))
  isAway = true
  assert.equal(await first.leave({ kind: 'usable' }), null)
  assert.deepEqual(reasons, ['the database is away'])
  await asked(replica.enter(run(2), 0, never))
  const other = replica.enter(run(3, { runId: 'run-2' }), 0, never)
  await assert.rejects(other, (error) => isServiceError(error) && error.code === 'database-unavailable')
})

test('a batch that names no run needs no trial where the replica has just had a usable answer', async () => {
  const store = createMemoryTrials()
  const [replica] = startReplicas(1, store)
  assert.ok(replica)
  for (const id of [1, 2]) await asked(replica.enter(run(id, { runId: 'api-1' }), 0, never))
  assert.equal((await replica.enter(run(3, { runId: 'api-1' }), 0, never)).kind, 'waits')
  await (await asked(replica.enter(run(4), 0, never))).leave({ kind: 'usable' })
  for (const id of [5, 6, 7]) await asked(replica.enter(run(id, { runId: 'api-2' }), 0, never))
  assert.equal(store.trials.has('api-2'), false)
})
