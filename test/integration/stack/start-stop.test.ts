/** The commands `start` and `demo` as processes: they stop every process that they started, whichever process gets the signal. */
import assert from 'node:assert/strict'
import { access, chmod, mkdir, rm } from 'node:fs/promises'
import { createConnection, createServer } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isRunning } from '../../../src/embedded/pids.ts'
import { freePort } from '../../../src/embedded/ports.ts'
import type { ResultBody } from '../../../src/restate/contract.ts'
import { type RunningCli, runCli, startCli as startProcess } from '../../helpers/cli/cli.ts'
import { copyPostgres } from '../../helpers/database/postgres-template.ts'
import { isolatedEnv } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

const directories: string[] = []
const started: RunningCli[] = []

after(async () => {
  // Where a test failed, its stack still runs.
  for (const { child } of started) child.kill('SIGTERM')
  await Promise.all(started.map((cli) => cli.result))
  for (const directory of directories) await rm(directory, { recursive: true, force: true })
})

async function newEnv(): Promise<Record<string, string>> {
  const env = await isolatedEnv()
  directories.push(env.DATA_DIR ?? '')
  return env
}

/** The environment of a stack that was started before, where the first start is not what is tested: it takes seconds. */
async function usedEnv(): Promise<Record<string, string>> {
  const env = await newEnv()
  await copyPostgres(join(env.DATA_DIR ?? '', 'postgres'))
  return env
}

function startCli(...args: Parameters<typeof startProcess>): RunningCli {
  const cli = startProcess(...args)
  started.push(cli)
  return cli
}

/** The processes that the ready message names. */
function pidsOf(stderr: string): number[] {
  const line = /^ +processes +(.*)$/m.exec(stderr)?.[1] ?? ''
  return [...line.matchAll(/(\d+)(?:,|$)/g)].map((match) => Number(match[1]))
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

async function stillRunning(pids: readonly number[]): Promise<number[]> {
  const running = await Promise.all(pids.map(isRunning))
  return pids.filter((_, index) => running[index])
}

async function isListening(port: string | undefined): Promise<boolean> {
  const socket = createConnection({ host: '127.0.0.1', port: Number(port) })
  return await new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  }).then((listening) => {
    socket.destroy()
    return listening === true
  })
}

