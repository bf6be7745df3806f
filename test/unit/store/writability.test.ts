/** What a replica believes of a database that refused to write. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ServiceError } from '../../../src/errors.ts'
import { createWritability } from '../../../src/store/connection/writability.ts'

const refused = (state: string) =>
  new ServiceError('database-unavailable', `The database is not available to save a batch: SQLSTATE ${state}, x`)

test('a refused write is believed until one is taken, and for half a minute at most', async () => {
  let now = 0
  const { watch, refusal } = createWritability(() => now)
  assert.equal(refusal(), undefined)
  for (const state of ['25006', '53100', '53200']) {
    await assert.rejects(watch(Promise.reject(refused(state))), { message: new RegExp(state) })
    assert.match(refusal() ?? '', new RegExp(state))
    assert.equal(await watch(Promise.resolve('written')), 'written')
    assert.equal(refusal(), undefined)
  }
  await assert.rejects(watch(Promise.reject(refused('53100'))))
  now = 29_000
  assert.match(refusal() ?? '', /53100/)
  now = 31_000
  assert.equal(refusal(), undefined)
})

test('a write that fails for another reason says nothing of the others', async () => {
  const { watch, refusal } = createWritability()
  for (const error of [refused('40001'), new Error('SQLSTATE 53100')]) {
    await assert.rejects(watch(Promise.reject(error)))
    assert.equal(refusal(), undefined)
  }
})
