/** Tests of how commands name the model that answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeModel } from '../../../../src/cli/start/start.ts'
import { readConfig } from '../../../../src/config/config.ts'

const REAL = { offlineModelUrl: null }

test('a real endpoint is named by its model and host, without key and without the rest of its address', () => {
  const text = describeModel(
    REAL,
    readConfig({
      OPENAI_API_KEY: 'sk-secret',
      OPENAI_BASE_URL: 'https://llm.example:8443/secret-tenant/v1?key=abc',
      OPENAI_MODEL: 'big-1',
    }),
  )
  assert.equal(text, 'big-1 at llm.example:8443')
  const both = readConfig({ OPENAI_API_KEY: 'sk-secret', OPENAI_MODEL: 'small', OPENAI_ESCALATION_MODEL: 'large' })
  assert.equal(describeModel(REAL, both), 'small at api.openai.com, and large where the first answer is in doubt')
})

test('the offline model is named with what its answers are', () => {
  const offline = { offlineModelUrl: 'http://127.0.0.1:9/v1' }
  const text = describeModel(offline, readConfig({}))
  assert.match(
    text,
    /the rules' guesses, and fillers where a codebook has no rules, not those of a live language model/,
  )
  const gold = readConfig({ OFFLINE_MODEL_ANSWERS: 'gold:my.jsonl' })
  assert.match(describeModel(offline, gold), /its answers are labels of a gold file, not/)
})