async function assertAllGone(env: Record<string, string>, stderr: string): Promise<void> {
  const pids = pidsOf(stderr)
  assert.equal(pids.length, 6, stderr)
  assert.deepEqual(await stillRunning(pids), [])
  for (const name of ['INGRESS_PORT', 'ADMIN_PORT', 'PORT', 'OFFLINE_MODEL_PORT', 'CONSOLE_PORT']) {
    assert.equal(await isListening(env[name]), false, name)
  }
  // PostgreSQL removes its pid file only in an orderly shutdown.
  const pidFile = join(env.DATA_DIR ?? '', 'postgres', 'cluster', 'postmaster.pid')
  await assert.rejects(access(pidFile), { code: 'ENOENT' })
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} to the whole group ends every part, restarts none, and shuts PostgreSQL down in order`, async () => {
    const env = await usedEnv()
    const cli = startCli(['start'], { env, detached: true })
    await cli.untilSaid('npm run classify')
    process.kill(-(cli.child.pid ?? 0), signal)
    const { code, stderr } = await cli.result
    assert.equal(code, 0, stderr)
    assert.doesNotMatch(stderr, /starting it again/)
    await assertAllGone(env, stderr)
  })
}

test('a signal while it starts leaves nothing behind', async () => {
  const env = await newEnv()
  const cli = startCli(['start'], { env, detached: true })
  const pidFile = join(env.DATA_DIR ?? '', 'supervisor.pid')
  await waitUntil('the supervisor has written its pid', () => exists(pidFile), { pollMs: 5 })
  process.kill(-(cli.child.pid ?? 0), 'SIGINT')
  const { code, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  await assert.rejects(access(pidFile), { code: 'ENOENT' })
  for (const name of ['INGRESS_PORT', 'ADMIN_PORT', 'PORT', 'OFFLINE_MODEL_PORT', 'CONSOLE_PORT']) {
    assert.equal(await isListening(env[name]), false, name)
  }
})

test('after kill -9 of the supervisor a new start cleans up and goes on with the data', async () => {
  const env = await usedEnv()
  const first = startCli(['start'], { env })
  await first.untilSaid('npm run classify')
  first.child.kill('SIGKILL')
  const { stderr: firstSaid } = await first.result

  const second = startCli(['start'], { env })
  await second.untilSaid('Classify a catalogue')
  assert.deepEqual(await stillRunning(pidsOf(firstSaid)), [], second.said())
  second.child.kill('SIGTERM')
  const { code, stderr } = await second.result
  assert.equal(code, 0, stderr)
  await assertAllGone(env, stderr)
})

test('demo classifies the sample, stops everything, and finds it unchanged the next time', async () => {
  const env = await newEnv()
  // A directory that only its owner may enter, as mktemp -d makes them.
  const home = join(env.DATA_DIR ?? '', 'private')
  await mkdir(home)
  await chmod(home, 0o700)
  const own = { ...env, DATA_DIR: join(home, 'data') }
  const first = await runCli(['demo', '--json'], { env: own, ownProcess: true })
  assert.equal(first.code, 0, first.stderr)
  const report = JSON.parse(first.stdout)
  assert.ok(report.indicators >= 150)
  assert.equal(report.classified, report.indicators)
  assert.equal(report.results.length, 5)
  assert.ok(report.by_source.model > 0)
  assert.match(first.stderr, /written by readers of this project, not by a live model.*OPENAI_API_KEY/)
  for (const name of ['INGRESS_PORT', 'ADMIN_PORT', 'PORT', 'OFFLINE_MODEL_PORT', 'CONSOLE_PORT']) {
    assert.equal(await isListening(env[name]), false, name)
  }
  const second = JSON.parse((await runCli(['demo', '--json'], { env: own, ownProcess: true })).stdout)
  assert.equal(second.unchanged, second.indicators)

  // With the stack stopped, the database alone is started for the export.
  const exported = await runCli(['export', '--format', 'jsonl'], { env: own, ownProcess: true })
  const lines = exported.stdout.trim().split('\n')
  assert.equal(lines.length, report.indicators)
  // The answers that are not the rules' were recorded, so that no result is a guess; what rules decided alone is unverified.
  const results = lines.map((line) => JSON.parse(line) as ResultBody)
  const codes = new Set(results.flatMap(({ issues }) => issues.map(({ code }) => code)))
  assert.ok(codes.has('unchecked') && !codes.has('unsure') && !codes.has('no-answer'), [...codes].join(', '))
  assert.equal(results.filter(({ status }) => status === 'unverified').length, report.unverified)
  const byRules = results.filter(({ source }) => source === 'rules')
  assert.deepEqual(
    [byRules.length, new Set(byRules.map(({ status }) => status))],
    [report.by_source.rules, new Set(['unverified'])],
  )

  // It is stopped again whatever cuts the export off.
  const pidFile = join(own.DATA_DIR, 'postgres', 'cluster', 'postmaster.pid')
  const cut = startCli(['export', '--format', 'csv'], { env: own })
  cut.child.stdout?.destroy()
  assert.equal((await cut.result).code, 0)
  await assert.rejects(access(pidFile), { code: 'ENOENT' })
  const stopped = startCli(['export', '--format', 'csv'], { env: own })
  await waitUntil('PostgreSQL has written its pid', () => exists(pidFile), { pollMs: 5 })
  stopped.child.kill('SIGTERM')
  assert.equal((await stopped.result).code, 130)
  await assert.rejects(access(pidFile), { code: 'ENOENT' })
})

test('a terminal that is closed ends nothing: the stack goes on, and a signal still stops it in order', async () => {
  const env = await usedEnv()
  const cli = startCli(['start'], { env })
  await cli.untilSaid('npm run classify')
  const { stderr } = await new Promise<{ stderr: string }>((resolve) => {
    cli.child.stderr?.once('close', () => resolve({ stderr: cli.said() }))
    cli.child.stderr?.destroy()
  })
  const [, modelPid] = /offline-model (\d+)/.exec(stderr) ?? []
  // The supervisor has something to say, to nobody.
  process.kill(Number(modelPid), 'SIGKILL')
  const health = `http://127.0.0.1:${env.OFFLINE_MODEL_PORT}/health`
  const answers = () =>
    fetch(health).then(
      ({ ok }) => ok,
      () => false,
    )
  await waitUntil('the model is away', async () => !(await answers()), { pollMs: 5 })
  await waitUntil('the model answers again', answers)
  assert.equal(cli.child.exitCode, null)
  cli.child.kill('SIGHUP')
  assert.equal((await cli.result).code, 0)
  await assertAllGone(env, stderr)
})

