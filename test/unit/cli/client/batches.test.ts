/** The client of batches against a scripted ingress: nodes that fail, are busy, or do not know the service. */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type BatchClientOptions, createBatchClient } from '../../../../src/cli/client/batches.ts'
import { findIngress } from '../../../../src/cli/client/ingress.ts'
import { freePort } from '../../../../src/embedded/ports.ts'
import {
  batchDone,
  failedInvocation,
  type Reply,
  type ScriptedIngress,
  startScriptedIngress,
  UNKNOWN_SERVICE,
} from '../../../helpers/servers/ingress.ts'

const never = new AbortController().signal

async function deadUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

async function withIngress(
  script: Parameters<typeof startScriptedIngress>[0],
  work: (ingress: ScriptedIngress) => Promise<void>,
): Promise<void> {
  const ingress = await startScriptedIngress(script)
  try {
    await work(ingress)
  } finally {
    await ingress.close()
  }
}

function clientFor(urls: readonly string[], options: Partial<BatchClientOptions> = {}) {
  const said: string[] = []
  const client = createBatchClient({ urls, patienceMs: 60_000, say: (line) => said.push(line), ...options })
  let next = 0
  const submit = () => {
    next += 1
    const body = { run_id: 'run', indicators: [{ indicator_id: `i.${next}`, name: 'x', sample_values: [] }] }
    return client.submit({ idempotencyKey: `run-${next}`, body }, never)
  }
  return { client, said, submit }
}

test('an ingress that does not answer is reported at once, with its address and the way out', async () => {
  const urls = [await deadUrl(), await deadUrl()]
  await assert.rejects(findIngress(urls, never, 300), {
    code: 'ingress-unavailable',
    message: `No Restate ingress answers at ${urls.join(', ')}: is the service running? Start it with npm start, or give --ingress`,
  })
})

