/** The whole path of a batch over HTTP, with a real restate-server, a real PostgreSQL, a replica and the offline model. */
import assert from 'node:assert/strict'
import { connect } from 'node:http2'
import { test } from 'node:test'
import type { BatchResponse, ResultBody, RunBody } from '../../../../src/restate/contract.ts'
import { callIngress } from '../../../helpers/stack/stack.ts'
import { client, stack } from './world.ts'

const gdp = { indicator_id: 'FRA.GDP', name: 'GDP (current US$)', units: 'current US$', periodicity: 'Annual' }
/** No rule is sure of any of its fields. */
const unclear = { indicator_id: 'X.1', name: 'Zorbic attainment of the plain', units: '', periodicity: '' }

async function batch(body: unknown, headers: Record<string, string> = {}) {
  return await callIngress(stack, 'classify-api/batch', body, headers)
}

interface Body {
  readonly options?: object
  readonly [more: string]: unknown
}

/** Classifies a batch in which rules decide by the shipped evidence, unless its options say otherwise. */
async function classify({ options = {}, ...body }: Body): Promise<BatchResponse> {
  const answer = await batch({ ...body, options: { trust: 'shipped', ...options } })
  assert.equal(answer.status, 200, answer.text)
  return answer.json() as BatchResponse
}

test('a batch answers with one result an indicator, in order, and stores them', async () => {
  const indicators = [gdp, { ...unclear, indicator_id: 'A.1' }]
  const { run_id, results, summary } = await classify({ indicators, run_id: 'run-first' })
  assert.equal(run_id, 'run-first')
  assert.deepEqual(
    results.map((result) => result.indicator_id),
    ['FRA.GDP', 'A.1'],
  )
  assert.equal(summary.indicators, 2)
  assert.equal(summary.classified, 2)
  const [first] = results
  assert.equal(first?.type, 'flow')
  assert.equal(first?.unit_currency, 'USD')
  assert.deepEqual(first?.unit, { kind: 'currency', scale: 1, currency: 'USD', per: null })
  assert.equal(first?.catalogue, 'default')
  assert.equal(first?.codebook, 'economic-indicators@2')
  assert.equal(first?.codebook_version, '2')
  assert.equal(first?.family, 'physical-fundamental')
  assert.equal(first?.time_basis, 'per-period')
  const rows = await client.query(
    'select indicator_id, unit_currency from results_economic_indicators where run_id = $1 order by 1',
    ['run-first'],
  )
  assert.deepEqual(rows.rows, [
    { indicator_id: 'A.1', unit_currency: null },
    { indicator_id: 'FRA.GDP', unit_currency: 'USD' },
  ])
})

test('what rules decide by the shipped evidence alone is unverified, and the issue names the fields', async () => {
  const { results, summary } = await classify({ indicators: [{ ...gdp, indicator_id: 'V.1' }] })
  assert.deepEqual([summary.model_requests, summary.unverified], [0, 1])
  const [result] = results
  assert.deepEqual([result?.source, result?.status], ['rules', 'unverified'])
  assert.deepEqual(
    result?.issues.map(({ code }) => code),
    ['unchecked'],
  )
  assert.match(result?.issues[0]?.message ?? '', /type, .*frequency/)
})

test('on a catalogue of which nothing was checked the model is asked about every field by default', async () => {
  const asked = await classify({
    indicators: [{ ...gdp, indicator_id: 'D.1' }],
    options: { trust: 'catalogue', audit: 'none', reuse: false },
  })
  assert.equal(asked.summary.model_requests, 1)
  const [result] = asked.results
  assert.deepEqual(
    [result?.type, result?.status],
    ['flow', 'unverified'],
    'a guess of the offline model checks nothing',
  )
  const byRules = Object.entries(result?.field_source ?? {}).filter(([, by]) => by !== 'model')
  assert.deepEqual(
    byRules.map(([field]) => field),
    ['cumulative_pattern', 'cumulative_reset_month'],
    'only what no model is asked for',
  )
})

