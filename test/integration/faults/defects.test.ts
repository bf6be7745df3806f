/** A defect in a handler ends its invocation after a few attempts; what passes by itself is tried on. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, test } from 'node:test'
import { pino } from 'pino'
import { z } from 'zod'
import type { QueueReport } from '../../../src/cli/queue/queue-report.ts'
import { readConfig } from '../../../src/config/config.ts'
import { ServiceError } from '../../../src/errors.ts'
import { createResources, openSchemes, type Resources } from '../../../src/resources.ts'
import type { BatchResponse, HealthResponse } from '../../../src/restate/contract.ts'
import { DEFECT_ATTEMPTS } from '../../../src/restate/hooks.ts'
import { createRestateHandler } from '../../../src/restate/services.ts'
import { runCli, startCli } from '../../helpers/cli/cli.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

let stack: TestStack
let resources: Resources
let replica: Http2Server
let directory: string
const HEALTHY: HealthResponse = { service: 'faulty', status: 'ok', uptime_s: 1, model: 'offline-rules' }

/** What the replica of this test meets in its plan step, in its chunk's step and between steps; each may throw. */
let faults: { readonly plan?: () => void; readonly ask?: () => void; readonly health?: () => void }
/** How often a replica has come to a place where it meets a fault. */
let calls = 0
/** A defect that is retried for ever must fail a test and not hang it. */
const PATIENCE = { timeout: 240_000 }

function meet(fault: (() => void) | undefined): void {
  if (fault === undefined) return
  calls += 1
  fault()
}

before(async () => {
  stack = await startTestStack({ RATE_RPM: '100000' })
  Object.assign(process.env, { DATABASE_URL: stack.databaseUrl, OPENAI_BASE_URL: stack.offlineModelUrl })
  const log = pino({ level: 'silent' })
  const config = readConfig()
  resources = createResources(config, 'faulty', log)
  await resources.leaseClient.start(30_000)
  const { store, model } = resources
  const handler = createRestateHandler({
    ...resources,
    schemes: await openSchemes(store),
    store: {
      ...store,
      findLatest: async (...given) => {
        meet(faults.plan)
        return await store.findLatest(...given)
      },
    },
    model: {
      ...model,
      ask: async (request) => {
        meet(faults.ask)
        return await model.ask(request)
      },
    },
    health: async () => {
      meet(faults.health)
      return HEALTHY
    },
    log,
    maxWaitMs: config.rate.maxWaitMs,
    modelTimeoutMs: config.openai.timeoutMs,
    flexTimeoutMs: 1_000,
    identityKeys: [],
  })
  replica = createServer(handler)
  await new Promise<void>((resolve) => replica.listen(0, '127.0.0.1', resolve))
  const { port } = replica.address() as AddressInfo
  // From now on new invocations go to the replica of this test.
  const registered = await fetch(`${stack.adminUrl}/deployments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
  })
  assert.ok(registered.ok, await registered.text())
  directory = await mkdtemp(join(tmpdir(), 'classify-defects-'))
})

after(async () => {
  replica?.close()
  await resources?.close()
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
})

beforeEach(() => {
  faults = {}
  calls = 0
})

/** Throws `error` on the first `times` calls. */
function failing(error: () => unknown, times = Number.POSITIVE_INFINITY): () => void {
  let left = times
  return () => {
    if (left <= 0) return
    left -= 1
    throw error()
  }
}

const classify = (options: object = { mode: 'rules' }) =>
  callIngress(stack, 'classify-api/batch', {
    indicators: [{ indicator_id: 'D.1', name: 'Zorbic attainment' }],
    force: true,
    options,
  })

const defects: readonly { readonly error: () => unknown; readonly message: RegExp }[] = [
  { error: () => new Error('no such thing'), message: /"internal: no such thing"/ },
  {
    error: () => new SyntaxError('Unexpected end\nof input'),
    message: /"internal: SyntaxError: Unexpected end of input"/,
  },
  { error: () => z.number().safeParse('x').error, message: /"internal: ZodError: .*expected number/ },
]

for (const { error, message } of defects) {
  const { name } = error() as Error
  test(
    `a step that throws ${name} ends its batch after ${DEFECT_ATTEMPTS} attempts, and says why in one line`,
    PATIENCE,
    async () => {
      faults = { plan: failing(error) }
      const answer = await classify()
      assert.equal(answer.status, 500, answer.text)
      assert.match(answer.text, message)
      assert.equal(calls, DEFECT_ATTEMPTS)
    },
  )
}

test('a defect between steps ends its invocation after as many attempts', PATIENCE, async () => {
  faults = { health: failing(() => new Error('not in a step')) }
  const answer = await callIngress(stack, 'classify-api/health', '')
  assert.equal(answer.status, 500, answer.text)
  assert.match(answer.text, /"internal: not in a step"/)
  assert.equal(calls, DEFECT_ATTEMPTS)
})

test('a defect in a chunk ends its batch with the same reason, and leaves no claim behind', PATIENCE, async () => {
  faults = { ask: failing(() => new Error('a defect of the chunk')) }
  const answer = await classify({ mode: 'model' })
  assert.equal(answer.status, 500, answer.text)
  assert.match(answer.text, /"internal: a defect of the chunk"/)
  assert.equal(calls, DEFECT_ATTEMPTS)
  faults = {}
  const next = await classify({ mode: 'model' })
  assert.equal(next.status, 200, next.text)
  assert.equal((next.json() as BatchResponse).summary.by_source.model, 1)
})

test('a defect that is gone on a later attempt fails nothing', PATIENCE, async () => {
  faults = { plan: failing(() => new Error('once'), DEFECT_ATTEMPTS - 1) }
  const answer = await classify()
  assert.equal(answer.status, 200, answer.text)
  assert.equal(calls, DEFECT_ATTEMPTS)
})

test('a database that is away is tried on, for more attempts than a defect gets', PATIENCE, async () => {
  faults = { plan: failing(() => new ServiceError('database-unavailable', 'away'), DEFECT_ATTEMPTS + 1) }
  const answer = await classify()
  assert.equal(answer.status, 200, answer.text)
  assert.equal(calls, DEFECT_ATTEMPTS + 2)
})

test('queue shows a defect with its reason while it is retried, and the run ends with it', PATIENCE, async () => {
  const file = join(directory, 'catalogue.jsonl')
  const lines = Array.from({ length: 2_000 }, (_, n) => JSON.stringify({ indicator_id: `R.${n}`, name: `Thing ${n}` }))
  await writeFile(file, lines.join('\n'))
  faults = { plan: failing(() => new SyntaxError('a defect of the plan')) }
  const cli = startCli(['classify', file, '--batch-size', '10', '--json'], { env: stack.env })
  await waitUntil('the queue shows the reason', async () => {
    const { code, stdout, stderr } = await runCli(['queue', '--json'], { env: stack.env })
    assert.equal(code, 0, stderr)
    const { failures } = JSON.parse(stdout) as QueueReport
    return failures.some(
      ({ status, reason }) => status !== 'failed' && /internal: SyntaxError: a defect of the plan/.test(reason),
    )
  })
  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 1, stderr)
  const report = JSON.parse(stdout) as { failures: { code: string; reason: string; indicator_ids: string[] }[] }
  const [met, left] = ['internal', 'not-submitted'].map((wanted) => report.failures.find((one) => one.code === wanted))
  assert.match(met?.reason ?? '', /SyntaxError: a defect of the plan/)
  assert.match(left?.reason ?? '', /every batch would fail the same way/)
  assert.ok((left?.indicator_ids.length ?? 0) > 0, 'the rest is not submitted')
})
