/** Which errors end an invocation, with which status and text, and which of them end a whole run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ErrorCode, FAILURES, ServiceError } from '../../../src/errors.ts'
import { formatFailure, parseFailure, stopsTheRun } from '../../../src/restate/contract.ts'
import { asTerminalError, describeDefect, isDefect } from '../../../src/restate/terminal-errors.ts'

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

test('a programming error ends the invocation on its first attempt: the same input would meet it again', () => {
  const error = asTerminalError(new TypeError('x is not a function'))
  assert.equal(error?.code, 500)
  assert.equal(parseFailure(error?.message ?? '').code, 'internal')
})

test('a defect without a code is retried at first, and described in one short line', () => {
  for (const error of [new Error('socket hang up'), new SyntaxError('x'), 'text']) {
    assert.equal(asTerminalError(error), undefined)
    assert.ok(isDefect(error))
  }
  assert.equal(
    describeDefect(new SyntaxError('Unexpected end\n  of input')),
    'internal: SyntaxError: Unexpected end of input',
  )
  assert.ok(describeDefect(new Error('x'.repeat(100_000))).length < 1_000)
})

test('a message without a code of the service has none and is whole, so that no operator stops a run by it', () => {
  assert.deepEqual(parseFailure('Invocation was killed'), { code: null, message: 'Invocation was killed' })
  assert.equal(stopsTheRun(parseFailure('Invocation was killed').code), false)
  assert.deepEqual(parseFailure(formatFailure('internal', 'a\nb')), { code: 'internal', message: 'a\nb' })
})

test('every code that may end an invocation is read back from its message, and no other is retried for ever', () => {
  for (const code of Object.keys(FAILURES) as ErrorCode[]) {
    const error = asTerminalError(new ServiceError(code, 'x'))
    assert.equal(error === undefined, FAILURES[code].retry === 'retryable', code)
    assert.deepEqual(parseFailure(formatFailure(code, 'x')), { code, message: 'x' })
  }
})

test('what stops a run is what every later batch would meet', () => {
  const stopping = (Object.keys(FAILURES) as ErrorCode[]).filter(stopsTheRun)
  for (const code of [
    'model-auth',
    'model-not-found',
    'model-quota',
    'model-unavailable',
    'database-failed',
    'internal',
  ] as const) {
    assert.ok(stopping.includes(code), code)
  }
  for (const code of ['input-invalid', 'model-refused', 'database-unavailable', 'interrupted'] as const) {
    assert.ok(!stopping.includes(code), code)
  }
})