test('the model is asked where no rule is sure, and results of the offline model carry its name', async () => {
  const { results, summary } = await classify({
    indicators: [{ ...unclear, indicator_id: 'B.1', name: 'Blorbic plain of the attainment' }],
  })
  assert.equal(results[0]?.source, 'model')
  assert.equal(results[0]?.status, 'unverified', 'a guess of the offline model is never accepted')
  assert.equal(results[0]?.model, 'offline-rules')
  assert.equal(summary.model_requests, 1)
  assert.ok(summary.tokens.input > 1_000, `${summary.tokens.input} input tokens`)
  const requests = await client.query(`select count(*)::int as n from llm_requests where outcome = 'ok'`)
  assert.ok(requests.rows[0].n >= 1)
})

test('one shape is asked once: in one batch and over batches, whatever the country', async () => {
  const many = ['DE', 'FR', 'IT'].map((country) => {
    return { ...unclear, indicator_id: `S.${country}`, name: 'Quambic shore of the level', country }
  })
  const first = await classify({ indicators: many })
  assert.deepEqual(
    first.results.map((result) => result.source),
    ['model', 'reuse', 'reuse'],
  )
  const second = await classify({ indicators: [{ ...many[0], indicator_id: 'S.ES', country: 'ES' }] })
  assert.equal(second.results[0]?.source, 'reuse')
  assert.equal(second.summary.model_requests, 0)
})

test('mode model without reuse asks for every indicator, at most `pack` in a request', async () => {
  const indicators = Array.from({ length: 23 }, (_, index) => ({ ...gdp, indicator_id: `M.${index}` }))
  const { summary } = await classify({ indicators, options: { mode: 'model', reuse: false, pack: 10 } })
  assert.equal(summary.by_source.model + summary.by_source.escalation, 23)
  assert.equal(summary.model_requests, 3)
})

test('mode rules asks no model, and says where the rules only guess', async () => {
  const { results, summary } = await classify({
    indicators: [{ ...unclear, indicator_id: 'R.1' }],
    options: { mode: 'rules' },
  })
  assert.equal(summary.model_requests, 0)
  assert.equal(results[0]?.source, 'rules')
  assert.equal(results[0]?.status, 'unverified')
  assert.equal(summary.unverified, 1)
})

test('unchanged input is not asked again, unless forced, changed, or by a stronger mode', async () => {
  const indicator = { ...unclear, indicator_id: 'U.1', name: 'Unchanging frobnic of the sea' }
  const once = await classify({ indicators: [indicator], options: { reuse: false } })
  assert.equal(once.summary.classified, 1)
  const again = await classify({ indicators: [indicator], options: { reuse: false } })
  assert.equal(again.summary.unchanged, 1)
  assert.equal(again.summary.classified, 0)
  assert.deepEqual(again.results, once.results)

  const weaker = await classify({ indicators: [indicator], options: { mode: 'rules' } })
  assert.equal(weaker.summary.unchanged, 1)
  const forced = await classify({ indicators: [indicator], force: true, options: { reuse: false } })
  assert.equal(forced.summary.model_requests, 1)
  const stronger = await classify({ indicators: [indicator], options: { mode: 'model', reuse: false } })
  assert.equal(stronger.summary.model_requests, 1)
  const changed = await classify({ indicators: [{ ...indicator, units: 'USD' }], options: { reuse: false } })
  assert.equal(changed.summary.classified, 1)
})

test('the history holds one row an indicator and run, also when a run classifies it twice', async () => {
  const indicators = [{ ...gdp, indicator_id: 'H.1' }]
  await classify({ indicators, run_id: 'run-history', force: true })
  await classify({ indicators, run_id: 'run-history', force: true })
  await classify({ indicators, run_id: 'run-history-2', force: true })
  const rows = await client.query(`select run_id from run_results where indicator_id = 'H.1' order by 1`)
  assert.deepEqual(
    rows.rows.map((row) => row.run_id),
    ['run-history', 'run-history-2'],
  )
})

