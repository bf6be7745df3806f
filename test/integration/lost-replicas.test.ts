/** A batch that fells every replica is paused and shown; the work that lay beside it goes on. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import type { QueueReport } from '../../src/cli/queue/queue-report.ts'
import { freePort } from '../../src/embedded/ports.ts'
import { runCli } from '../helpers/cli.ts'
import { FELLING_ID } from '../helpers/felled-replica.ts'
import { callIngress, startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitUntil } from '../helpers/wait.ts'

const REPLICA = fileURLToPath(new URL('../helpers/felled-replica.ts', import.meta.url))

let stack: TestStack
let replica: ChildProcess
let port: number
let isOver = false
/** How often the replica was felled. */
let deaths = 0

function startReplica(): void {
  replica = spawn(process.execPath, [REPLICA], { env: { ...process.env, PORT: String(port) }, stdio: 'inherit' })
  replica.once('exit', () => {
    deaths += 1
    if (!isOver) startReplica()
  })
}

before(async () => {
  stack = await startTestStack({ RATE_RPM: '100000', OFFLINE_MODEL_LATENCY_MS: '1500' })
  Object.assign(process.env, { DATABASE_URL: stack.databaseUrl, OPENAI_BASE_URL: stack.offlineModelUrl })
  port = await freePort()
  startReplica()
  // From now on new invocations go to the replica of this test.
  await waitUntil('the replica is registered', async () => {
    const registered = await fetch(`${stack.adminUrl}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri: `http://127.0.0.1:${port}` }),
    })
    return registered.ok
  })
})

after(async () => {
  isOver = true
  replica?.kill('SIGKILL')
  await stack?.stop()
})

test('a batch that fells its replica is paused with the words for it, and what lay beside it is classified', async () => {
  const post = (run: string, id: string, handler = 'classify-api/batch') =>
    callIngress(
      stack,
      handler,
      {
        indicators: [{ indicator_id: id, name: `Output of ${id}` }],
        run_id: run,
        options: { mode: 'model', reuse: false },
      },
      { 'idempotency-key': `${run}-0` },
    )
  // The innocent batches wait for a slow model while the replica is felled beside them.
  const innocent = Array.from({ length: 4 }, (_, index) => post(`run-i${index}`, `I.${index}`))
  const sent = await post('run-felling', FELLING_ID, 'classify-api/batch/send')
  assert.equal(sent.status, 202, sent.text)

  await waitUntil('the queue shows the pause', async () => {
    const { code, stdout, stderr } = await runCli(['queue', '--json'], { env: stack.env })
    assert.equal(code, 0, stderr)
    const { failures } = JSON.parse(stdout) as QueueReport
    const paused = failures.filter(({ status }) => status === 'paused')
    assert.ok(paused.length <= 1, JSON.stringify(paused))
    return paused.some(({ reason }) => /the replica that held it died/.test(reason))
  })
  assert.equal(deaths, 3)
  for (const answer of await Promise.all(innocent)) assert.equal(answer.status, 200, answer.text)

  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    await waitUntil('no note is left', async () => {
      const { rows } = await client.query('select * from attempt_notes')
      return rows.length === 0
    })
  } finally {
    await client.end()
  }
  const { code, stdout, stderr } = await runCli(['kill', 'run-felling', '--json'], { env: stack.env })
  assert.equal(code, 0, stderr + stdout)
  assert.equal(deaths, 3)
})
