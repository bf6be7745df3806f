/** The health and liveness routes, with a database and a pressure that the test decides. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import Fastify, { type FastifyInstance } from 'fastify'
import { createHealth } from '../../../src/http/health.ts'
import { healthRoutes } from '../../../src/http/health-routes.ts'

const HEALTH = ['/classify-api/health', '/health']
const LIVE = ['/classify-api/live', '/live']

interface State {
  pressure?: string
  ping: () => Promise<void>
  refusal?: string
  skewMs?: number
  nodeSkewMs?: number
}

async function startApp(t: TestContext, state: State): Promise<FastifyInstance> {
  const app = Fastify()
  t.after(() => app.close())
  const service = 'classify-service-3'
  const health = createHealth({
    service,
    model: 'small',
    pingDatabase: () => state.ping(),
    writeRefusal: () => state.refusal,
    clock: { now: () => 0, skewMs: () => state.skewMs },
    nodeClocks: { skewMs: () => state.nodeSkewMs },
    pressure: () => state.pressure,
  })
  await app.register(healthRoutes, { health, service })
  return app
}

test('health answers 200 with the name of the replica, and 503 with the check that fails', async (t) => {
  const state: State = { ping: async () => undefined }
  const app = await startApp(t, state)
  for (const url of HEALTH) {
    const { statusCode, headers, json } = await app.inject(url)
    assert.deepEqual([statusCode, headers['cache-control']], [200, 'no-store'])
    const { service, status } = json()
    assert.deepEqual([service, status], ['classify-service-3', 'ok'])
  }
  state.ping = () => Promise.reject(new Error('the database is away'))
  for (const url of HEALTH) {
    const { statusCode, headers, json } = await app.inject(url)
    assert.deepEqual([statusCode, headers['retry-after']], [503, '5'])
    assert.deepEqual([json().failing, json().message], ['database', 'the database is away'])
  }
  state.pressure = 'event loop delay 1200 ms'
  assert.equal((await app.inject('/health')).json().failing, 'pressure')
})

test('health answers 503 while the database refuses writes, with what it said', async (t) => {
  const app = await startApp(t, {
    ping: async () => undefined,
    refusal: 'The database …: SQLSTATE 53100, its disk is full',
  })
  const { statusCode, json } = await app.inject('/classify-api/health')
  assert.deepEqual([statusCode, json().failing], [503, 'database'])
  assert.match(json().message, /SQLSTATE 53100/)
})

test('health warns of a clock that is over 5 s off, and answers 200 all the same', async (t) => {
  const state: State = { ping: async () => undefined, skewMs: 4_900 }
  const app = await startApp(t, state)
  const near = (await app.inject('/health')).json()
  assert.deepEqual([near.clock_skew_s, near.warnings, near.database_time], [4.9, undefined, '1970-01-01T00:00:00.000Z'])
  state.skewMs = -5_100
  const far = await app.inject('/health')
  assert.equal(far.statusCode, 200)
  assert.deepEqual([far.json().warnings.length, far.json().warnings[0].code], [1, 'clock-skew'])
  assert.match(far.json().warnings[0].message, /^the clock of this machine is 5 s behind the database's/)
  state.nodeSkewMs = 90_000
  const both = (await app.inject('/health')).json().warnings
  assert.equal(both.length, 2)
  assert.match(both[1].message, /^the clock of a Restate node is 90 s ahead of the database's/)
})

test('liveness answers 200 without the database and under pressure, and asks for neither', async (t) => {
  let pings = 0
  const app = await startApp(t, {
    pressure: 'event loop delay 1200 ms',
    ping: () => {
      pings += 1
      return new Promise(() => undefined)
    },
  })
  for (const url of LIVE) {
    const { statusCode, headers, json } = await app.inject(url)
    assert.deepEqual([statusCode, headers['cache-control']], [200, 'no-store'])
    const { service, status, uptime_s: uptime } = json()
    assert.deepEqual([service, status, Number.isInteger(uptime)], ['classify-service-3', 'alive', true])
  }
  assert.equal(pings, 0)
})
