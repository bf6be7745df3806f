/** Bodies that are odd to the letter, in a small heap: none fells the replica or the guard, and the rows beside the odd ones are classified. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BatchResponse } from '../../../../src/restate/contract.ts'
import { callIngress } from '../../../helpers/stack/stack.ts'
import { heldSeconds, MAX_HELD_S, stack } from './world.ts'

const MEGABYTE = 1_000_000
/** More values, levels, fields and bytes than any bound allows. */
const BEYOND = 100_000

let rows = 0
/** A record as JSON with `more` behind its name. */
function record(more = ''): string {
  rows += 1
  return `{"indicator_id":"O.${rows}","name":"Output of steel"${more}}`
}
const batchOf = (records: readonly string[], more = '') => `{"indicators":[${records.join(',')}]${more}}`
const keys = (count: number) => Array.from({ length: count }, (_, index) => `,"k${index}":1`).join('')
const field = (name: string, text: string) => `,"${name}":"${text}"`

async function send(body: string | Buffer, handler = 'batch') {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(`${stack.ingressUrl}/classify-api/${handler}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : new Uint8Array(body),
  })
  return { status: response.status, text: await response.text() }
}

async function classifiedOf(body: string | Buffer): Promise<number> {
  const { status, text } = await send(body)
  assert.equal(status, 200, text.slice(0, 300))
  return (JSON.parse(text) as BatchResponse).summary.classified
}

test('what stands in fields that nobody reads costs no row, and what is beyond a bound is refused with its place', async () => {
  const pids = stack.pids()
  const nested = `${'{"a":['.repeat(MEGABYTE)}1${']}'.repeat(MEGABYTE)}`
  const passing = [
    batchOf([record(`,"x":${nested}`), record()]),
    batchOf([record(`,"${'k'.repeat(10 * MEGABYTE)}":1`), record()]),
    batchOf([record(`,"x":{"a":0${keys(900_000)}}`), record()]),
    batchOf([record(`,"x":[${'1,'.repeat(16 * MEGABYTE)}1]`), record()]),
  ]
  for (const body of passing) assert.equal(await classifiedOf(body), 2, body.slice(0, 80))
  // How far a body is beyond its bound makes no difference here.
  const deep = `${'['.repeat(BEYOND)}${']'.repeat(BEYOND)}`
  const refused: readonly [string, RegExp][] = [
    [batchOf([record()], `,"x":${nested}`), /unknown field \\"x\\"/],
    [batchOf([record()], `,"options":${deep}`), /\/options\) must take at most 65536 bytes/],
    [batchOf([record(keys(BEYOND))]), /\/indicators\/0\) must have at most 1000 fields/],
    [batchOf([record(`,"sample_values":[${'1,'.repeat(BEYOND)}1]`)]), /must hold at most 5000 points/],
    [batchOf([record(`,"units":${'1'.repeat(BEYOND)}`)]), /\/indicators\/0\/units\) must take at most/],
    [`[${'1,'.repeat(BEYOND)}1]`, /must take at most 65536 bytes/],
    [`${' '.repeat(BEYOND)}{}`, /\/indicators\) Invalid input/],
  ]
  for (const [body, message] of refused) {
    const { status, text } = await send(body)
    assert.equal(status, 400, body.slice(0, 80))
    assert.match(text, message)
  }
  assert.deepEqual(stack.pids(), pids)
})

test('texts of heaped marks, of signs that stand for sentences and of pictures hold no event loop', async () => {
  const texts = [
    `a${'\u0315\u0300\u05ae\u0316'.repeat(2_400)}`,
    '\u0344'.repeat(9_900),
    '\ufdfa'.repeat(9_900),
    '\ufdfa '.repeat(4_900),
    '\u{1f6a9}\u{1f3fd}\u{1f468}\u200d\u{1f469} '.repeat(1_000),
    Array.from({ length: 450 }, (_, index) => `w${index}`.padEnd(20, 'mnopqrst')).join(' '),
  ]
  await heldSeconds()
  for (const codebook of ['economic-indicators', 'business-activities']) {
    const records = texts.flatMap((text) => Array.from({ length: 4 }, () => record(field('description', text))))
    assert.equal(await classifiedOf(batchOf([...records, record()], field('codebook', codebook))), records.length + 1)
  }
  const held = await heldSeconds()
  assert.ok(held < MAX_HELD_S, `the event loop was held for ${held} s`)
  console.log(`the event loop was held for ${held} s at most`)
})

test('keys that stand twice, names of prototypes, broken UTF-8 and lone surrogates are told or cost their place', async () => {
  const twice = `{"indicator_id":"T1","name":"a","name":"Output of steel","indicator_id":"T2"}`
  const doubled = JSON.parse((await send(batchOf([twice]))).text) as BatchResponse
  assert.deepEqual(
    doubled.results.map((result) => [result.indicator_id, result.name]),
    [['T2', 'Output of steel']],
  )
  assert.equal(
    await classifiedOf(batchOf([record(',"__proto__":{"name":"evil"},"constructor":1,"toString":2'), record()])),
    2,
  )
  const refused: readonly [string, RegExp][] = [
    ['{"indicators":[{"__proto__":{"name":"evil"},"indicator_id":"P1"}]}', /\/indicators\/0\/name\) is missing/],
    ['{"__proto__":{"indicators":[]}}', /indicators/],
    [batchOf([record()], ',"options":{"__proto__":{"mode":"model"}}'), /unknown field \\"__proto__\\"/],
    [batchOf([record()], ',"run_id":"\\ud800"'), /run_id/],
  ]
  for (const [body, message] of refused) {
    const { status, text } = await send(body)
    assert.equal(status, 400, body)
    assert.match(text, message)
  }
  const [before = '', behind = ''] = batchOf([record(field('description', '@')), record()]).split('@')
  const broken = Buffer.from([0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80, 0xf5])
  assert.equal(await classifiedOf(Buffer.concat([Buffer.from(before), broken, Buffer.from(behind)])), 2)
  const lone = '{"indicator_id":"S\\ud800","name":"\\udc00 Output \\ud83d of","\\ud800":1}'
  assert.equal(await classifiedOf(batchOf([lone, record(field('description', '\\ud800'.repeat(9_000)))])), 2)
})

test('a codebook that would end the process is refused', async () => {
  const pids = stack.pids()
  for (const text of [
    '['.repeat(2 * MEGABYTE),
    '- '.repeat(MEGABYTE),
    'a: 1\n'.repeat(400_000),
    '"'.repeat(2 * MEGABYTE),
  ]) {
    const { status, text: said } = await send(JSON.stringify({ text }), 'codebook')
    assert.equal(status, 400, said.slice(0, 300))
    assert.match(said, /nested too deep|too large/)
  }
  assert.equal((await callIngress(stack, 'classify-api/batch', batchOf([record()]))).status, 200)
  assert.deepEqual(stack.pids(), pids)
})
