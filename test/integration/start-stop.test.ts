/** `start` and `demo` as processes: what they start, they stop, whoever gets the signal. */
import assert from 'node:assert/strict'
import { access, chmod, mkdir, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isRunning } from '../../src/embedded/pids.ts'
import { type RunningCli, runCli, startCli as startProcess } from '../helpers/cli.ts'
import { isolatedEnv } from '../helpers/stack.ts'

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
  assert.equal(pids.length, 4, stderr)
  assert.deepEqual(pids.filter(isRunning), [])
  for (const name of ['INGRESS_PORT', 'ADMIN_PORT', 'PORT', 'OFFLINE_MODEL_PORT']) {
    assert.equal(await isListening(env[name]), false, name)
  }
  // PostgreSQL takes its pid file away only when it ends in peace.
  const pidFile = join(env.DATA_DIR ?? '', 'postgres', 'cluster', 'postmaster.pid')
  await assert.rejects(access(pidFile), { code: 'ENOENT' })
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  test(`${signal} to the whole group ends every part, restarts none, and PostgreSQL in peace`, async () => {
    const env = await newEnv()
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
  while (
    !(await access(pidFile).then(
      () => true,
      () => false,
    ))
  )
    await new Promise((resolve) => setTimeout(resolve, 10))
  process.kill(-(cli.child.pid ?? 0), 'SIGINT')
  const { code, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  await assert.rejects(access(pidFile), { code: 'ENOENT' })
  for (const name of ['INGRESS_PORT', 'ADMIN_PORT', 'PORT', 'OFFLINE_MODEL_PORT']) {
    assert.equal(await isListening(env[name]), false, name)
  }
})

test('after kill -9 of the supervisor a new start cleans up and goes on with the data', async () => {
  const env = await newEnv()
  const first = startCli(['start'], { env })
  await first.untilSaid('npm run classify')
  first.child.kill('SIGKILL')
  const { stderr: firstSaid } = await first.result

  const second = startCli(['start'], { env })
  await second.untilSaid('npm run classify')
  assert.deepEqual(pidsOf(firstSaid).filter(isRunning), [])
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
  const first = await runCli(['demo', '--json'], { env: own })
  assert.equal(first.code, 0, first.stderr)
  const report = JSON.parse(first.stdout)
  assert.ok(report.indicators >= 150)
  assert.equal(report.classified, report.indicators)
  assert.equal(report.results.length, 5)
  for (const name of ['INGRESS_PORT', 'ADMIN_PORT', 'PORT', 'OFFLINE_MODEL_PORT']) {
    assert.equal(await isListening(env[name]), false, name)
  }
  const second = JSON.parse((await runCli(['demo', '--json'], { env: own })).stdout)
  assert.equal(second.unchanged, second.indicators)

  // With the stack stopped, the database alone is started for the export.
  const exported = await runCli(['export', '--format', 'jsonl'], { env: own })
  assert.equal(exported.stdout.trim().split('\n').length, report.indicators)
})
