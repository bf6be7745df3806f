/** Short questions to the service: the budget that the command line sets, and services that cannot answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBudget, readBudget, setBudget } from '../../../../src/cli/classify/rate-budget.ts'
import { createServiceClient, readStatus } from '../../../../src/cli/client/service.ts'
import { freePort } from '../../../../src/embedded/ports.ts'
import {
  failedInvocation,
  type Reply,
  startScriptedIngress,
  UNKNOWN_SERVICE,
} from '../../../helpers/servers/ingress.ts'

const never = new AbortController().signal
const budget = { rpm: 500, tpm: null, safety: 0.99, paused_ms: 0, account: { rpm: 400, tpm: null }, replicas: [] }
const UNKNOWN_HANDLER = { status: 404, body: { message: "handler 'classify-api/budget' not found" } }

async function withIngress<T>(
  script: (path: string, body: unknown, index: number) => Reply,
  use: (service: ReturnType<typeof createServiceClient>) => Promise<T>,
  patienceMs = 5_000,
): Promise<T> {
  const ingress = await startScriptedIngress(script)
  try {
    return await use(createServiceClient({ urls: ['http://127.0.0.1:9', ingress.url], patienceMs }))
  } finally {
    await ingress.close()
  }
}

test('only the given limits are set, and the answer holds the budget as it is now', async () => {
  const bodies: unknown[] = []
  const script = (path: string, body: unknown) => {
    assert.equal(path, '/classify-api/budget')
    bodies.push(body)
    return { body: budget }
  }
  await withIngress(script, async (service) => {
    const now = await setBudget(service, { rpm: 500 }, 'ann', never)
    assert.equal(formatBudget(now), '500 requests a minute, no limit on tokens (paced at 0.99 of it)')
    await setBudget(service, { rpm: 500, tpm: 2_000 }, undefined, never)
    assert.equal((await readBudget(service, never))?.account?.rpm, 400)
  })
  assert.deepEqual(bodies, [{ rpm: 500, by: 'ann' }, { rpm: 500, tpm: 2_000 }, {}])
})

test('a service of an older release differs from one that is away', async () => {
  await withIngress(
    () => UNKNOWN_HANDLER,
    async (service) => {
      assert.equal(await readBudget(service, never), undefined)
      await assert.rejects(setBudget(service, { rpm: 5 }, undefined, never), {
        code: 'input-invalid',
        message: /RATE_RPM/,
      })
    },
  )
})

test('a service that is still coming up is waited for, and one that stays away is not for ever', async () => {
  const late = (_path: string, _body: unknown, index: number) => (index < 2 ? UNKNOWN_SERVICE : { body: budget })
  await withIngress(late, async (service) => assert.equal((await readBudget(service, never))?.rpm, 500))
  await withIngress(
    () => UNKNOWN_SERVICE,
    (service) => assert.rejects(readBudget(service, never), { code: 'ingress-unavailable', message: /registered/ }),
    600,
  )
})

test('a failure of the service is passed on at once, and an answer of another form is refused', async () => {
  await withIngress(
    () => failedInvocation(500, 'database-failed: no such table'),
    (service) => assert.rejects(readBudget(service, never), { code: 'database-failed', message: /no such table/ }),
  )
  await withIngress(
    () => ({ status: 400, body: { message: 'rpm must be at least 1' } }),
    (service) =>
      assert.rejects(setBudget(service, { rpm: 1 }, undefined, never), {
        code: 'input-invalid',
        message: /at least 1/,
      }),
  )
  await withIngress(
    () => ({ body: { rpm: 'many' } }),
    (service) => assert.rejects(readBudget(service, never), { message: /another form \(at "rpm"\)/ }),
  )
})

test('an interrupt ends the question', async () => {
  const controller = new AbortController()
  const interrupted = new Error('interrupted')
  await withIngress(
    () => {
      controller.abort(interrupted)
      return UNKNOWN_SERVICE
    },
    (service) => assert.rejects(readBudget(service, controller.signal), interrupted),
  )
})

test('status: only an id that the service does not know is unknown, and any other failure names its reason', async () => {
  const ask = async (reply: Reply) => {
    let result: unknown
    const ingress = await startScriptedIngress(() => reply)
    try {
      result = await readStatus([ingress.url], { run_id: 'r' }, never)
    } finally {
      await ingress.close()
    }
    return result
  }
  assert.equal(await ask(failedInvocation(404, 'input-not-found: run "r" is not known')), undefined)
  assert.deepEqual(await ask({ body: { run_id: 'r' } }), { run_id: 'r' })
  await assert.rejects(ask(UNKNOWN_SERVICE), { code: 'ingress-unavailable', message: /not found.*registered/ })
  await assert.rejects(ask(failedInvocation(400, 'input-invalid: run_id: must be at most 256 characters')), {
    code: 'input-invalid',
    message: /failed \(400\): run_id: must be at most/,
  })
  await assert.rejects(ask(failedInvocation(500, 'database-failed: no such table')), { code: 'database-failed' })
  await assert.rejects(readStatus([`http://127.0.0.1:${await freePort()}`], { run_id: 'r' }, never), {
    message: /No Restate ingress answers/,
  })
})

test('status of a service that is silent ends with the bound', async () => {
  const ingress = await startScriptedIngress(() => new Promise<Reply>(() => undefined))
  try {
    await assert.rejects(readStatus([ingress.url], { run_id: 'r' }, AbortSignal.timeout(100)), {
      code: 'ingress-unavailable',
      message: /was not answered in time/,
    })
  } finally {
    await ingress.close()
  }
})

test('a busy ingress is asked again after the wait that it names, and is called busy where the time runs out', async () => {
  const busy = { status: 429, headers: { 'retry-after': '1' }, body: { message: 'slow down' } }
  let refusedAt = 0
  const script = (_path: string, _body: unknown, index: number) => {
    if (index > 0) return { body: { ...budget, rpm: performance.now() - refusedAt } }
    refusedAt = performance.now()
    return busy
  }
  const ingress = await startScriptedIngress(script)
  try {
    const service = createServiceClient({ urls: [ingress.url], patienceMs: 60_000 })
    assert.ok(((await readBudget(service, never))?.rpm ?? 0) >= 990)
  } finally {
    await ingress.close()
  }
  await withIngress(
    () => busy,
    (service) =>
      assert.rejects(readBudget(service, never), { code: 'ingress-unavailable', message: /is busy \(HTTP 429: slow/ }),
    900,
  )
})
