/** Bodies in memory: how they grow, what is counted of them, and when they are forgotten. */
import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { createBodyReader } from '../../../src/guard/bodies.ts'
import { GrowingBody, HeldBody } from '../../../src/guard/held-body.ts'

/** A request without headers, whose body is what the test writes. */
function scriptedRequest() {
  const stream = new PassThrough()
  return { stream, request: Object.assign(stream, { headers: {} }) as unknown as IncomingMessage }
}

test('parts are copied into few blocks, whatever their size', () => {
  const blocks: number[] = []
  const growing = new GrowingBody((bytes) => blocks.push(bytes) > 0)
  // A part that was kept by itself would change with the next one.
  const part = Buffer.alloc(1)
  for (let index = 0; index < 100_000; index += 1) {
    part[0] = index % 251
    assert.ok(growing.add(part))
  }
  assert.deepEqual(blocks, [4_096, 4_096, 8_192, 16_384, 32_768, 65_536])
  const bytes = growing.finish()
  assert.equal(bytes.length, 100_000)
  assert.ok(bytes.every((byte, index) => byte === index % 251))
})

test('a part may be larger than a block, and none is added beyond the bound', () => {
  let room = 4_000_000
  const growing = new GrowingBody((bytes) => {
    room -= bytes
    return room >= 0
  })
  const part = Buffer.alloc(2_500_000)
  assert.ok(growing.add(part))
  assert.equal(growing.length, part.length)
  assert.ok(!growing.add(part))
})

test('what is held is the length of the body, then of what is passed on, and nothing once that is sent', async () => {
  const bodies = createBodyReader({ maxHeldBytes: 1_000_000, timeoutMs: 60_000 })
  const { stream, request } = scriptedRequest()
  const reading = bodies.read(request, {} as ServerResponse)
  stream.end('x'.repeat(5_000))
  const held = await reading
  assert.ok(held instanceof HeldBody)
  assert.deepEqual([held.bytes.length, bodies.heldBytes], [5_000, 5_000])
  held.replace(held.bytes.subarray(0, 100))
  assert.equal(bodies.heldBytes, 100)
  const sent = held.send()
  assert.deepEqual([held.bytes.length, bodies.heldBytes], [0, 100])
  assert.equal((await buffer(sent)).length, 100)
  assert.equal(bodies.heldBytes, 0)
  held.release()
  assert.equal(bodies.heldBytes, 0)
})

test('a body that is released or given up before it is sent is held no longer', async () => {
  const counts: number[] = []
  const released = new HeldBody(Buffer.from('abc'), (bytes) => counts.push(bytes))
  released.release()
  assert.deepEqual([counts, released.bytes.length], [[3, 0], 0])
  const closed = new Promise((resolve) => {
    new HeldBody(Buffer.from('abc'), (bytes) => bytes === 0 && resolve(bytes)).send().destroy()
  })
  assert.equal(await closed, 0)
})
