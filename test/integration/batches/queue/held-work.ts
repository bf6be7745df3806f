/** Work that does not go on by itself: paused, or of a removed deployment, or without its database; queue, status and the run say so. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { HeldReport } from '../../../../src/cli/queue/held.ts'
import type { QueueReport } from '../../../../src/cli/queue/queue-report.ts'
import type { ResumeReport } from '../../../../src/cli/queue/resume.ts'
import type { WaitReport } from '../../../../src/cli/results/status.ts'
import { createPool } from '../../../../src/store/pool.ts'
import { type RunningCli, runCli, startCli } from '../../../helpers/cli/cli.ts'
import { silent } from '../../../helpers/database/postgres.ts'
import { waitUntil } from '../../../helpers/wait.ts'
import { env, hold, model, release, stack } from './world.ts'

let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-held-'))
})

after(() => rm(directory, { recursive: true, force: true }))

async function json<T>(args: readonly string[], code = 0): Promise<T> {
  const result = await runCli([...args, '--json'], { env })
  assert.equal(result.code, code, result.stderr)
  assert.equal(result.stdout.trim().split('\n').length, 1)
  return JSON.parse(result.stdout) as T
}

const queue = () => json<QueueReport & HeldReport>(['queue'])

/** The invocations of batches that have not ended. */
async function openBatches(): Promise<readonly string[]> {
  const sql = `select id from sys_invocation where target_handler_name = 'batch' and status <> 'completed'`
  const answer = await fetch(`${stack.adminUrl}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: sql }),
  })
  return ((await answer.json()) as { rows: { id: string }[] }).rows.map(({ id }) => id)
}

/** A run of one batch, which waits for the model until the test lets it go. */
async function startRun(
  prefix: string,
): Promise<{ readonly cli: RunningCli; readonly runId: string; readonly batch: string }> {
  hold()
  const others = await openBatches()
  const path = join(directory, `${prefix}.jsonl`)
  await writeFile(path, JSON.stringify({ indicator_id: prefix, name: `Zorbic attainment ${prefix}` }))
  const cli = startCli(['classify', path, '--mode', 'model', '--no-reuse', '--json'], { env })
  await cli.untilSaid(/--resume run-\S+/)
  const runId = /--resume (run-\S+)/.exec(cli.said())?.[1] ?? ''
  const before = model.asked.length
  await waitUntil(
    'the model is asked',
    () => model.asked.length > before || model.asked.some(({ ids }) => ids.includes(prefix)),
  )
  const batch = await waitUntil('the batch is open', async () =>
    (await openBatches()).find((id) => !others.includes(id)),
  )
  return { cli, runId, batch }
}

async function patch(id: string, what: string): Promise<void> {
  const answer = await fetch(`${stack.adminUrl}/invocations/${id}/${what}`, { method: 'PATCH' })
  assert.ok(answer.status < 300, `${answer.status} ${await answer.text()}`)
}

test('queue names a paused batch with its run, status says what is waited for, and resume lets the run end', async () => {
  const { cli, runId, batch } = await startRun('P')
  await patch(batch, 'pause')
  const report = await waitUntil('the batch is paused', async () => {
    const found = await queue()
    return found.paused.length > 0 && found
  })
  assert.deepEqual(
    report.paused.map(({ id, service, handler, run_id: run }) => [id, service, handler, run]),
    [[batch, 'classify-api', 'batch', runId]],
  )
  assert.deepEqual([report.orphaned, report.warnings], [[], []])
  assert.ok(report.clocks.length >= 3)
  const text = await runCli(['queue'], { env })
  assert.match(
    text.stdout,
    new RegExp(`Paused, until somebody resumes them:\n.*${batch}[^]*npm run resume -- ${runId}`),
  )

  const status = await json<WaitReport>(['status'])
  assert.match(status.waiting ?? '', /1 invocation paused in Restate/)
  assert.equal(status.command, `npm run resume -- ${batch}`)
  const ofRun = await runCli(['status', runId], { env })
  assert.match(ofRun.stderr, new RegExp(`Waiting: 1 invocation paused.*npm run resume -- ${runId}`))

  const { waits_for: waits } = await json<{ waits_for: { reason: string; command: string } }>(['status', runId])
  assert.match(waits.reason, /1 invocation paused in Restate/)
  assert.equal(waits.command, `npm run resume -- ${runId}`)

  const resumed = await json<ResumeReport>(['resume', runId])
  assert.deepEqual(resumed.resumed, [batch])
  assert.deepEqual([resumed.run?.state, resumed.run?.wanted], ['running', 'running'])
  release()
  assert.equal((await cli.result).code, 0, cli.said())
  assert.deepEqual(await json<ResumeReport>(['resume', runId], 1), {
    ...{ target: runId, resumed: [], not_paused: 0 },
    run: { run_id: runId, state: 'complete', wanted: 'running', max_cost_usd: null, driver: null },
  })
  const one = await json<ResumeReport>(['resume', batch], 1)
  assert.deepEqual(one, { target: batch, resumed: [], not_paused: 0, run: null })
  const half = await runCli(['resume', runId, '--admin', 'http://127.0.0.1:1'], { env })
  assert.match(half.stderr, /Whether Restate has paused work of the run cannot be seen: /)
  assert.match(half.stdout, /no process drives it \(complete\)/)
  const refused = await runCli(['resume', 'no such run!'], { env })
  assert.match(refused.stderr, /is not the id of a run/)
})

test('a database that is set read-only is told by health with 503 and by status, and work goes on when it is not any more', async () => {
  const pool = createPool({ connectionString: stack.databaseUrl, max: 1, log: silent })
  const setReadOnly = async (value: string) => {
    await pool.query(`alter system set default_transaction_read_only = ${value}`)
    await pool.query('select pg_reload_conf()')
  }
  const health = async () => {
    const answer = await fetch(`${stack.replicaUrl}/classify-api/health`)
    return { code: answer.status, ...((await answer.json()) as { readonly message?: string }) }
  }
  try {
    await setReadOnly('on')
    const told = await waitUntil('health tells it', async () => {
      const found = await health()
      return found.code === 503 && found
    })
    assert.match(told.message ?? '', /takes no writes.*SQLSTATE 25006/)
    const { waiting, command } = await json<WaitReport>(['status'])
    assert.match(waiting ?? '', /the database holds the work up.*takes no writes/)
    assert.match(command ?? '', /default_transaction_read_only/)
  } finally {
    await pool.query('set default_transaction_read_only = off')
    await setReadOnly('off')
    await pool.end()
  }
  await waitUntil('the replica is healthy again', async () => (await health()).code === 200)
})

test('a batch of a deployment that was removed by force is named by queue with the command, which frees it', async () => {
  const { cli, runId, batch } = await startRun('O')
  const listed = (await (await fetch(`${stack.adminUrl}/deployments`)).json()) as { deployments: { id: string }[] }
  for (const { id } of listed.deployments) {
    const answer = await fetch(`${stack.adminUrl}/deployments/${id}?force=true`, { method: 'DELETE' })
    assert.ok(answer.status < 300, `${answer.status}`)
  }
  const report = await waitUntil('queue names it', async () => {
    const found = await queue()
    return found.orphaned.length > 0 && found
  })
  assert.ok(
    report.orphaned.some(
      ({ id, run_id: run, deployment }) => id === batch && run === runId && deployment.startsWith('dp_'),
    ),
  )
  const text = await runCli(['queue'], { env })
  assert.match(text.stdout, new RegExp(`Of a deployment that was removed[^]*npm run kill -- ${runId} --force`))
  const { waiting } = await json<WaitReport>(['status'])
  assert.match(waiting ?? '', /no replica is registered|of a deployment that was removed/)
  const killed = await runCli(['kill', runId, '--force'], { env })
  assert.equal(killed.code, 0, killed.stderr)
  release()
  await cli.result
  assert.deepEqual((await queue()).orphaned, [])
})
