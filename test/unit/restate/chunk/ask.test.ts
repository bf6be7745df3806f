/** One attempt of a chunk against every outcome of the model: reserved tokens are returned or spent, and nothing stays in flight. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pino } from 'pino'
import { loadBuiltIns } from '../../../../src/catalogue/codebook-files.ts'
import { createSchemes } from '../../../../src/catalogue/schemes.ts'
import { promptItemOf, questionOf } from '../../../../src/classification/question.ts'
import { type ErrorCode, isServiceError, ServiceError } from '../../../../src/errors.ts'
import { PaidAnswerError, type PaidUsage, RateLimitedError } from '../../../../src/llm/errors.ts'
import { parseRateHeaders } from '../../../../src/llm/openai/headers.ts'
import type { ModelReply } from '../../../../src/llm/types.ts'
import { createMetrics } from '../../../../src/metrics.ts'
import { createRateLimiter } from '../../../../src/rate/limiter/limiter.ts'
import { createRateControl } from '../../../../src/rate/limiter/rate-control.ts'
import { prepare } from '../../../../src/restate/batch/prepare.ts'
import { askOnce } from '../../../../src/restate/chunk/ask.ts'
import { createPromptParts } from '../../../../src/restate/chunk/prompt-parts.ts'
import type { ChunkRequest } from '../../../../src/restate/chunk-contract.ts'
import { freeBooking } from '../../../helpers/store/ledger.ts'
import { UNAUDITED } from '../options.ts'

const schemes = createSchemes(await loadBuiltIns(), null)
const scheme = await schemes.find(undefined)
const batch = { indicators: [{ indicator_id: 'a', name: 'Zorbic attainment' }] }
const [known] = (await prepare(scheme, batch, 'small', UNAUDITED)).prepared
assert.ok(known)
const question = questionOf(scheme, known.indicator, known.reading, { mode: 'hybrid' })
assert.ok(question)
const item = promptItemOf('k1', question, 'hybrid')
const request: ChunkRequest = { run_id: 'r', tier: 'primary', codebook_hash: scheme.hash, items: [item] }

const NO_RATE = parseRateHeaders(new Headers())
const paidCodes = ['model-cut-off', 'model-refused', 'model-bad-answer'] as const
const plainCodes = [
  'model-auth',
  'model-not-found',
  'model-quota',
  'model-bad-request',
  'model-unavailable',
  'model-timeout',
  'config-invalid',
  'interrupted',
  'database-failed',
] as const satisfies ErrorCode[]

type Outcome =
  | { readonly kind: 'answered' | 'paid'; readonly input: number; readonly odd: number }
  | { readonly kind: 'refused'; readonly retryAfterMs: number }
  | { readonly kind: 'failed'; readonly code: ErrorCode }
  | { readonly kind: 'defect' }

const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({
    kind: fc.constantFrom('answered' as const, 'paid' as const),
    input: fc.oneof(fc.constant(0), fc.nat(1e6)),
    odd: fc.nat(2),
  }),
  fc.record({ kind: fc.constant('refused' as const), retryAfterMs: fc.nat(80) }),
  fc.record({ kind: fc.constant('failed' as const), code: fc.constantFrom(...plainCodes) }),
  fc.constant({ kind: 'defect' as const }),
)

function replyOf(one: Extract<Outcome, { kind: 'answered' | 'paid' }>): ModelReply & PaidUsage {
  const usage = { input: one.input, cachedInput: 0, cacheWriteInput: 0, output: 7 }
  const answers = [{}, { answers: [{ key: 'unknown' }] }, null]
  return {
    answer: answers[one.odd],
    usage,
    costUsd: 0,
    model: 'small',
    latencyMs: 1,
    isEstimated: false,
    rate: NO_RATE,
  }
}

async function answerWith(one: Outcome): Promise<ModelReply> {
  await new Promise((resolve) => setImmediate(resolve))
  if (one.kind === 'answered') return replyOf(one)
  if (one.kind === 'paid') throw new PaidAnswerError(paidCodes[one.odd] ?? 'model-refused', 'x', replyOf(one))
  if (one.kind === 'refused') throw new RateLimitedError('x', { retryAfterMs: one.retryAfterMs }, NO_RATE)
  if (one.kind === 'failed') throw new ServiceError(one.code, 'x')
  throw new TypeError('a defect')
}

test('tokens that were reserved are returned or spent, whatever becomes of the requests', async () => {
  const run = async (outcomes: readonly Outcome[], abortedThird: number, isImpatient: boolean) => {
    const limiter = createRateLimiter({ requestsPerMinute: 600_000, tokensPerMinute: 1e12 })
    const cluster = { pauseCluster: () => undefined, reportAccountLimits: () => undefined }
    const reserved: number[] = []
    const watched = {
      ...limiter,
      expect: () => () => undefined,
      acquire: async (...given: Parameters<typeof limiter.acquire>) => {
        const permit = await limiter.acquire(...given)
        if (permit.granted) reserved.push(given[0])
        return permit
      },
    }
    const rate = createRateControl({ limiter: watched, cluster, log: pino({ level: 'silent' }) })
    const left = [...outcomes]
    const model = {
      models: { primary: 'small', escalation: null },
      answerBound: (_tier: string, tokens: number) => tokens,
      ask: () => answerWith(left.shift() ?? { kind: 'defect' }),
    }
    const partsOf = createPromptParts()
    const deps = {
      ...freeBooking(),
      model,
      schemes,
      partsOf,
      rate,
      metrics: createMetrics(),
      clock: Date,
      maxWaitMs: isImpatient ? 0 : 60_000,
    }
    const attempts = outcomes.map((_, index) => {
      const attempt = new AbortController()
      const asked = askOnce(deps, request, `x-${index}`, attempt.signal)
      if (index % 3 === abortedThird) attempt.abort()
      return asked
    })
    const ends = await Promise.allSettled(attempts)
    for (const end of ends) {
      if (end.status === 'fulfilled') continue
      const isDefect = end.reason instanceof TypeError
      const code = isServiceError(end.reason) ? end.reason.code : 'none'
      assert.ok(isDefect || code === 'interrupted' || code === 'database-failed', String(end.reason))
    }
    const stats = limiter.stats()
    assert.deepEqual([stats.waiting, stats.inFlight, stats.reservedTokens], [0, 0, 0])
    assert.equal(
      stats.reservedTokensTotal,
      reserved.reduce((sum, tokens) => sum + tokens, 0),
    )
    const asked = outcomes.slice(0, outcomes.length - left.length)
    assert.equal(reserved.length, asked.length, 'each permit was used')
    const billed = asked.reduce((sum, one) => sum + ('input' in one ? one.input : 0), 0)
    // A request without a known usage counts with its reservation, so that more may be spent than is billed.
    assert.ok(stats.spentTokensTotal >= billed)
    assert.ok(asked.length === 0 || stats.spentTokensTotal > 0)
    await limiter.close()
  }
  await fc.assert(
    fc.asyncProperty(
      fc.array(outcome, { minLength: 1, maxLength: 12 }),
      fc.integer({ min: -1, max: 2 }),
      fc.boolean(),
      run,
    ),
    { seed: 5, numRuns: 60 },
  )
})

test('a limiter that closes spends no tokens of the requests that wait', async () => {
  const limiter = createRateLimiter({ requestsPerMinute: 1, tokensPerMinute: 1e6 })
  const first = await limiter.acquire(100, 1_000)
  assert.ok(first.granted)
  const waiting = [1, 2, 3].map(() => limiter.acquire(100, 1e9))
  const ends = Promise.allSettled(waiting)
  await limiter.close()
  assert.deepEqual(
    (await ends).map(({ status }) => status),
    ['rejected', 'rejected', 'rejected'],
  )
  first.done(40)
  const { reservedTokens, reservedTokensTotal, spentTokensTotal } = limiter.stats()
  assert.deepEqual([reservedTokens, reservedTokensTotal, spentTokensTotal], [0, 100, 40])
})