test('a second Ctrl+C kills the parts at once, and PostgreSQL still shuts down in order', async () => {
  const env = await usedEnv()
  const cli = startCli(['start'], { env })
  await cli.untilSaid('npm run classify')
  const replica = Number(/replica (\d+)/.exec(cli.said())?.[1])
  // A replica that does not answer signals would be waited for for 35 s.
  process.kill(replica, 'SIGSTOP')
  cli.child.kill('SIGINT')
  await cli.untilSaid('Press Ctrl+C again')
  await new Promise((resolve) => setTimeout(resolve, 600))
  const pressedAt = Date.now()
  cli.child.kill('SIGINT')
  const { code, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  assert.ok(Date.now() - pressedAt < 32_000, 'the replica was not waited for')
  assert.match(stderr, /Stopped\. The data is kept/)
  await assertAllGone(env, stderr)
})

test('a part that does not start is reported with its last output', async () => {
  const env = await usedEnv()
  const { code, stderr } = await runCli(['start'], {
    env: { ...env, RESTATE_LOG_FORMAT: 'nonsense' },
    ownProcess: true,
  })
  assert.equal(code, 1, stderr)
  assert.match(stderr, /restate-server ended.*restate-server\.log:\n.*nonsense/s)
  assert.doesNotMatch(stderr, /at .*\.ts:\d+/)
})

test('a gold file that cannot be read is a fault of the configuration, told in one sentence', async () => {
  const env = await usedEnv()
  const { code, stderr } = await runCli(['start'], {
    env: { ...env, OFFLINE_MODEL_ANSWERS: 'gold:/no/such.jsonl' },
    ownProcess: true,
  })
  assert.equal(code, 2, stderr)
  assert.match(stderr, /OFFLINE_MODEL_ANSWERS: the gold file cannot be read: .*\/no\/such\.jsonl/)
  assert.doesNotMatch(stderr, /at .*\.ts:\d+|offline-model\.log/)
})

test('an outside database that is away is waited for with a line, and Ctrl+C ends the wait', async () => {
  const env = await newEnv()
  const port = await freePort()
  const own = { ...env, DATABASE_URL: `postgres://u:secret@127.0.0.1:${port}/x` }
  const cli = startCli(['start'], { env: own })
  await cli.untilSaid(`Waiting for the database at 127.0.0.1:${port} (`)
  cli.child.kill('SIGINT')
  const { code, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  assert.match(stderr, /Stopped before the service was ready/)
  assert.doesNotMatch(stderr, /secret/)
})

test('a taken POSTGRES_PORT is named before anything starts', async () => {
  const env = await usedEnv()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? String(address.port) : ''
  const { code, stderr } = await runCli(['start'], { env: { ...env, POSTGRES_PORT: port }, ownProcess: true })
  await new Promise((resolve) => server.close(resolve))
  assert.equal(code, 1)
  assert.match(stderr, new RegExp(`Port ${port} \\(PostgreSQL\\) is taken.*POSTGRES_PORT`))
})
