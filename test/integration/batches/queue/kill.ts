/** The commands `queue` and `kill` on a running stack, with a client that waits for the batches that are ended. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { RunReport } from '../../../../src/cli/classify/run-report.ts'
import type { QueueReport } from '../../../../src/cli/queue/queue-report.ts'
import { freePort } from '../../../../src/embedded/ports.ts'
import { type RunningCli, runCli, startCli } from '../../../helpers/cli/cli.ts'
import { waitUntil } from '../../../helpers/wait.ts'
import { env, hold, release, stack } from './world.ts'

const ROWS = 600

let directory: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-queue-'))
})

after(() => rm(directory, { recursive: true, force: true }))

async function catalogue(prefix: string, count: number): Promise<string> {
  const lines = Array.from({ length: count }, (_, n) => {
    return JSON.stringify({ indicator_id: `${prefix}.${n}`, name: `Thing ${prefix} ${n}` })
  })
  const path = join(directory, `${prefix}.jsonl`)
  await writeFile(path, lines.join('\n'))
  return path
}

async function query(statement: string) {
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    return await client.query(statement)
  } finally {
    await client.end()
  }
}

async function queue(): Promise<QueueReport> {
  const { code, stdout, stderr } = await runCli(['queue', '--json'], { env })
  assert.equal(code, 0, stderr)
  assert.equal(stdout.trim().split('\n').length, 1)
  return JSON.parse(stdout) as QueueReport
}

/** A run whose batches wait for the model, and its id. */
async function startRun(
  prefix: string,
  { rows = ROWS, more = ['--no-reuse', '--force'] }: { readonly rows?: number; readonly more?: readonly string[] } = {},
): Promise<{ readonly cli: RunningCli; readonly runId: string }> {
  hold()
  const path = await catalogue(prefix, rows)
  const cli = startCli(['classify', path, '--mode', 'model', '--json', ...more], { env })
  await cli.untilSaid(/--resume run-\S+/)
  return { cli, runId: /--resume (run-\S+)/.exec(cli.said())?.[1] ?? '' }
}

async function untilQueued(service: string): Promise<QueueReport> {
  return await waitUntil(`${service} stands in the queue`, async () => {
    const report = await queue()
    return report.backlog.some((row) => row.service === service) && report
  })
}

test('kill ends a run in the middle: queue showed it, the waiting client fails with "cancelled", resume does the rest', async () => {
  const { cli, runId } = await startRun('K')
  const waiting = await untilQueued('classifier')
  assert.ok(waiting.admin_url.endsWith(`:${env.ADMIN_PORT}`))
  assert.equal(
    waiting.total,
    waiting.backlog.reduce((sum, { count }) => sum + count, 0),
  )
  assert.ok(waiting.backlog.every(({ oldest_age_ms, count }) => oldest_age_ms >= 0 && count > 0))
  assert.ok(waiting.backlog.some(({ service, handler }) => service === 'classify-api' && handler === 'batch'))

  // Another run that is under way is left alone, also where its id begins in the same way.
  const input = { run_id: `${runId}-1`, indicators: [{ indicator_id: 'other', name: 'Another thing' }] }
  const other = fetch(`${stack.ingressUrl}/classify-api/batch`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `${runId}-1-0` },
    body: JSON.stringify({ ...input, options: { mode: 'model', reuse: false } }),
  })

  const killed = await runCli(['kill', runId, '--json'], { env, ownProcess: true })
  assert.equal(killed.code, 0, killed.stderr)
  const ended = JSON.parse(killed.stdout)
  assert.deepEqual(Object.keys(ended), ['run_id', 'batches', 'chunks', 'still_ending'])
  assert.ok(ended.batches >= 1 && ended.chunks >= 1, killed.stdout)
  assert.equal(ended.still_ending, 0)

  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 1, stderr)
  const report = JSON.parse(stdout) as RunReport
  assert.ok(report.failed > 0)
  assert.equal(report.classified + report.failed, ROWS)
  assert.ok(report.failures.some(({ code, reason }) => code === 'cancelled' && /was cancelled/.test(reason)))
  release()
  assert.equal((await other).status, 200)

  const failures = (await queue()).failures
  assert.ok(
    failures.some(
      ({ handler, status, reason }) => handler === 'batch' && status === 'failed' && /ancell?ed/.test(reason),
    ),
  )

  // What a person asks for and is not there is no failure of the service.
  const unknown = await runCli(['status', 'nobody-knows-it'], { env })
  assert.equal(unknown.code, 1, unknown.stderr)
  assert.equal((await runCli(['status', runId], { env })).code, 0)
  const handlers = (await queue()).failures.map(({ handler }) => handler)
  assert.ok(!handlers.includes('status'), handlers.join(', '))

  const again = await runCli(['kill', runId], { env })
  assert.equal(again.code, 0, again.stderr)
  assert.match(again.stdout, /nothing is under way/)

  const resumed = await runCli(['classify', '--resume', runId, '--json'], { env })
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.equal((JSON.parse(resumed.stdout) as RunReport).classified, ROWS)
})