test('the same idempotency key gives the same answer, without another question to the model', async () => {
  const headers = { 'idempotency-key': 'key-1' }
  const indicators = [{ ...unclear, indicator_id: 'I.1', name: 'Idempotic marsh of the wind' }]
  const body = { indicators, force: true, options: { trust: 'shipped' } }
  const first = await batch(body, headers)
  const second = await batch(body, headers)
  assert.equal(first.status, 200)
  assert.equal(second.text, first.text)
})

test('unknown fields are left out with one counted warning, dirty sample values are dropped and counted', async () => {
  const sample_values = [
    { date: 'last10YearsAvg', value: 1 },
    { date: '2023-Q1', value: '2.5' },
    { date: '2024', value: null },
  ]
  const indicators = [1, 2].map((n) => ({ ...gdp, indicator_id: `W.${n}`, colour: 'red', sample_values }))
  const { summary } = await classify({ indicators })
  const counts = Object.fromEntries(summary.warnings.map((warning) => [warning.code, warning.count]))
  assert.deepEqual(counts, { 'unknown-field': 2, 'dropped-sample-value': 4 })
  assert.match(summary.warnings[0]?.message ?? '', /colour/)
})

const refused: readonly { readonly what: string; readonly body: unknown; readonly message: RegExp }[] = [
  { what: 'no indicators', body: { indicators: [] }, message: /\/indicators.*1 to 100.*got 0/ },
  {
    what: '101 indicators',
    body: { indicators: Array.from({ length: 101 }, (_, n) => ({ ...gdp, indicator_id: `${n}` })) },
    message: /\/indicators.*at most 100.*got 101/,
  },
  { what: 'a missing name', body: { indicators: [{ indicator_id: 'a' }] }, message: /\/indicators\/0\/name/ },
  { what: 'a wrong type', body: { indicators: [{ ...gdp, name: 5 }] }, message: /\/indicators\/0\/name.*string/ },
  { what: 'bad JSON', body: '{"indicators": [', message: /JSON/ },
  { what: 'null', body: 'null', message: /object.*null/ },
  { what: 'an empty body', body: '', message: /./ },
  {
    what: 'a description of 2 MB',
    body: { indicators: [{ ...gdp, description: 'x'.repeat(2_000_000) }] },
    message: /\/indicators\/0\/description.*at most 60002 bytes, got 2000002/,
  },
  { what: 'pack 26', body: { indicators: [gdp], options: { pack: 26 } }, message: /\/options\/pack.*25/ },
  { what: 'an unknown mode', body: { indicators: [gdp], options: { mode: 'x' } }, message: /\/options\/mode.*hybrid/ },
  { what: 'one id twice', body: { indicators: [gdp, gdp] }, message: /\/indicators\/1\/indicator_id.*unique/ },
  { what: 'an empty catalogue', body: { indicators: [gdp], catalogue: '' }, message: /\/catalogue.*1 to 100/ },
  {
    what: 'a codebook that is no name',
    body: { indicators: [gdp], codebook: 'A b' },
    message: /\/codebook.*name@version/,
  },
  {
    what: 'an unknown codebook',
    body: { indicators: [gdp], codebook: 'nobody' },
    message: /there is no .*nobody.* here; there are economic-indicators@2/,
  },
  { what: 'an unknown option', body: { indicators: [gdp], optoins: {} }, message: /optoins/ },
]

for (const { what, body, message } of refused) {
  test(`${what} is refused with 400, the path and the bound`, async () => {
    const answer = await batch(body)
    assert.equal(answer.status, 400, answer.text)
    assert.match(answer.text, message)
  })
}

