import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createIngressClient, findIngress, type IngressOptions, readStatus } from '../../../src/cli/client/batches.ts'
import { freePort } from '../../../src/embedded/ports.ts'
import {
  batchDone,
  failedInvocation,
  type Reply,
  type ScriptedIngress,
  startScriptedIngress,
  UNKNOWN_SERVICE,
} from '../../helpers/ingress.ts'

const never = new AbortController().signal

async function deadUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

async function withIngress(
  script: (path: string, body: unknown, index: number) => Reply | Promise<Reply>,
  work: (ingress: ScriptedIngress) => Promise<void>,
): Promise<void> {
  const ingress = await startScriptedIngress(script)
  try {
    await work(ingress)
  } finally {
    await ingress.close()
  }
}

function clientFor(urls: readonly string[], options: Partial<IngressOptions> = {}) {
  const said: string[] = []
  const client = createIngressClient({ urls, patienceMs: 1_000, say: (line) => said.push(line), ...options })
  let next = 0
  const submit = () => {
    next += 1
    const body = { run_id: 'run', indicators: [{ indicator_id: `i.${next}`, name: 'x', sample_values: [] }] }
    return client.submit({ idempotencyKey: `run-${next}`, body }, never)
  }
  return { client, said, submit }
}

test('an ingress that does not answer is told at once, with its address and the way out', async () => {
  const urls = [await deadUrl(), await deadUrl()]
  await assert.rejects(findIngress(urls, never, 300), {
    code: 'ingress-unavailable',
    message: `No Restate ingress answers at ${urls.join(', ')}: is the service running? Start it with npm start, or give --ingress`,
  })
})

test('one node that answers is enough, also when it comes a little later', async () => {
  const port = await freePort()
  const late = findIngress([`http://127.0.0.1:${port}`], never, 5_000)
  await withIngress(batchDone, async ({ url }) => {
    await findIngress([await deadUrl(), url], never, 5_000)
  })
  const interrupt = new AbortController()
  const waiting = findIngress([`http://127.0.0.1:${port}`], interrupt.signal, 60_000)
  interrupt.abort(new Error('pressed'))
  await assert.rejects(waiting, /pressed/)
  const { createServer } = await import('node:http')
  const server = createServer((_, response) => response.end())
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await late
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

test('batches do not go through fetch, which gives a silent answer up after five minutes', async () => {
  const fetched = mock.method(globalThis, 'fetch')
  try {
    await withIngress(
      async (_, body) => {
        await sleep(50)
        return batchDone(body)
      },
      async ({ url }) => {
        const { submit } = clientFor([url])
        assert.equal((await submit()).summary.classified, 1)
        assert.equal(fetched.mock.callCount(), 0)
      },
    )
  } finally {
    fetched.mock.restore()
  }
})

test('a dead node is remembered: the live one takes the batches, and the outage is one line', async () => {
  await withIngress(
    (_, body) => batchDone(body),
    async ({ url }) => {
      const dead = await deadUrl()
      const { client, said, submit } = clientFor([dead, url])
      for (let batch = 0; batch < 10; batch += 1) await submit()
      assert.deepEqual(client.nodes, { [dead]: { batches: 0, failed: 1 }, [url]: { batches: 10, failed: 0 } })
      assert.equal(said.length, 1)
      assert.match(said[0] ?? '', /does not answer \(.*ECONNREFUSED/)
    },
  )
})

test('a connection that is cut is tried again under the same key, and what no node answers ends', async () => {
  await withIngress(
    (_, body, index) => (index === 0 ? { cut: true } : batchDone(body)),
    async ({ url }) => {
      const { said, submit } = clientFor([url])
      await submit()
      assert.equal(said.length, 2, said.join('\n'))
      assert.match(said[1] ?? '', /answers again/)
    },
  )
  const { submit } = clientFor([await deadUrl()], { patienceMs: 300 })
  await assert.rejects(submit(), { code: 'ingress-unavailable', message: /No Restate node answered/ })
})

test('a service that is being registered is waited for, and one that is not known is told', async () => {
  await withIngress(
    (_, body, index) => (index < 2 ? UNKNOWN_SERVICE : batchDone(body)),
    async ({ url }) => {
      const { client, said, submit } = clientFor([url])
      await submit()
      assert.deepEqual(client.nodes, { [url]: { batches: 1, failed: 0 } })
      assert.deepEqual(said, [])
    },
  )
  await withIngress(
    () => UNKNOWN_SERVICE,
    async ({ url }) => {
      const { submit } = clientFor([url], { registrationMs: 100 })
      await assert.rejects(submit(), { code: 'ingress-unavailable', message: /not found: is the service registered\?/ })
    },
  )
})

test('status: only what the service does not know is unknown; anything else says what it is', async () => {
  const ask = async (reply: Reply) => {
    let result: unknown
    await withIngress(
      () => reply,
      async ({ url }) => {
        result = await readStatus([url], { run_id: 'r' }, never)
      },
    )
    return result
  }
  assert.equal(await ask(failedInvocation(404, 'input-not-found: run "r" is not known')), undefined)
  assert.deepEqual(await ask({ body: { run_id: 'r' } }), { run_id: 'r' })
  await assert.rejects(ask(UNKNOWN_SERVICE), { code: 'ingress-unavailable', message: /answered 404.*registered/ })
  await assert.rejects(ask(failedInvocation(400, 'input-invalid: run_id: must be at most 256 characters')), {
    code: 'input-invalid',
    message: /answered 400: run_id: must be at most/,
  })
  await assert.rejects(ask(failedInvocation(500, 'database-failed: no such table')), { code: 'database-failed' })
  await assert.rejects(readStatus([await deadUrl()], { run_id: 'r' }, never), { message: /No Restate ingress answers/ })
})

test('status of a service that is silent ends with the bound', async () => {
  await withIngress(
    () => new Promise<Reply>(() => undefined),
    async ({ url }) => {
      await assert.rejects(readStatus([url], { run_id: 'r' }, AbortSignal.timeout(100)), {
        code: 'ingress-unavailable',
        message: /was not answered in time/,
      })
    },
  )
})

test('a batch that somebody cancelled or killed fails as such, and not as a failure of ours', async () => {
  for (const message of ['Cancelled', 'killed']) {
    await withIngress(
      () => failedInvocation(409, message),
      async ({ url }) => {
        const { client, submit } = clientFor([url])
        await assert.rejects(submit(), { code: 'cancelled', message: /was cancelled/ })
        assert.deepEqual(client.nodes, { [url]: { batches: 1, failed: 0 } })
      },
    )
  }
})
