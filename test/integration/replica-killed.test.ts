/** kill -9 of the replica in the middle of a run with a slow model: every indicator gets exactly one result. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { startCli } from '../helpers/cli.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitUntil } from '../helpers/wait.ts'

const INDICATORS = 600
const PACK = 10

let stack: TestStack
let directory: string

before(async () => {
  stack = await startTestStack({ OFFLINE_MODEL_LATENCY_MS: '800', RATE_RPM: '100000' })
  directory = await mkdtemp(join(tmpdir(), 'classify-catalogue-'))
})

after(async () => {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
})

test('a run goes on when its replica is killed with SIGKILL', async () => {
  const file = join(directory, 'catalogue.jsonl')
  const lines = Array.from({ length: INDICATORS }, (_, index) => {
    return JSON.stringify({
      indicator_id: `K.${index}`,
      name: `Output of plant ${index}`,
      units: 'Tonnes',
      periodicity: 'Monthly',
    })
  })
  await writeFile(file, `${lines.join('\n')}\n`)

  const args = ['classify', file, '--mode', 'model', '--no-reuse', '--batch-size', '20', '--json']
  const cli = startCli(args, { env: { ...stack.env, RESTATE_INGRESS_URL: stack.ingressUrl } })
  await waitUntil('40 requests are accepted', async () => (await modelStats()).requests.accepted >= 40)
  const victim = stack.pids().replica ?? 0
  process.kill(victim, 'SIGKILL')

  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  const report = JSON.parse(stdout) as Record<string, unknown> & { run_id: string; by_source: { model: number } }
  assert.equal(report.classified, INDICATORS)
  assert.equal(report.failed, 0)
  assert.equal(report.by_source.model, INDICATORS)
  assert.notEqual(stack.pids().replica, victim)
  assert.ok(
    stack.said.some((line) => /replica ended \(SIGKILL\)/.test(line)),
    stack.said.join('\n'),
  )

  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    const rows = await client.query(
      'select count(*)::int as rows, count(distinct indicator_id)::int as ids from result_history where run_id = $1',
      [report.run_id],
    )
    assert.deepEqual(rows.rows, [{ rows: INDICATORS, ids: INDICATORS }])
  } finally {
    await client.end()
  }

  // Requests in flight at the kill are sent once more, and no other request is.
  const stats = await modelStats()
  const chunks = INDICATORS / PACK
  assert.ok(stats.max_per_indicator <= 2, `${stats.max_per_indicator} requests for one indicator`)
  assert.ok(stats.requests.accepted < 2 * chunks, `${stats.requests.accepted} requests for ${chunks} chunks`)
})

interface Stats {
  readonly requests: { readonly accepted: number }
  readonly max_per_indicator: number
}

async function modelStats(): Promise<Stats> {
  const url = `http://127.0.0.1:${stack.env.OFFLINE_MODEL_PORT}/stats`
  return (await (await fetch(url)).json()) as Stats
}
