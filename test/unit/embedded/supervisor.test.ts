/** The supervisor of one part of the embedded stack, with a fake part. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Exit } from '../../../src/embedded/process.ts'
import { supervise } from '../../../src/embedded/supervisor.ts'

/** A part without a process: it counts its starts and ends when a test resolves its exit. */
function fakePart() {
  const starts: ((exit: Exit) => void)[] = []
  const stops: number[] = []
  const started: (() => void)[] = []
  /** How many asks each start misses from now on. */
  const missed = new Map<number, number>()
  let asks = 0
  return {
    starts,
    stops,
    missed,
    asks: () => asks,
    untilStarted: (count: number) =>
      new Promise<void>((resolve) => {
        const check = () => (starts.length >= count ? resolve() : void started.push(check))
        check()
      }),
    start: async () => {
      const { promise, resolve } = Promise.withResolvers<Exit>()
      const index = starts.push(resolve) - 1
      for (const check of started.splice(0)) check()
      return {
        pid: 1_000 + index,
        exited: promise,
        stop: async () => {
          stops.push(index)
          resolve({ code: 0, signal: null })
        },
        kill: () => resolve({ code: null, signal: 'SIGKILL' }),
        isAnswering: async () => {
          asks += 1
          const left = missed.get(index) ?? 0
          missed.set(index, Math.max(0, left - 1))
          return left === 0
        },
      }
    },
  }
}

const signal = new AbortController().signal

test('a part that ends is started again, and the message names how it ended', async () => {
  const part = fakePart()
  const said: string[] = []
  const supervisor = await supervise({ name: 'part', signal, start: part.start, say: (line) => said.push(line) })
  assert.equal(supervisor.pid, 1_000)
  part.starts[0]?.({ code: null, signal: 'SIGKILL' })
  await part.untilStarted(2)
  await supervisor.stop()
  assert.match(said[0] ?? '', /part ended \(SIGKILL\)/)
  assert.equal(part.starts.length, 2)
})

test('a part that runs and says nothing is killed and started again, and one that answers late once is not', async () => {
  const part = fakePart()
  const said: string[] = []
  const silence = { everyMs: 5, patienceMs: 20, misses: 3 }
  const say = (line: string) => said.push(line)
  const supervisor = await supervise({ name: 'part', signal, start: part.start, say, silence })
  part.missed.set(0, 2)
  const { asks } = part
  const before = asks()
  while (asks() < before + 5) await sleep(5)
  assert.deepEqual(said, [])
  part.missed.set(0, Number.POSITIVE_INFINITY)
  await part.untilStarted(2)
  await supervisor.stop()
  assert.deepEqual(said.slice(0, 2), [
    'part has said nothing for 0.06 s; it is killed',
    'part ended (SIGKILL); starting it again',
  ])
})

test('after stop nothing is started, also where the part ends by itself at that moment', async () => {
  const part = fakePart()
  const supervisor = await supervise({ name: 'part', signal, start: part.start, say: () => undefined })
  const stopping = supervisor.stop()
  part.starts[0]?.({ code: null, signal: 'SIGTERM' })
  await stopping
  assert.equal(part.starts.length, 1)
})

test('a first start that fails rejects', async () => {
  const start = async () => {
    throw new Error('no')
  }
  await assert.rejects(supervise({ name: 'part', signal, start, say: () => undefined }), /no/)
})