test('one node that answers is enough, also when it comes a little later', async () => {
  const port = await freePort()
  const late = findIngress([`http://127.0.0.1:${port}`], never, 60_000)
  await withIngress(batchDone, async ({ url }) => {
    await findIngress([await deadUrl(), url], never, 60_000)
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

test('a caller without use for results asks for none, and one that needs them takes a new key where the old one has none', async () => {
  const keys: unknown[] = []
  const wants: unknown[] = []
  const answer = (_path: string, body: unknown, index: number, headers: Readonly<Record<string, unknown>>): Reply => {
    keys.push(headers['idempotency-key'])
    wants.push(headers['x-results'])
    const { body: whole } = batchDone(body)
    return index < 2 ? { body: { ...(whole as object), results: [], results_left_out: 1 } } : { body: whole }
  }
  const batch = (idempotencyKey: string) => {
    return {
      idempotencyKey,
      body: { run_id: 'run', indicators: [{ indicator_id: 'i', name: 'x', sample_values: [] }] },
    }
  }
  await withIngress(answer, async ({ url }) => {
    const { client: lean } = clientFor([url], { wantsResults: false })
    const short = await lean.submit(batch('a'), never, () => Promise.reject(new Error('no other key is needed')))
    assert.equal(short.results_left_out, 1)
    const { client: whole } = clientFor([url])
    const { results } = await whole.submit(batch('a'), never, async () => batch('b'))
    assert.deepEqual(
      results.map(({ indicator_id: id }) => id),
      ['i'],
    )
  })
  assert.deepEqual(keys, ['a', 'a', 'b'])
  assert.deepEqual(wants, ['none', undefined, undefined])
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

test('a connection that is cut is tried again under the same key, and a batch that no node takes ends with an error', async () => {
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

test('a service that is being registered is waited for, and one that is not known is reported', async () => {
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

const BUSY = { status: 429, headers: { 'retry-after': '1' }, body: { message: 'too many requests' } }

test('a 429 of the ingress is called busy, and is tried again no sooner than it asks', async () => {
  let refusedAt = 0
  let waitedMs = 0
  await withIngress(
    (_, body, index) => {
      if (index === 0) {
        refusedAt = performance.now()
        return BUSY
      }
      waitedMs = performance.now() - refusedAt
      return batchDone(body)
    },
    async ({ url }) => {
      const { client, said, submit } = clientFor([url], { patienceMs: 60_000 })
      assert.equal((await submit()).summary.classified, 1)
      assert.ok(waitedMs >= 990, `${waitedMs} ms`)
      assert.deepEqual(said, [
        `${url} is busy (HTTP 429: too many requests); it is tried again in 1 s, with the same keys`,
        `${url} answers again`,
      ])
      assert.deepEqual(client.nodes, { [url]: { batches: 1, failed: 1 } })
    },
  )
})

test('a busy node leaves the batches to another one', async () => {
  await withIngress(
    (_, body) => batchDone(body),
    async ({ url }) => {
      await withIngress(
        () => BUSY,
        async (busy) => {
          const { client, submit } = clientFor([busy.url, url])
          for (let batch = 0; batch < 5; batch += 1) await submit()
          assert.deepEqual(client.nodes[url], { batches: 5, failed: 0 })
        },
      )
    },
  )
})

test('an ingress that asks for a longer wait than the patience ends the batch at once, with its words', async () => {
  await withIngress(
    () => ({ ...BUSY, headers: { 'retry-after': '3600' } }),
    async ({ url }) => {
      const { submit } = clientFor([url])
      await assert.rejects(submit(), { code: 'ingress-unavailable', message: /HTTP 429: too many requests/ })
    },
  )
})

test('a 429 that the invocation itself ended with is its failure, since the same key brings the same answer', async () => {
  await withIngress(
    () => failedInvocation(429, 'model-rate-limited: the account is used up'),
    async ({ url }) => {
      const { submit } = clientFor([url])
      await assert.rejects(submit(), { code: 'model-rate-limited', message: 'the account is used up' })
    },
  )
})

/** How the guard refuses a call. */
function refused(status: number, code: string): Reply {
  return { status, body: { code, message: 'The guard says so' } }
}

test('what the guard refuses for the caller stops the run with what to set, and is not tried at the next node', async () => {
  const cases: readonly [number, string, RegExp][] = [
    [401, 'token-missing', /set API_TOKEN or API_TOKEN_FILE/],
    [401, 'token-unknown', /API_TOKEN or API_TOKEN_FILE/],
    [403, 'right-missing', /ask the operator/],
    [403, 'foreign-host', /ALLOWED_HOSTS/],
  ]
  for (const [status, code, message] of cases) {
    await withIngress(
      () => refused(status, code),
      async ({ url, asked }) => {
        const { submit } = clientFor([url, await deadUrl()])
        await assert.rejects(submit(), { name: 'BatchFailedError', code, stopsTheRun: true, message })
        assert.equal(asked.length, 1)
      },
    )
  }
})

test('a body that the guard refuses fails its batch alone', async () => {
  await withIngress(
    () => refused(413, 'body-too-large'),
    async ({ url }) => {
      await assert.rejects(clientFor([url]).submit(), { code: 'body-too-large', stopsTheRun: false })
    },
  )
})

test('a batch whose key was used with another body is submitted again under the new key, where there is one', async () => {
  const reused = (_path: string, body: unknown, index: number) => {
    return index % 2 === 0 ? refused(409, 'idempotency-key-reused') : batchDone(body)
  }
  await withIngress(reused, async ({ url }) => {
    const { client } = clientFor([url])
    const batch = (idempotencyKey: string) => ({ idempotencyKey, body: { run_id: 'run', indicators: [] } })
    const response = await client.submit(batch('run-0'), never, async () => batch('run-0-retry-1'))
    assert.equal(response.run_id, 'run')
    await assert.rejects(client.submit(batch('run-1'), never), {
      code: 'idempotency-key-reused',
      stopsTheRun: false,
      message: /without --resume/,
    })
  })
})

test('a node behind the guard that is away, and a guard that asks to wait, are tried again', async () => {
  const script = (_path: string, body: unknown, index: number): Reply => {
    if (index === 0) return refused(502, 'node-away')
    if (index === 1) return { ...refused(429, 'too-many-calls'), headers: { 'retry-after': '0' } }
    return batchDone(body)
  }
  await withIngress(script, async ({ url, asked }) => {
    const { submit, said } = clientFor([url], { patienceMs: 30_000 })
    assert.equal((await submit()).results.length, 1)
    assert.equal(asked.length, 3)
    assert.match(said.join(), /does not answer/)
  })
})
