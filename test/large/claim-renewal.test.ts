/** The claims of a batch that waits long for its chunks are renewed, also after the death of its replica. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { BatchResponse } from '../../src/restate/contract.ts'
import { type ScriptedModel, startScriptedModel } from '../helpers/servers/model.ts'
import { callIngress, startTestStack, type TestStack } from '../helpers/stack/stack.ts'
import { waitUntil } from '../helpers/wait.ts'

const { promise: answersHeld, resolve: releaseAnswers } = Promise.withResolvers<void>()
let model: ScriptedModel
let stack: TestStack
let client: pg.Client

before(async () => {
  model = await startScriptedModel(() => ({ after: answersHeld }))
  stack = await startTestStack({
    OPENAI_BASE_URL: model.url,
    OPENAI_MODEL: 'small',
    OPENAI_TIMEOUT_MS: '300000',
    RATE_RPM: '100000',
  })
  client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
})

after(async () => {
  await client?.end()
  await stack?.stop()
  await model?.close()
})

async function classify(batch: string): Promise<BatchResponse> {
  const indicators = [1, 2, 3].map((n) => ({ indicator_id: `${batch}.${n}`, name: `Zorbic attainment, kind ${n}` }))
  const body = { indicators, run_id: batch, options: { audit: 'none' } }
  const answer = await callIngress(stack, 'classify-api/batch', body)
  assert.equal(answer.status, 200, answer.text)
  return answer.json() as BatchResponse
}

async function claimExpiries(): Promise<readonly string[]> {
  const { rows } = await client.query('select owner, expires_at::text as at from claims order by shape_hash')
  return rows.map(({ owner, at }) => `${owner} ${at}`)
}

test('claims are renewed while the model is slow, and a batch that waits does not ask the same question', async () => {
  const owner = classify('owner')
  await waitUntil('the model is asked', () => model.asked.length > 0)
  const first = await claimExpiries()
  assert.equal(first.length, 3)
  const other = classify('other')
  const isRenewed = async (before: readonly string[]) => {
    const now = await claimExpiries()
    return now.length === 3 && now.every((end, index) => end > (before[index] ?? ''))
  }
  await waitUntil('the claims are renewed', () => isRenewed(first))
  process.kill(stack.pids().replica ?? 0, 'SIGKILL')
  await waitUntil('the chunk is asked again', () => model.asked.length > 1)
  releaseAnswers()
  const responses = await Promise.all([owner, other])
  assert.deepEqual(
    responses.map(({ summary }) => [summary.by_source.model, summary.by_source.reuse]),
    [
      [3, 0],
      [0, 3],
    ],
  )
  assert.equal(model.asked.length, 2, 'one request, and one more because the replica was killed')
})
