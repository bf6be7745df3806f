/** Round-robin over nodes, and the rests of those that fail or are busy, on a clock of the test. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createNodes } from '../../../../src/cli/client/nodes.ts'

function withClock(urls: readonly string[]) {
  const clock = { ms: 0 }
  const said: string[] = []
  const nodes = createNodes({ urls, say: (line) => said.push(line), now: () => clock.ms })
  return { clock, said, nodes }
}

test('live nodes take turns', () => {
  const { nodes } = withClock(['a', 'b', 'c'])
  assert.deepEqual([nodes.next(), nodes.next(), nodes.next(), nodes.next()], ['a', 'b', 'c', 'a'])
})

test('a node that failed is passed over until it has rested, and rests longer each time, up to 15 s', () => {
  const { clock, nodes } = withClock(['a', 'b'])
  for (const restMs of [2_000, 4_000, 8_000, 15_000, 15_000]) {
    nodes.failed('a', 'gone')
    assert.deepEqual([nodes.next(), nodes.next(), nodes.next()], ['b', 'b', 'b'])
    clock.ms += restMs - 1
    assert.equal(nodes.next(), 'b')
    clock.ms += 1
    assert.ok([nodes.next(), nodes.next()].includes('a'))
  }
})

test('an outage is one line, however many batches meet it, and its end is another', () => {
  const { clock, said, nodes } = withClock(['a', 'b'])
  for (let batch = 0; batch < 16; batch += 1) nodes.failed('a', 'gone')
  clock.ms = 2_000
  nodes.failed('a', 'gone')
  assert.deepEqual(said, ['a does not answer (gone); its batches are tried again with the same keys'])
  nodes.answered('a', 1_999)
  assert.equal(said.length, 1, 'an answer to an attempt from before the failure says nothing')
  nodes.answered('a', 2_000)
  nodes.answered('a', 2_000)
  assert.deepEqual(said.slice(1), ['a answers again'])
  assert.deepEqual(nodes.counts, { a: { batches: 3, failed: 17 }, b: { batches: 0, failed: 0 } })
})

test('where no node lives each is tried in turn', () => {
  const { nodes } = withClock(['a', 'b'])
  nodes.failed('a', 'gone')
  assert.equal(nodes.isAnyAlive, true)
  nodes.failed('b', 'gone')
  assert.equal(nodes.isAnyAlive, false)
  assert.notEqual(nodes.next(), nodes.next())
})

test('a busy node is passed over for as long as it asks, also where no other one lives', () => {
  const { clock, said, nodes } = withClock(['a', 'b'])
  nodes.busy('a', 'HTTP 429', 30_000)
  assert.deepEqual(said, ['a is busy (HTTP 429); it is tried again in 30 s, with the same keys'])
  nodes.failed('b', 'gone')
  assert.deepEqual([nodes.next(), nodes.next()], ['b', 'b'])
  assert.equal(nodes.freeInMs(), 0)
  nodes.busy('b', 'HTTP 429', 10_000)
  assert.equal(nodes.freeInMs(), 10_000)
  clock.ms = 10_000
  assert.equal(nodes.freeInMs(), 0)
  assert.deepEqual([nodes.isAnyAlive, nodes.next()], [true, 'b'])
  nodes.busy('b', 'HTTP 429', 0)
  assert.equal(nodes.freeInMs(), 500)
})
