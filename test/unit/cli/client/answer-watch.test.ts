/** What a client knows of the answers in open batches: never more than is true, whatever the service counts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AnswerWatch, watchAnswers } from '../../../../src/cli/client/answer-watch.ts'
import { failedInvocation, type Reply, startScriptedIngress } from '../../../helpers/servers/ingress.ts'
import { waitUntil } from '../../../helpers/wait.ts'

/** A watch on a service that answers with `reply`; `work` may wait until it has answered so many times more. */
async function watching(
  reply: () => Reply,
  work: (watch: AnswerWatch, untilAsked: (more: number) => Promise<void>) => Promise<void>,
  isResumed = false,
): Promise<void> {
  const ingress = await startScriptedIngress((path, body) => {
    assert.equal(path, '/classify-api/status')
    assert.deepEqual(body, { run_id: 'run-1' })
    return reply()
  })
  let changes = 0
  const watch = watchAnswers({
    urls: [ingress.url],
    runId: 'run-1',
    isResumed,
    onChange: () => {
      changes += 1
    },
    everyMs: 10,
  })
  try {
    await work(watch, async (more) => {
      const before = changes
      await waitUntil('the service has answered', () => changes >= before + more)
    })
  } finally {
    watch.stop()
    await ingress.close()
  }
}

test('answers of open batches are counted, and those of ended batches are not counted twice', async () => {
  let answered = 0
  await watching(
    () => ({ body: { run_id: 'run-1', answered } }),
    async (watch, untilAsked) => {
      assert.equal(watch.openAnswers(100), 0)
      answered = 40
      await untilAsked(2)
      assert.equal(watch.openAnswers(228), 40)
      watch.batchEnded(30)
      assert.equal(watch.openAnswers(128), 10)
      // The count of the service lags behind the end of a batch.
      watch.batchEnded(100)
      assert.equal(watch.openAnswers(28), 0)
    },
  )
})

test('no more is counted than there is in open batches, such as after work that ran twice', async () => {
  await watching(
    () => ({ body: { answered: 5_000 } }),
    async (watch, untilAsked) => {
      await untilAsked(1)
      assert.equal(watch.openAnswers(12), 12)
      assert.equal(watch.openAnswers(0), 0)
    },
  )
})

test('what an earlier process of the run had answered does not count as progress of this one', async () => {
  let answered = 700
  await watching(
    () => ({ body: { answered } }),
    async (watch, untilAsked) => {
      assert.equal(watch.openAnswers(100), 0)
      await untilAsked(1)
      assert.equal(watch.openAnswers(100), 0)
      answered = 720
      await untilAsked(2)
      assert.equal(watch.openAnswers(100), 20)
    },
    true,
  )
})

test('a service that does not know the run yet, or counts nothing, leaves the progress as it is', async () => {
  const replies = [failedInvocation(404, 'input-not-found: run "run-1" is not known'), { body: { run_id: 'run-1' } }]
  let asked = 0
  await watching(
    () => {
      asked += 1
      return replies[asked - 1] ?? { body: { answered: 3 } }
    },
    async (watch, untilAsked) => {
      await untilAsked(1)
      assert.ok(asked >= 3)
      assert.equal(watch.openAnswers(100), 3)
    },
  )
})
