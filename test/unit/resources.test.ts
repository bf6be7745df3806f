/** What a replica's resources leave open when they are closed; nothing here connects to a database or a model. */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import Pool from 'pg-pool'
import { pino } from 'pino'
import { readConfig } from '../../src/config/config.ts'
import { createResources } from '../../src/resources.ts'

test('closing the resources closes every pool when the first one fails to close, and rejects with that failure', async () => {
  const config = readConfig({
    DATABASE_URL: 'postgres://user:password@127.0.0.1:1/none',
    OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
  })
  const resources = createResources(config, 'test', pino({ level: 'silent' }))
  const failure = new Error('the first pool does not close')
  const end = mock.method(Pool.prototype, 'end', async () => undefined)
  end.mock.mockImplementationOnce(() => Promise.reject(failure))
  try {
    await assert.rejects(resources.close(), failure)
    assert.equal(end.mock.callCount(), 3, 'the pools of the leases, of the ping and of the store')
    assert.equal(new Set(end.mock.calls.map((call) => call.this)).size, 3)
  } finally {
    end.mock.restore()
  }
})