test('kill --force kills, and the client ends as well', async () => {
  const { cli, runId } = await startRun('F')
  await untilQueued('classifier')
  const { code, stdout, stderr } = await runCli(['kill', runId, '--force'], { env })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /batches and .* chunks killed/)
  const result = await cli.result
  assert.equal(result.code, 1, result.stderr)
  assert.ok((JSON.parse(result.stdout) as RunReport).failures.some((failure) => failure.code === 'cancelled'))
  // A short question that the client asked last may still be under way.
  await waitUntil('nothing is under way', async () => (await queue()).total === 0)
})

test('kill --force frees what the killed batches had claimed, so that the resumed run asks at once', async () => {
  const rows = 40
  const { cli, runId } = await startRun('C', { rows, more: ['--batch-size', '20'] })
  await untilQueued('classifier')
  const held = async () => {
    const { rows: found } = await query('select owner from claims where expires_at > clock_timestamp()')
    return found.length
  }
  await waitUntil('both batches have claimed their shapes', async () => (await held()) === rows)
  const { code, stderr } = await runCli(['kill', runId, '--force'], { env })
  assert.deepEqual([code, stderr], [0, ''])
  await cli.result
  assert.equal(await held(), 0)
  release()
  const resumed = await runCli(['classify', '--resume', runId, '--json'], { env })
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.equal((JSON.parse(resumed.stdout) as RunReport).classified, rows)

  // Where the database is not reached from here, the batches are killed all the same.
  const second = await startRun('D', { rows, more: ['--batch-size', '20'] })
  await untilQueued('classifier')
  const apart = { ...env, DATABASE_URL: `postgres://nobody@127.0.0.1:${await freePort()}/none` }
  const killed = await runCli(['kill', second.runId, '--force'], { env: apart })
  assert.equal(killed.code, 0, killed.stderr)
  assert.match(killed.stderr, /claims of the killed batches run out in two minutes.*ECONNREFUSED/)
  await second.cli.result
})

test('a run that is not known, and an admin port that does not answer, are reported with the reason', async () => {
  const unknown = await runCli(['kill', 'run-nobody'], { env })
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /Run "run-nobody" is not known at http/)
  const dead = `http://127.0.0.1:${await freePort()}`
  const cases: readonly [readonly string[], number, RegExp][] = [
    [['kill', "x' or '1'='1"], 2, /is not the id of a run/],
    [['kill'], 2, /missing required argument/],
    [['kill', 'run-1', '--admin', dead], 1, /No Restate admin port answers.*ECONNREFUSED/s],
    [['queue', '--admin', dead], 1, /No Restate admin port answers.*RESTATE_ADMIN_URL/s],
    [['queue', '--admin', 'here'], 2, /--admin.*http/s],
    [['queue', '--watch', '1'], 2, /--watch.*from 2/s],
    [['queue', '--watch', '--json'], 2, /--json.*--watch/],
  ]
  for (const [args, code, message] of cases) {
    const result = await runCli(args, { env })
    assert.equal(result.code, code, `${args.join(' ')}: ${result.stderr}`)
    assert.match(result.stderr, message)
    assert.doesNotMatch(result.stderr, /at .*\.ts:\d+/)
  }
})

test('queue goes on to the next admin URL where one is dead, and --watch ends with 0 on Ctrl+C', async () => {
  const urls = `http://127.0.0.1:${await freePort()},http://127.0.0.1:${env.ADMIN_PORT}`
  const { code, stdout } = await runCli(['queue', '--admin', urls], { env, ownProcess: true })
  assert.equal(code, 0)
  assert.match(stdout, new RegExp(`^Backlog at http://127.0.0.1:${env.ADMIN_PORT}: `))

  const cli = startCli(['queue', '--watch', '2'], { env })
  let shown = ''
  const twice = new Promise<void>((resolve) => {
    cli.child.stdout?.on('data', (text: string) => {
      shown += text
      if (shown.split('Backlog at').length > 2) resolve()
    })
  })
  await twice
  cli.child.kill('SIGINT')
  const result = await cli.result
  assert.equal(result.code, 0, result.stderr)
  assert.equal(result.stderr, '')
})
