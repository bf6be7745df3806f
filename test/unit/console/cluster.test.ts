/** The page of the cluster: nodes with release and memory, replicas of any release, and the history of the budget. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { render } from 'preact-render-to-string'
import { createNodeLooks, type NodeOptions } from '../../../src/console/nodes.ts'
import * as page from '../../../src/console/page/cluster-page.ts'
import { html } from '../../../src/console/page/html.ts'
import { clusterView } from '../../../src/console/views/cluster.ts'
import { budgetResponseSchema } from '../../../src/restate/contract/budget.ts'
import type { BudgetEntry } from '../../../src/store/views/types.ts'
import { emptyStore, startTestConsole } from '../../helpers/servers/console.ts'

const METRICS = 'restate_up 1\nrestate_jemalloc_resident_bytes 123456789\nrestate_jemalloc_active_bytes 5\n'
const asked: (string | undefined)[] = []
const server = createServer((request, response) => {
  asked.push(request.headers.authorization)
  if (request.url === '/version') response.end(JSON.stringify({ version: '1.7.2' }))
  else if (request.url === '/metrics') response.end(METRICS)
  else if (request.url === '/odd/version') response.end('<html>')
  else response.writeHead(401).end()
})
let base = ''

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(() => server.close())

const looks = (options: Partial<NodeOptions>) =>
  createNodeLooks({
    ...{ adminUrls: [base], areMeant: true, metricsUrls: [], token: 't', dataDir: '/none' },
    ...options,
  })

test('a node is asked for its release with the token, and its memory comes of its metrics', async () => {
  const look = looks({ metricsUrls: [`${base}/metrics`] })
  assert.deepEqual(await look(), [{ url: base, version: '1.7.2', memoryBytes: 123_456_789, fault: '' }])
  const before = asked.length
  await look()
  assert.equal(asked.length, before, 'what was seen a moment ago is not asked again')
  assert.deepEqual(asked.toSorted(), ['Bearer t', undefined])
})

test('a node that refuses, answers nonsense or is away says so, and one that may not be there at all is left out', async () => {
  const urls = [`${base}/refusing`, `${base}/odd`, 'http://127.0.0.1:1']
  const found = await looks({ adminUrls: urls })()
  assert.deepEqual(
    found.map(({ version, memoryBytes }) => [version, memoryBytes]),
    urls.map(() => [null, null]),
  )
  assert.equal(found[0]?.fault, 'answers 401')
  assert.ok(found.every(({ fault }) => fault !== ''))
  assert.deepEqual(await looks({ adminUrls: [...urls, base], areMeant: false })(), [
    { url: base, version: '1.7.2', memoryBytes: null, fault: '' },
  ])
})

test('where one admin port leads to several nodes, each of them is seen by its metrics', async () => {
  const metricsUrls = [`${base}/metrics`, 'http://127.0.0.1:1/metrics']
  assert.deepEqual(await looks({ metricsUrls })(), [
    { url: base, version: '1.7.2', memoryBytes: null, fault: '' },
    { url: base, version: null, memoryBytes: 123_456_789, fault: '' },
    { url: 'http://127.0.0.1:1', version: null, memoryBytes: null, fault: 'its metrics tell no memory' },
  ])
})

const REPLICA = { share: 1, rpm: 990, tpm: null, demand: 0, in_flight: 2, expires_in_ms: 3_000 }
const BUDGET = { rpm: 1_000, tpm: null, safety: 0.99, paused_ms: 0, pace_factor: 1, account: { rpm: null, tpm: null } }
const entry = (at: string, rpm: number, by: string, isConfigured = false): BudgetEntry => {
  return { at, rpm, tpm: null, safety: 0.99, by, isConfigured }
}

test('a bound on tokens is set, and goes where its field is emptied; a form without the field leaves it', async () => {
  const sent: unknown[] = []
  const ask = async (_handler: string, body: unknown) => {
    sent.push(body)
    return { ...BUDGET, replicas: [] } as never
  }
  const own = await startTestConsole({ ingress: { ask } })
  try {
    for (const form of [{ rpm: '9', tpm: '700' }, { rpm: '9', tpm: ' ' }, { rpm: '9' }])
      assert.equal((await own.post('/cluster/budget', form)).status, 303)
    const by = 'the link'
    assert.deepEqual(
      sent.map((body) => ({ ...(body as object), by })),
      [
        { rpm: 9, tpm: 700, by },
        { rpm: 9, tpm: null, by },
        { rpm: 9, by },
      ],
    )
  } finally {
    await own.close()
  }
})

test('the page shows replicas of this release and of an earlier one, and who set the budget when and to what', async () => {
  const hostile = '<script>alert(1)</script>'
  const history = [
    entry('2026-11-29T10:00:00.000Z', 750, hostile),
    entry('2026-11-28T10:00:00.000Z', 1_000, 'replica-1', true),
  ]
  const answer = {
    ...BUDGET,
    replicas: [
      { ...REPLICA, name: 'replica-1', memory_bytes: 91_234_567, version: '0.1.0' },
      { ...REPLICA, name: 'replica-2' },
    ],
  }
  const store = emptyStore()
  const view = clusterView({
    ingress: { ask: async () => budgetResponseSchema.parse(answer) as never },
    commands: { run: async () => ({ code: 0, stdout: '{"backlog":[]}', stderr: '' }) },
    store: { views: { ...store.views, listBudgetChanges: async () => history } },
    nodes: async () => [{ url: 'http://guard:9070', version: '1.7.2', memoryBytes: 123_456_789, fault: '' }],
    restateUi: '',
  })
  const visitor = { name: 'ann', rights: new Set(['read'] as const), tokenHash: '', mayRename: false }
  const load = async () => await view.load({ params: {}, query: new URLSearchParams(), visitor })
  const data = await load()
  assert.deepEqual(
    data.budget?.replicas.map(({ memoryBytes, version }) => [memoryBytes, version]),
    [
      [90_000_000, '0.1.0'],
      [null, null],
    ],
  )
  const again = await load()
  assert.deepEqual(
    [again.history, again.nodes],
    [data.history, data.nodes],
    'a look that sees nothing new changes nothing',
  )
  const frame = {
    ...{ base: '', path: '/cluster', csrf: 'c', zone: 'UTC', away: '', isLive: true },
    visitor: { name: 'ann', rights: ['read'], mayRename: false },
  }
  const text = render(html`<${page.Page} data=${data} frame=${frame} />`)
  assert.match(text, /1\.7\.2/)
  assert.match(text, /120 MB|125 MB/)
  assert.match(text, /the settings of <bdi>replica-1/)
  assert.match(text, /<polyline/)
  assert.ok(!text.includes(hostile) && text.includes('&lt;script>alert'))
})
