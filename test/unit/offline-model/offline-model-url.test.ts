/** Tests of when the service asks the offline model instead of a real one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pino } from 'pino'
import { readConfig } from '../../../src/config/config.ts'
import { createResources } from '../../../src/resources.ts'

const DATABASE = { DATABASE_URL: 'postgres://u:p@127.0.0.1:1/x' }
const OFFLINE = { OFFLINE_MODEL_URL: 'http://offline-model:9085/v1' }

async function modelsOf(env: Readonly<Record<string, string>>) {
  const lines: string[] = []
  const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) })
  const resources = createResources(readConfig({ ...DATABASE, ...env }), 'test', log)
  await resources.close()
  return { ...resources.model.models, log: lines.join('') }
}

test('the offline model is asked where nothing else is set, by its own name, and the log says so', async () => {
  const offline = await modelsOf({ ...OFFLINE, OPENAI_MODEL: 'gpt-6-luna', OPENAI_ESCALATION_MODEL: 'gpt-6-sol' })
  assert.equal(offline.primary, 'offline-rules')
  assert.equal(offline.escalation ?? null, null)
  assert.match(offline.log, /offline model answers/)
})

test('a key or a URL takes precedence over the offline model', async () => {
  for (const env of [{ OPENAI_API_KEY: 'sk-x' }, { OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }]) {
    const real = await modelsOf({ ...OFFLINE, ...env })
    assert.equal(real.primary, 'gpt-6-luna')
    assert.doesNotMatch(real.log, /offline/)
  }
  assert.throws(() => createResources(readConfig(DATABASE), 'test', pino({ level: 'silent' })), /No model is set/)
})
