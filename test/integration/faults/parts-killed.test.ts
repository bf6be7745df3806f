/** Parts of the stack that die or fall silent in the middle of a run: every indicator gets exactly one result. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startCli } from '../../helpers/cli/cli.ts'
import { PACK, type RunThrough, runThrough } from '../../helpers/stack/run-through.ts'
import { startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

const INDICATORS = 400
/** The rows of the run whose replica is killed. */
const ROWS = 600
const SILENCE_MS = 6_000

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

/** Runs a catalogue, and does `harm` after ten requests to the model. */
async function runWith(harm: () => Promise<void>): Promise<RunThrough> {
  return await runThrough(stack, { indicators: INDICATORS, harm })
}

test('a run goes on when its replica is killed with SIGKILL', async () => {
  const file = join(directory, 'catalogue.jsonl')
  const lines = Array.from({ length: ROWS }, (_, index) => {
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
  assert.equal(report.classified, ROWS)
  assert.equal(report.failed, 0)
  assert.equal(report.by_source.model, ROWS)
  assert.notEqual(stack.pids().replica, victim)
  assert.ok(
    stack.said.some((line) => /replica ended \(SIGKILL\)/.test(line)),
    stack.said.join('\n'),
  )

  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    const rows = await client.query(
      'select count(*)::int as rows, count(distinct indicator_id)::int as ids from run_results where run_id = $1',
      [report.run_id],
    )
    assert.deepEqual(rows.rows, [{ rows: ROWS, ids: ROWS }])
  } finally {
    await client.end()
  }

  // Requests in flight at the kill are sent once more, and no other request is. The counters are those of this test, the first.
  const stats = await modelStats()
  const chunks = ROWS / PACK
  assert.ok(stats.max_per_indicator <= 2, `${stats.max_per_indicator} requests for one indicator`)
  assert.ok(stats.requests.accepted < 2 * chunks, `${stats.requests.accepted} requests for ${chunks} chunks`)
})

test('kill -9 of restate-server: it is started again, and the run goes on from its journal', async () => {
  const victim = stack.pids()['restate-server'] ?? 0
  const { requests } = await runWith(async () => {
    process.kill(victim, 'SIGKILL')
  })
  assert.notEqual(stack.pids()['restate-server'], victim)
  assert.ok(requests < 2 * (INDICATORS / PACK), `${requests} requests for ${INDICATORS / PACK} chunks`)
})

test('kill -9 of the guard: it is started again, the client sends its batches again, and none of them runs twice', async () => {
  const victim = stack.pids().guard ?? 0
  const { requests } = await runWith(async () => {
    process.kill(victim, 'SIGKILL')
  })
  assert.notEqual(stack.pids().guard, victim)
  assert.equal(requests, INDICATORS / PACK)
})

test('kill -9 of PostgreSQL: it recovers, and the run goes on', async () => {
  const victim = stack.pids().postgres ?? 0
  await runWith(async () => {
    process.kill(victim, 'SIGKILL')
  })
  assert.notEqual(stack.pids().postgres, victim)
})

test('a PostgreSQL that is silent for some seconds delays the run and loses nothing', async () => {
  // The processes of PostgreSQL are a process group.
  const group = -(stack.pids().postgres ?? 0)
  await runWith(async () => {
    process.kill(group, 'SIGSTOP')
    await sleep(SILENCE_MS)
    process.kill(group, 'SIGCONT')
  })
})

test('kill -9 of the model: the endpoint being away is waited for', async () => {
  const { requests } = await runWith(async () => {
    process.kill(stack.pids()['offline-model'] ?? 0, 'SIGKILL')
  })
  // The restarted model counts from zero, so that these are the requests after the kill.
  assert.ok(requests <= INDICATORS / PACK)
})

interface Stats {
  readonly requests: { readonly accepted: number }
  readonly max_per_indicator: number
}

async function modelStats(): Promise<Stats> {
  const url = `http://127.0.0.1:${stack.env.OFFLINE_MODEL_PORT}/stats`
  return (await (await fetch(url)).json()) as Stats
}
