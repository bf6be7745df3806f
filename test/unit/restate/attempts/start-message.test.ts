/** The beginning of an attempt, as restate-server 1.7.12 sends it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AttemptReader, readStart } from '../../../../src/restate/attempts/start-message.ts'

/** A start message that was recorded: the fourth attempt, with two entries in the journal. */
const RECORDED =
  '00000000000000560a1860bdbd5b86ee947d9d589466cdd0dfeccf1f1b86be91d1721226696e765f31614d7434305366436247383375' +
  '4554494765746d6f4237454b763637673333617418022801380340830d48ba82e2bbaa8f92f5fd01'
/** The same invocation at its first attempt. */
const FIRST =
  '00000000000000530a1860bdbd5b86ee947d9d589466cdd0dfeccf1f1b86be91d1721226696e765f31614d7434305366436247383375' +
  '4554494765746d6f4237454b763637673333617418012801400148ba82e2bbaa8f92f5fd01'

const message = (length: number) => {
  const bytes = Buffer.alloc(8 + length, 7)
  bytes.writeUInt32BE(length, 4)
  return bytes
}

test('the first message says how long the journal is and how often the work was tried', () => {
  for (const [hex, start] of [
    [RECORDED, { entries: 2, retries: 3 }],
    [FIRST, { entries: 1, retries: 0 }],
  ] as const) {
    const reader = new AttemptReader()
    reader.take(Buffer.from(hex, 'hex'))
    assert.deepEqual(reader.start, start)
    assert.equal(reader.isComplete, false, 'the journal is not there yet')
  }
})

test('an attempt is complete with the last entry of its journal, however its bytes are cut', () => {
  const all = Buffer.concat([Buffer.from(RECORDED, 'hex'), message(100_000), message(0)])
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: all.length - 1 }), { maxLength: 20 }), (cuts) => {
      const reader = new AttemptReader()
      const places = [0, ...cuts.toSorted((a, b) => a - b), all.length - 1]
      for (const [index, from] of places.slice(0, -1).entries()) reader.take(all.subarray(from, places[index + 1]))
      assert.equal(reader.isComplete, false)
      reader.take(all.subarray(all.length - 1))
      assert.equal(reader.isComplete, true)
      assert.deepEqual(reader.start, { entries: 2, retries: 3 })
    }),
  )
})

test('the input is known with its length, which may come behind the first message', () => {
  const reader = new AttemptReader()
  const start = Buffer.from(RECORDED, 'hex')
  reader.take(start)
  assert.equal(reader.knowsInput, false)
  reader.take(message(4_000_000).subarray(0, 5))
  assert.equal(reader.knowsInput, false)
  reader.take(message(4_000_000).subarray(5, 9))
  assert.equal(reader.knowsInput, true)
  assert.equal(reader.announcedBytes, start.length - 8 + 4_000_000)
})

test('any bytes end, with some numbers', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { entries, retries } = readStart(bytes)
      assert.ok(entries >= 0 && retries >= 0)
      new AttemptReader().take(bytes)
    }),
    { numRuns: 1_000 },
  )
})

test('of a first message that is too long nothing is read, however its bytes are cut', () => {
  const long = message(70_000)
  // What stands at its end would be read as twenty attempts, if it were a message by itself.
  Buffer.from([0x38, 20]).copy(long, long.length - 2)
  for (const cut of [long.length - 2, 10, 69_000]) {
    const reader = new AttemptReader()
    reader.take(long.subarray(0, cut))
    reader.take(long.subarray(cut))
    assert.deepEqual(reader.start, { entries: 0, retries: 0 })
  }
})
