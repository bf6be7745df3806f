/** The room for large journals: what fits goes in, the rest waits in its order, and whoever leaves makes room. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createInputRoom, type Share } from '../../../../src/restate/attempts/input-room.ts'

const never = new AbortController().signal
const settled = () => new Promise((resolve) => setImmediate(resolve))

test('attempts go in as far as the bytes reach, and in the order of their arrival', async () => {
  const room = createInputRoom({ bytes: 10, waiting: 9 })
  const inside: string[] = []
  const enter = async (name: string, bytes: number) => {
    const share = await room.enter(bytes, never)
    inside.push(name)
    return share
  }
  const [first, second] = [enter('a', 6), enter('b', 4)]
  // The third would fit as soon as one leaves; the small one behind it does not pass it.
  const third = enter('c', 8)
  const fourth = enter('d', 1)
  await settled()
  assert.deepEqual(inside, ['a', 'b'])
  const share = await second
  share?.end()
  await settled()
  assert.deepEqual(inside, ['a', 'b'])
  share?.end()
  ;(await first)?.end()
  await settled()
  assert.deepEqual(inside, ['a', 'b', 'c', 'd'])
  ;(await third)?.end()
  ;(await fourth)?.end()
})

test('who shrinks makes room, and gives the rest back at its end', async () => {
  const room = createInputRoom({ bytes: 10, waiting: 9 })
  const first = await room.enter(10, never)
  const second = room.enter(7, never)
  first?.shrink(12)
  first?.shrink(4)
  first?.shrink(3)
  const share = await second
  share?.end()
  first?.end()
  first?.shrink(1)
  assert.ok(await room.enter(10, never))
})

test('one that is larger than the room goes in alone', async () => {
  const room = createInputRoom({ bytes: 10, waiting: 9 })
  const large = await room.enter(100, never)
  let isIn = false
  const next = room.enter(1, never).then((share) => {
    isIn = true
    return share
  })
  await settled()
  assert.equal(isIn, false)
  large?.end()
  assert.ok(await next)
})

test('who gives up leaves the line, and who finds it full is turned away at once', async () => {
  const room = createInputRoom({ bytes: 10, waiting: 2 })
  const share = await room.enter(10, never)
  const leaving = new AbortController()
  const first = room.enter(9, leaving.signal)
  const second = room.enter(2, never)
  assert.equal(await room.enter(1, never), undefined)
  leaving.abort()
  assert.equal(await first, undefined)
  assert.equal(await room.enter(1, leaving.signal), undefined)
  share?.end()
  assert.ok(await second)
})

test('whatever comes and goes, the shares never exceed the room unless one has it alone, and all get in', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 15 }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(sizes, fc.infiniteStream(fc.boolean()), async (all, leaves) => {
      const room = createInputRoom({ bytes: 10, waiting: 100 })
      const inside = new Map<number, { readonly bytes: number; readonly share: Share }>()
      let entered = 0
      for (const [index, bytes] of all.entries()) {
        void room.enter(bytes, never).then((share) => {
          entered += 1
          if (share !== undefined) inside.set(index, { bytes, share })
        })
        await settled()
        const taken = [...inside.values()].reduce((sum, one) => sum + one.bytes, 0)
        assert.ok(taken <= 10 || inside.size === 1, `${taken} bytes`)
        const [first] = inside.keys()
        if (leaves.next().value === false || first === undefined) continue
        inside.get(first)?.share.end()
        inside.delete(first)
      }
      await settled()
      for (let rest = [...inside.keys()]; rest.length > 0; rest = [...inside.keys()]) {
        for (const one of rest) {
          inside.get(one)?.share.end()
          inside.delete(one)
        }
        await settled()
      }
      assert.equal(entered, all.length)
    }),
    { numRuns: 50 },
  )
})
