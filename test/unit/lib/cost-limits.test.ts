/** Where a run stands against the limit of its cost, and which limits are too low for it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { costStopOf, describeCostStop, keptAnswers, whyLimitTooLow } from '../../../src/lib/cost-limits.ts'

const stopped = { spentUsd: 0.002125, maxCostUsd: 0.003, refusal: { maxUsd: 0.003, mostUsd: 0.000982 } }

test('a run that its limit stopped says what is spent, what the next request may cost, and the least limit that helps', () => {
  const stop = costStopOf(stopped)
  assert.deepEqual(stop, { spentUsd: 0.002125, maxUsd: 0.003, nextUsd: 0.000982, neededUsd: 0.003107 })
  assert.equal(
    stop === null ? '' : describeCostStop(stop),
    'Stopped at its cost limit: USD 0.002125 of 0.003 is spent, the next request may cost up to 0.000982; raise it to at least 0.003107',
  )
})

test('a run is not stopped by a limit that nothing met, that was raised since, or under which its next request fits', () => {
  assert.equal(costStopOf({ ...stopped, refusal: null }), null)
  assert.equal(costStopOf({ ...stopped, maxCostUsd: null }), null)
  assert.equal(costStopOf({ ...stopped, maxCostUsd: 0.006 }), null)
  // What was in flight at the refusal cost less than it could have.
  assert.equal(costStopOf({ ...stopped, spentUsd: 0.002 }), null)
})

test('a limit that is not above what is spent, or too small for the next request, is refused with the figure', () => {
  for (const low of [0, 0.001, 0.003, 0.003106]) {
    assert.match(
      whyLimitTooLow(low, stopped) ?? '',
      /0\.002125 is spent, .* up to 0\.000982; raise it to at least 0\.003107$/,
    )
  }
  assert.equal(whyLimitTooLow(0.003107, stopped), undefined)
  const going = { spentUsd: 0.5, maxCostUsd: 1, refusal: null }
  assert.match(whyLimitTooLow(0.5, going) ?? '', /USD 0\.5 is not above what the run has spent by now, USD 0\.5;/)
  assert.equal(whyLimitTooLow(0.6, going), undefined)
  const tiny = { spentUsd: 0, maxCostUsd: 0.0001, refusal: { maxUsd: 0.0001, mostUsd: 0.001 } }
  assert.match(whyLimitTooLow(0.0005, tiny) ?? '', /USD 0 is spent, .* raise it to at least 0\.001$/)
  assert.equal(whyLimitTooLow(0, { spentUsd: 0, maxCostUsd: null, refusal: null }), undefined)
})

test('answers without a result are counted, and never more of them than records are left', () => {
  assert.equal(keptAnswers({ answered: 14, fromModels: 0, done: 0, size: 60 }), 14)
  assert.equal(keptAnswers({ answered: 55, fromModels: 50, done: 58, size: 60 }), 2)
  assert.equal(keptAnswers({ answered: 5, fromModels: 9, done: 9, size: 60 }), 0)
  assert.equal(keptAnswers({ answered: 14, fromModels: 4, done: 4, size: null }), 10)
})