test('two catalogues with the same ids keep their results apart', async () => {
  const one = { ...gdp, indicator_id: 'C.1' }
  await classify({ indicators: [one], catalogue: 'first' })
  await classify({ indicators: [{ ...one, name: 'Number of hospital beds', units: 'beds' }], catalogue: 'second' })
  const { rows } = await client.query(`select catalogue, name from results where indicator_id = 'C.1' order by 1`)
  assert.deepEqual(rows, [
    { catalogue: 'first', name: 'GDP (current US$)' },
    { catalogue: 'second', name: 'Number of hospital beds' },
  ])
  const both = await callIngress(stack, 'classify-api/status', { indicator_id: 'C.1' })
  assert.equal(both.status, 400)
  assert.match(both.text, /catalogue \\"first\\".*catalogue \\"second\\"/)
  const first = await callIngress(stack, 'classify-api/status', { indicator_id: 'C.1', catalogue: 'first' })
  assert.equal((first.json() as ResultBody).name, 'GDP (current US$)')
})

test('status knows indicators and runs, and says 404 for what it does not know', async () => {
  await classify({ indicators: [{ ...gdp, indicator_id: 'T.1' }], run_id: 'run-status' })
  const one = await callIngress(stack, 'classify-api/status', { indicator_id: 'T.1' })
  assert.equal((one.json() as ResultBody).run_id, 'run-status')
  const run = (await callIngress(stack, 'classify-api/status', { run_id: 'run-status' })).json() as RunBody
  assert.equal(run.classified, 1)
  assert.equal(run.batches, 1)
  assert.equal((await callIngress(stack, 'classify-api/status', { indicator_id: 'nobody' })).status, 404)
  assert.equal((await callIngress(stack, 'classify-api/status', {})).status, 400)
})

test('the chunk service can not be called from outside', async () => {
  const answer = await callIngress(stack, 'classifier/chunk', { run_id: 'x', tier: 'primary', items: [] })
  assert.ok(answer.status >= 400 && answer.status < 500, `${answer.status}`)
})

test('health and metrics answer over HTTP/1.1, and health is a handler too', async () => {
  const health = await fetch(`${stack.replicaUrl}/classify-api/health`)
  assert.equal(health.status, 200)
  assert.equal(((await health.json()) as { status: string }).status, 'ok')
  const handler = await callIngress(stack, 'classify-api/health', '')
  assert.equal((handler.json() as { status: string }).status, 'ok')

  const metrics = await (await fetch(`${stack.replicaUrl}/metrics`)).text()
  for (const name of [
    'nodejs_eventloop_lag_seconds',
    'classify_invocations_total',
    'classify_model_requests_total',
    'classify_model_tokens_total',
    'classify_model_cost_usd_total',
    'classify_limiter_queue_requests',
    'classify_limiter_wait_seconds',
    'classify_limiter_pace_tpm \\+Inf$',
    'classify_limiter_in_flight_requests 0$',
    'classify_limiter_in_flight_bound [1-9]',
    'classify_limiter_sleeping_chunks \\d',
    'classify_limiter_utilisation_ratio 0',
    'classify_limiter_reserved_tokens 0$',
    'classify_limiter_tokens_total\\{kind="reserved"\\} [1-9]',
    'classify_limiter_tokens_total\\{kind="real"\\} [1-9]',
    'classify_limiter_pause_seconds_total 0$',
    'classify_chunk_indicators',
    'classify_results_total',
    'classify_pool_connections',
  ]) {
    assert.match(metrics, new RegExp(`^${name}`, 'm'), name)
  }
})

test('the same port speaks HTTP/2 cleartext', async () => {
  const session = connect(stack.replicaUrl)
  try {
    const request = session.request({ ':path': '/classify-api/health' })
    const status = await new Promise((resolve, reject) => {
      request.on('response', (headers) => resolve(headers[':status']))
      request.on('error', reject)
    })
    assert.equal(status, 200)
  } finally {
    session.destroy()
  }
})

test('Restate knows the replica as a bidirectional stream', async () => {
  const deployments = (await (await fetch(`${stack.adminUrl}/deployments`)).json()) as {
    deployments: { protocol_type: string }[]
  }
  assert.deepEqual(
    deployments.deployments.map((deployment) => deployment.protocol_type),
    ['BidiStream'],
  )
})
