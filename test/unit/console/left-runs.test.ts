/** Runs whose drivers ended with an earlier console are taken on; what ended in order, or is driven, is left alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { takeLeftRuns } from '../../../src/console/left-runs.ts'
import type { ListedRun } from '../../../src/store/types.ts'

const DEAD = { token: 't', host: 'h', pid: 7, since: '2026-11-29T10:00:00.000Z', expiresInMs: -1 }
const run = (runId: string, more: Partial<ListedRun> = {}) => {
  return { runId, wanted: 'running', outcome: null, driver: DEAD, ...more } as ListedRun
}

test('a run whose driver ended with the console goes on, and no other', async () => {
  const runs = [
    run('run-left'),
    run('run-paused', { wanted: 'paused' }),
    run('run-driven', { driver: { ...DEAD, expiresInMs: 5_000 } }),
    run('run-stopped', { wanted: 'stopped' }),
    run('run-done', { driver: null, outcome: 'complete' }),
  ]
  const calls: (readonly string[])[] = []
  const started = [...runs.map(({ runId }) => runId), 'run-gone', '--option']
  await takeLeftRuns({
    uploads: { listStarted: async () => started.map((runId) => ({ runId })) as never },
    store: { findRun: async (id) => runs.find(({ runId }) => runId === id) },
    commands: {
      run: async (args) => {
        calls.push(args)
        // One that cannot be taken on keeps no other from going on.
        return { code: calls.length === 1 ? 2 : 0, stdout: '', stderr: 'the file is gone' }
      },
    },
    ...{ log: pino({ level: 'silent' }), afterMs: 0, signal: new AbortController().signal },
  })
  assert.deepEqual(
    calls.map((args) => args.join(' ')),
    ['classify --resume run-left --detach', 'classify --resume run-paused --detach'],
  )
})

test('a console that ends before it has looked takes nothing on', async () => {
  const ending = new AbortController()
  const looking = takeLeftRuns({
    uploads: { listStarted: async () => assert.fail('it looked') },
    store: { findRun: async () => undefined },
    commands: { run: async () => assert.fail('it ran a command') },
    ...{ log: pino({ level: 'silent' }), afterMs: 60_000, signal: ending.signal },
  })
  ending.abort()
  await looking
})
