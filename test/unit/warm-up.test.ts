/** The questions that a replica asks an offline model in its own process before it listens. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { loadBuiltIns } from '../../src/catalogue/codebook-files.ts'
import { createSchemes } from '../../src/catalogue/schemes.ts'
import { warmUp } from '../../src/warm-up.ts'

const schemes = createSchemes(await loadBuiltIns(), null)
const never = new AbortController().signal

function createLog() {
  const lines: string[] = []
  return { lines, log: pino({ level: 'info' }, { write: (line: string) => lines.push(line) }) }
}

test('every question has a usable answer, so that the whole way of an answer is walked, and nothing is logged', async () => {
  const { lines, log } = createLog()
  assert.equal(await warmUp({ schemes, requests: 24, log, signal: never }), 24)
  assert.deepEqual(lines, [])
})

test('a replica that is stopped meanwhile waits for no more answers', async () => {
  const { lines, log } = createLog()
  assert.equal(await warmUp({ schemes, requests: 2_000, log, signal: AbortSignal.abort() }), 0)
  assert.deepEqual(lines, [])
})

test('what cannot be asked is logged and stops no replica', async () => {
  const { lines, log } = createLog()
  const find = () => Promise.reject(new Error('no codebook'))
  assert.equal(await warmUp({ schemes: { ...schemes, find }, requests: 3, log, signal: never }), 0)
  assert.match(lines.join(''), /could not be warmed up/)
  assert.match(lines.join(''), /no codebook/)
})

test('with 0 nothing is asked', async () => {
  const { log } = createLog()
  const find = () => assert.fail('a codebook was looked up')
  assert.equal(await warmUp({ schemes: { ...schemes, find }, requests: 0, log, signal: never }), 0)
})
