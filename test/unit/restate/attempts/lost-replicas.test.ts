/** Attempts that end without a word: which are noted, which go on alone, and which are paused. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type HooksProvider, PauseError, type Request, RetryableError, TerminalError } from '@restatedev/restate-sdk'
import { pino } from 'pino'
import { createLostReplicas, type LostReplicasDeps } from '../../../../src/restate/attempts/lost-replicas.ts'
import { createTurns } from '../../../../src/restate/attempts/turns.ts'
import type { AttemptNotes } from '../../../../src/store/types.ts'

const log = pino({ level: 'silent' })

/** Notes in memory, which outlive the replicas of a test. */
function createNotes(): AttemptNotes & {
  readonly begun: Map<string, { entries: number; count: number }>
  calls: number
} {
  const begun = new Map<string, { entries: number; count: number }>()
  const notes = {
    begun,
    calls: 0,
    find: async (id: string, entries: number) => {
      notes.calls += 1
      const found = begun.get(id)
      return found?.entries === entries ? found.count : 0
    },
    begin: async (id: string, entries: number) => {
      const found = begun.get(id)
      begun.set(id, { entries, count: found?.entries === entries ? found.count + 1 : 1 })
    },
    end: async (id: string) => {
      begun.delete(id)
    },
  }
  return notes
}

interface Attempt {
  readonly retries: number
  readonly entries?: number
  readonly id?: string
  readonly signal?: AbortSignal
  /** What the step does. By default it never ends, as in a replica that dies. */
  readonly step?: () => Promise<void>
}

const hooksOf = (deps: LostReplicasDeps) => createLostReplicas(deps).hooks

const never = () => new Promise<void>(() => undefined)

