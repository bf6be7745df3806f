/** Parts of the stack that die or fall silent in the middle of a run: every indicator gets exactly one result. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { startCli } from '../helpers/cli.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitUntil } from '../helpers/wait.ts'

const INDICATORS = 400
const PACK = 10
const SILENCE_MS = 6_000

let stack: TestStack
let directory: string
let runs = 0

before(async () => {
  stack = await startTestStack({ OFFLINE_MODEL_LATENCY_MS: '800', RATE_RPM: '100000' })
  directory = await mkdtemp(join(tmpdir(), 'classify-killed-'))
})

after(async () => {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
})

interface Stats {
  readonly requests: { readonly accepted: number }
}

async function accepted(): Promise<number> {
  const url = `http://127.0.0.1:${stack.env.OFFLINE_MODEL_PORT}/stats?indicators=0`
  return ((await (await fetch(url)).json()) as Stats).requests.accepted
}

/** Runs a catalogue, does `harm` after ten requests to the model, and checks that every indicator has one result. */
async function runThrough(harm: () => Promise<void>): Promise<{ readonly requests: number }> {
  runs += 1
  const file = join(directory, `catalogue-${runs}.jsonl`)
  const lines = Array.from({ length: INDICATORS }, (_, index) => {
    return JSON.stringify({
      indicator_id: `${runs}.${index}`,
      name: `Output of plant ${runs} ${index}`,
      units: 'Tonnes',
    })
  })
  await writeFile(file, lines.join('\n'))
  const before = await accepted()
  const args = ['classify', file, '--mode', 'model', '--no-reuse', '--batch-size', '20', '--json']
  const cli = startCli(args, { env: { ...stack.env } })
  await waitUntil('ten requests are accepted', async () => (await accepted()) >= before + 10)
  await harm()

  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  const report = JSON.parse(stdout)
  assert.equal(report.classified, INDICATORS)
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query(
      'select count(*)::int as rows, count(distinct indicator_id)::int as ids from result_history where run_id = $1',
      [report.run_id],
    )
    assert.deepEqual(rows, [{ rows: INDICATORS, ids: INDICATORS }])
  } finally {
    await client.end()
  }
  return { requests: (await accepted()) - before }
}

test('kill -9 of restate-server: it is started again, and the run goes on from its journal', async () => {
  const victim = stack.pids()['restate-server'] ?? 0
  const { requests } = await runThrough(async () => {
    process.kill(victim, 'SIGKILL')
  })
  assert.notEqual(stack.pids()['restate-server'], victim)
  assert.ok(requests < 2 * (INDICATORS / PACK), `${requests} requests for ${INDICATORS / PACK} chunks`)
})

test('kill -9 of the guard: it is started again, the client sends its batches again, and none of them runs twice', async () => {
  const victim = stack.pids().guard ?? 0
  const { requests } = await runThrough(async () => {
    process.kill(victim, 'SIGKILL')
  })
  assert.notEqual(stack.pids().guard, victim)
  assert.equal(requests, INDICATORS / PACK)
})

test('kill -9 of PostgreSQL: it recovers, and the run goes on', async () => {
  const victim = stack.pids().postgres ?? 0
  await runThrough(async () => {
    process.kill(victim, 'SIGKILL')
  })
  assert.notEqual(stack.pids().postgres, victim)
})

test('a PostgreSQL that is silent for some seconds delays the run and loses nothing', async () => {
  // The processes of PostgreSQL are a process group.
  const group = -(stack.pids().postgres ?? 0)
  await runThrough(async () => {
    process.kill(group, 'SIGSTOP')
    await sleep(SILENCE_MS)
    process.kill(group, 'SIGCONT')
  })
})

test('kill -9 of the model: the endpoint being away is waited for', async () => {
  const { requests } = await runThrough(async () => {
    process.kill(stack.pids()['offline-model'] ?? 0, 'SIGKILL')
  })
  // The restarted model counts from zero, so that these are the requests after the kill.
  assert.ok(requests <= INDICATORS / PACK)
})
