/** Long computations side by side: the event loop turns between their parts however many they are, and the one that began first ends first. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createBreath } from '../../../src/lib/breath.ts'

const COMPUTATIONS = 8
const PARTS = 12
const PART_MS = 5

function compute(): void {
  const until = performance.now() + PART_MS
  while (performance.now() < until);
}

test('all computations together hold the event loop for a bounded time, and end in the order of their beginning', async () => {
  let turns = 0
  let isOver = false
  const turn = () => {
    turns += 1
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  const ended: number[] = []
  /** The parts that were computed in each turn of the event loop. */
  const partsByTurn = new Map<number, number>()
  await Promise.all(
    Array.from({ length: COMPUTATIONS }, async (_, index) => {
      const breathe = createBreath()
      for (let part = 0; part < PARTS; part += 1) {
        await breathe()
        compute()
        partsByTurn.set(turns, (partsByTurn.get(turns) ?? 0) + 1)
      }
      ended.push(index)
    }),
  )
  isOver = true
  // Parts of 5 ms and at most 20 ms a turn, whoever computes: five at most. A round for each computation would be 40.
  assert.ok(Math.max(...partsByTurn.values()) <= 5, `${[...partsByTurn.values()]}`)
  assert.deepEqual(
    ended,
    Array.from({ length: COMPUTATIONS }, (_, index) => index),
  )
})
