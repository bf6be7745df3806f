/** What a log shows of an error: never a sentence that may quote a record, an answer or an endpoint. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TerminalError } from '@restatedev/restate-sdk'
import { ServiceError } from '../../../src/errors.ts'
import { describeForLog } from '../../../src/lib/error-log.ts'

const WORD = 'grimblewick'

/** Errors whose sentences may hold words of others, with the code that stays in the log. */
const quoting: readonly [error: Error, code: string | undefined][] = [
  [new ServiceError('model-bad-answer', `it said ${WORD}`), 'model-bad-answer'],
  [new ServiceError('input-invalid', `name is "${WORD}"`), 'input-invalid'],
  [new TerminalError(`model-unusable: it said ${WORD}`), 'model-unusable'],
  [new TerminalError(`units: expected a text, got ${WORD}`), undefined],
  [new TerminalError(`internal: SyntaxError: ${WORD}`), 'internal'],
  [new SyntaxError(`Unexpected token in "${WORD}"`), undefined],
  [Object.assign(new TypeError(`Received '${WORD}'`), { code: 'ERR_INVALID_ARG_VALUE' }), 'ERR_INVALID_ARG_VALUE'],
  [new Error(WORD, { cause: new Error(WORD) }), undefined],
]

test('a sentence that may quote is left out, also where the stack repeats it over several lines', () => {
  for (const [error, code] of quoting) {
    error.stack = `${error.name}: ${error.message}\n${WORD}\n${error.stack}`
    const logged = describeForLog(error)
    assert.ok(!JSON.stringify(logged).includes(WORD), JSON.stringify(logged))
    assert.equal(logged.code, code)
    assert.match(logged.stack ?? '', /error-log\.test\.ts/)
  }
})

test('sentences of the program, of the network and of the database stay, with their causes', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' })
  const away = new ServiceError('database-unavailable', 'The database is not available', { cause: refused })
  const logged = describeForLog(away)
  assert.deepEqual([logged.code, logged.message], ['database-unavailable', 'The database is not available'])
  assert.deepEqual([logged.cause?.code, logged.cause?.message], ['ECONNREFUSED', refused.message])
  assert.equal(describeForLog(new TypeError('x is not a function')).message, 'x is not a function')
  assert.deepEqual(describeForLog('text'), { type: 'string' })
})

test('a circle of causes ends', () => {
  const error = new Error('round')
  error.cause = error
  assert.ok(JSON.stringify(describeForLog(error)).length < 20_000)
})
