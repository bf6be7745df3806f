/** The bound on attempts that end in a defect, without a server: which errors count, and for which invocation. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CancelledError,
  type HooksProvider,
  RestateError,
  RetryableError,
  TerminalError,
} from '@restatedev/restate-sdk'
import { pino } from 'pino'
import { type ErrorCode, FAILURES, ServiceError } from '../../../src/errors.ts'
import { createDefectBound, DEFECT_ATTEMPTS } from '../../../src/restate/hooks.ts'

type HookContext = Parameters<HooksProvider>[0]

/** Lets an attempt of `invocation` end with `error` and gives the error that Restate sees. */
async function endAttempt(
  bound: HooksProvider,
  invocation: string,
  error: unknown,
  { place = 'run', signal = new AbortController().signal }: { place?: 'run' | 'handler'; signal?: AbortSignal } = {},
): Promise<unknown> {
  const { interceptor } = bound({ request: { id: invocation, attemptCompletedSignal: signal } } as HookContext)
  const next = () => Promise.reject(error)
  const ended = place === 'run' ? interceptor?.run?.('a step', next) : interceptor?.handler?.(next)
  return await ended?.then(
    () => undefined,
    (seen: unknown) => seen,
  )
}

const createBound = () => createDefectBound(pino({ level: 'silent' }))

test('a defect is retryable until its last attempt, counted over steps and handler, for each invocation alone', async () => {
  const bound = createBound()
  for (let attempt = 1; attempt < DEFECT_ATTEMPTS; attempt += 1) {
    const seen = await endAttempt(bound, 'a', new Error('odd'), { place: attempt % 2 === 0 ? 'run' : 'handler' })
    assert.ok(seen instanceof RetryableError, String(seen))
  }
  assert.ok((await endAttempt(bound, 'b', new Error('odd'))) instanceof RetryableError)
  const last = await endAttempt(bound, 'a', new Error('odd'), { place: 'handler' })
  assert.ok(last instanceof TerminalError)
  assert.deepEqual([last.message, last.code], ['internal: odd', 500])
})

test('what passes by itself is never counted: failures with a code, those of the SDK, and an aborted attempt', async () => {
  const bound = createBound()
  const retryable = (Object.keys(FAILURES) as ErrorCode[]).filter((code) => FAILURES[code].retry === 'retryable')
  const passing = [
    ...retryable.map((code) => new ServiceError(code, 'x')),
    new CancelledError(),
    new RestateError('suspended', { errorCode: 599 }),
  ]
  for (let round = 0; round <= DEFECT_ATTEMPTS; round += 1) {
    for (const error of passing) assert.equal(await endAttempt(bound, 'a', error), error)
    const cutOff = new Error('socket hang up')
    assert.equal(await endAttempt(bound, 'a', cutOff, { signal: AbortSignal.abort() }), cutOff)
  }
  assert.ok((await endAttempt(bound, 'a', new Error('odd'))) instanceof RetryableError)
})
