/** Batches of a run as they are sent: their bodies, and what they hold while they wait for an answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectGarbage } from '../../../../src/cli/classify/heap.ts'
import type { RunHeader } from '../../../../src/cli/classify/run-journal.ts'
import { JsonBytes } from '../../../../src/cli/client/http.ts'
import { bodyOf, createOutgoing } from '../../../../src/cli/client/run-batch.ts'
import { PackedJson } from '../../../../src/lib/json/packed-json.ts'

const HEADER: RunHeader = {
  run_id: 'run-1',
  file: '/tmp/a.csv',
  fingerprint: 'f',
  batch_size: 100,
  catalogue: 'c',
  codebook: 'b@1',
  force: false,
  options: { mode: 'hybrid', reuse: true, trust: 'catalogue', tier_fallback: true, override_person: true, pack: 5 },
}

const named = (id: string) => ({ indicator_id: id, name: `Exports of “${id}”`, sample_values: [] })

test('a batch is sent as the JSON of its body, and a batch that failed has another key', () => {
  const indicators = [named('a'), named('b')]
  const batch = createOutgoing(HEADER, { index: 7, indicators, isAudit: true })
  assert.deepEqual([batch.ids, batch.isAudit, batch.kept], [['a', 'b'], true, undefined])
  for (const maxUsd of [undefined, 2.5]) {
    const { idempotencyKey, body } = batch.request({ failures: 0, maxUsd })
    assert.ok(body instanceof JsonBytes)
    const limit = maxUsd === undefined ? {} : { max_cost_usd: maxUsd }
    const options = { tier_fallback: true, ...limit, override_person: true }
    assert.equal(
      Buffer.concat([...body.bytes()]).toString(),
      JSON.stringify(bodyOf(HEADER, indicators, true, { runId: 'run-1', options })),
    )
    assert.equal(body.length, Buffer.concat([...body.bytes()]).length)
    assert.equal(idempotencyKey, 'run-1-7')
  }
  assert.equal(batch.request({ failures: 2, maxUsd: undefined }).idempotencyKey, 'run-1-7-retry-2')
})

test('a batch in flight does not hold the rows of the file from which its texts were cut', () => {
  const cut = () => {
    const row = `${'x'.repeat(100)}${Math.random()}`.padEnd(1_000_000, 'y')
    return { indicator_id: row.slice(40, 110), name: row.slice(60, 120), sample_values: [] }
  }
  const cutRows = () => Array.from({ length: 20 }, cut)
  const inUse = () => {
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const growthOf = <T>(make: () => T) => {
    const before = inUse()
    const made = make()
    return { made, bytes: inUse() - before }
  }
  assert.ok(growthOf(cutRows).bytes > 15_000_000, 'a text that is cut from a row holds the row')
  const { made, bytes } = growthOf(() => {
    const indicators = cutRows()
    const kept = new Map(cutRows().map((row, place) => [`ID${place}`, { region: row.name, share: Number.NaN }]))
    return createOutgoing(HEADER, { index: 0, indicators, isAudit: false, kept })
  })
  assert.ok(bytes < 5_000_000, `${bytes} bytes`)
  assert.equal(made.ids.length, 20)
  assert.equal(made.kept?.get('ID19')?.['region']?.toString().length, 60)
  assert.ok(Number.isNaN(made.kept?.get('ID19')?.['share']))
})

test('the records of a batch in flight are held packed', () => {
  const points = Array.from({ length: 12 }, (_, month) => ({ date: `2024-${month + 1}-28`, value: 100 + month / 3 }))
  const indicators = Array.from({ length: 100 }, (_, row) => ({ ...named(`ID${row}`), sample_values: points }))
  const batch = createOutgoing(HEADER, { index: 0, indicators, isAudit: false })
  const { body } = batch.request({ failures: 0, maxUsd: undefined })
  assert.ok(body instanceof JsonBytes)
  const held = body.parts.reduce((sum, part) => sum + (part instanceof PackedJson ? part.heldBytes : part.length), 0)
  assert.ok(body.length > 50_000 && held < 10_000, `${held} bytes of ${body.length}`)
})