/** Runs an attempt whose handler has one step; resolves with the error that it ends with. A replica that dies never resolves. */
async function run(hooks: HooksProvider, { retries, entries = 2, id = 'inv', signal, step = never }: Attempt) {
  const request = {
    id,
    target: { service: 's', handler: 'h' },
    attemptHeaders: new Map([
      ['x-attempt-entries', String(entries)],
      ['x-attempt-retries', String(retries)],
    ]),
    attemptCompletedSignal: signal ?? new AbortController().signal,
  } as unknown as Request
  const { interceptor } = hooks({ request })
  const inStep = () => interceptor?.run?.('step', step) ?? step()
  return await (interceptor?.handler?.(inStep) ?? inStep()).then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** Lets an attempt begin on a replica of its own and die in its step. */
async function die(notes: AttemptNotes, attempt: Attempt): Promise<void> {
  const { promise: reached, resolve } = Promise.withResolvers<void>()
  void run(hooksOf({ notes, log }), {
    ...attempt,
    step: () => {
      resolve()
      return never()
    },
  })
  await reached
}

test('an invocation whose replica died three times is paused in its step, and may be resumed', async () => {
  const notes = createNotes()
  for (const retries of [0, 1, 2]) await die(notes, { retries })
  let isReached = false
  const step = async () => {
    isReached = true
  }
  const error = await run(hooksOf({ notes, log }), { retries: 3, step })
  assert.ok(error instanceof PauseError, String(error))
  assert.match(error.message, /the replica that held it died, 3 times/)
  assert.equal(isReached, false)
  assert.equal(notes.begun.size, 0)
  assert.equal(await run(hooksOf({ notes, log }), { retries: 1, step }), undefined)
  assert.equal(isReached, true)
})

test('an invocation counts as tried again while such an attempt of it is under way', async () => {
  const { hooks, isTriedAgain } = createLostReplicas({ notes: createNotes(), log })
  const seen: boolean[] = []
  const step = async () => void seen.push(isTriedAgain('inv'), isTriedAgain('other'))
  await run(hooks, { retries: 1, step })
  await run(hooks, { retries: 0, step })
  assert.deepEqual([...seen, isTriedAgain('inv')], [true, false, false, false, false])
})

test('first attempts ask nothing of the database', async () => {
  const notes = createNotes()
  assert.equal(await run(hooksOf({ notes, log }), { retries: 0, step: async () => undefined }), undefined)
  assert.deepEqual([notes.calls, notes.begun.size], [0, 0])
})

test('attempts on replicas that were away, failures and progress count for nothing', async () => {
  const notes = createNotes()
  const hooks = hooksOf({ notes, log })
  const failing = async () => {
    throw new RetryableError('the database is away')
  }
  for (let retries = 1; retries < 10; retries += 1) {
    assert.ok((await run(hooks, { retries, step: failing })) instanceof RetryableError)
  }
  assert.equal(notes.begun.size, 0)
  for (const retries of [1, 2]) await die(notes, { retries })
  await die(notes, { retries: 1, entries: 4 })
  assert.equal(notes.begun.get('inv')?.count, 1, 'the journal has grown since')
})

test('a connection that is lost while the replica lives is no death, nor is a replica that stops', async () => {
  const notes = createNotes()
  const stopping = new AbortController()
  for (const [hooks, controller] of [
    [hooksOf({ notes, log }), new AbortController()],
    [hooksOf({ notes, log, stopping: stopping.signal }), stopping],
  ] as const) {
    const { promise: reached, resolve } = Promise.withResolvers<void>()
    void run(hooks, {
      retries: 1,
      signal: controller.signal,
      step: () => {
        resolve()
        return never()
      },
    })
    await reached
    assert.equal(notes.begun.size, 1)
    controller.abort()
    await new Promise((done) => setImmediate(done))
    assert.equal(notes.begun.size, 0)
  }
  const late = hooksOf({ notes, log, stopping: stopping.signal })
  await run(late, { retries: 1, step: async () => undefined })
  assert.equal(notes.calls, 2)
})

test('an invocation that fells the replica before any step is ended', async () => {
  const notes = createNotes()
  for (const retries of [0, 1, 2, 3]) if (retries > 0) await notes.begin('inv', 1)
  const error = await run(hooksOf({ notes, log }), { retries: 4, entries: 1 })
  assert.ok(
    error instanceof TerminalError && /the replica that held it died, 4 times/.test(error.message),
    String(error),
  )
  assert.equal(notes.begun.size, 0)
})

test('of several whose replica died twice one goes on at a time, and only that one is noted a second time', async () => {
  const notes = createNotes()
  const ids = ['a', 'b', 'c']
  for (const id of ids) await die(notes, { id, retries: 1 })
  const hooks = hooksOf({ notes, log, turns: createTurns({ holdMs: 60_000, patienceMs: 60_000 }) })
  const ends = new Map<string, () => void>()
  const runs = ids.map((id) =>
    run(hooks, { id, retries: 2, step: () => new Promise<void>((resolve) => ends.set(id, resolve)) }),
  )
  for (const id of ids) {
    await waitFor(() => ends.has(id))
    assert.deepEqual([...ends.keys()], ids.slice(0, ids.indexOf(id) + 1))
    assert.equal(notes.begun.get(id)?.count, 2)
    for (const later of ids.slice(ids.indexOf(id) + 1)) assert.equal(notes.begun.get(later)?.count, 1)
    ends.get(id)?.()
  }
  assert.deepEqual(await Promise.all(runs), [undefined, undefined, undefined])
  assert.equal(notes.begun.size, 0)
})

test('one that lives long enough alone is acquitted; one that gets no turn tries again with its note', async () => {
  const notes = createNotes()
  for (const id of ['a', 'b']) await die(notes, { id, retries: 1 })
  const quick = hooksOf({ notes, log, turns: createTurns({ holdMs: 1, patienceMs: 60_000 }) })
  void run(quick, { id: 'a', retries: 2 })
  await waitFor(() => !notes.begun.has('a'))
  const impatient = hooksOf({ notes, log, turns: createTurns({ holdMs: 60_000, patienceMs: 1 }) })
  await die(notes, { id: 'c', retries: 1 })
  void run(impatient, { id: 'c', retries: 2 })
  await waitFor(() => notes.begun.get('c')?.count === 2)
  assert.ok((await run(impatient, { id: 'b', retries: 2 })) instanceof RetryableError)
  assert.equal(notes.begun.get('b')?.count, 1)
})

test('without a database attempts go on without notes', async () => {
  const away = async () => {
    throw new Error('away')
  }
  const hooks = hooksOf({ notes: { find: away, begin: away, end: away }, log })
  assert.equal(await run(hooks, { retries: 7, step: async () => undefined }), undefined)
})

async function waitFor(isReady: () => boolean): Promise<void> {
  while (!isReady()) await new Promise((resolve) => setImmediate(resolve))
}
