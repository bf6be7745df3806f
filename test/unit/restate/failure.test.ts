import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, ServiceError } from '../../../src/errors.ts'
import { FATAL_CODES, formatFailure, parseFailure } from '../../../src/restate/contract.ts'
import { asTerminalError } from '../../../src/restate/failure.ts'
import { RUN_FAILURES } from '../../../src/restate/batch/gather.ts'

const terminal: readonly [ErrorCode, number][] = [
  ['input-invalid', 400],
  ['config-invalid', 500],
  ['model-auth', 502],
  ['model-not-found', 502],
  ['model-bad-request', 502],
  ['model-quota', 502],
  ['model-unavailable', 503],
  ['database-failed', 500],
]

for (const [code, status] of terminal) {
  test(`${code} ends the invocation with ${status}, and its code can be read from the message`, () => {
    const error = asTerminalError(new ServiceError(code, 'why: it is so'))
    assert.equal(error?.code, status)
    assert.deepEqual(parseFailure(error?.message ?? ''), { code, message: 'why: it is so' })
  })
}

for (const code of ['database-unavailable', 'limiter-closed', 'model-rate-limited'] as const) {
  test(`${code} is worth another attempt`, () => {
    assert.equal(asTerminalError(new ServiceError(code, 'x')), undefined)
  })
}

test('a defect of ours ends the invocation: the same input would meet it for ever', () => {
  const error = asTerminalError(new TypeError('x is not a function'))
  assert.equal(error?.code, 500)
  assert.equal(parseFailure(error?.message ?? '').code, 'internal')
})

test('what nobody knows is retried', () => {
  assert.equal(asTerminalError(new Error('socket hang up')), undefined)
  assert.equal(asTerminalError('text'), undefined)
})

test('a message without a code of ours is internal, whole', () => {
  assert.deepEqual(parseFailure('Invocation was killed'), { code: 'internal', message: 'Invocation was killed' })
  assert.deepEqual(parseFailure(formatFailure('internal', 'a\nb')), { code: 'internal', message: 'a\nb' })
})

test('what fails a whole run ends the invocation and stops the client', () => {
  for (const code of RUN_FAILURES) {
    assert.ok(asTerminalError(new ServiceError(code, 'x')), `${code} would be tried for ever`)
    assert.ok(FATAL_CODES.has(code), code)
  }
})

test('what stops a run is what every later batch would meet', () => {
  assert.deepEqual(
    [...FATAL_CODES].filter((code) => !terminal.some(([known]) => known === code)),
    [],
  )
  assert.ok(!FATAL_CODES.has('input-invalid'))
})
