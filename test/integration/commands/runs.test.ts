/** Runs that are detached, paused, stopped, taken over and listed, by processes of their own on a running stack. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { isRunning } from '../../../src/embedded/pids.ts'
import { type RunBody, runSchema, runsResponseSchema } from '../../../src/restate/contract.ts'
import { runCli, startCli } from '../../helpers/cli/cli.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

/** So slow that the first rows of a run are seen long before its last, and so fast that the rest takes no time. */
const SLOW_RPM = 600
const FAST_RPM = 6_000
/** A pace at which a run is under way for a minute more, and what of it sleeps wakes within half a minute. */
const LATER_RPM = 150

let stack: TestStack
let directory: string
let env: Record<string, string>

before(async () => {
  stack = await startTestStack({ RATE_RPM: String(FAST_RPM), OFFLINE_MODEL_LATENCY_MS: '100' })
  directory = await mkdtemp(join(tmpdir(), 'classify-runs-'))
  env = { ...stack.env }
})

after(async () => {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
})

const ROWS = 800
async function setPace(rpm: number): Promise<void> {
  assert.equal((await callIngress(stack, 'classify-api/budget', { rpm })).status, 200)
}

const OPTIONS = ['--mode', 'model', '--no-reuse', '--pack', '5', '--batch-size', '20', '--json']

async function catalogue(name: string): Promise<string> {
  const path = join(directory, `${name}.jsonl`)
  const lines = Array.from({ length: ROWS }, (_, n) =>
    JSON.stringify({ indicator_id: `${name}.${n}`, name: `Thing ${name} ${n}` }),
  )
  await writeFile(path, lines.join('\n'))
  return path
}

async function readRun(runId: string): Promise<RunBody> {
  const answer = await callIngress(stack, 'classify-api/run', { run_id: runId })
  assert.equal(answer.status, 200, answer.text)
  return runSchema.strict().parse(answer.json())
}

async function openBatches(): Promise<number> {
  const query = `select count(1) as n from sys_invocation where target_handler_name = 'batch' and status <> 'completed'`
  const response = await fetch(`${stack.adminUrl}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query }),
  })
  return ((await response.json()) as { rows: { n: number }[] }).rows[0]?.n ?? 0
}

async function command(...args: readonly string[]) {
  const ended = await runCli(args, { env, ownProcess: true })
  return { ...ended, json: () => JSON.parse(ended.stdout) }
}

test('a detached run is paused, loses its driver by kill -9, is taken over paused, and goes on to its end', async () => {
  await setPace(SLOW_RPM)
  const begun = await command('classify', await catalogue('det'), ...OPTIONS, '--detach')
  assert.equal(begun.code, 0, begun.stderr)
  const { run_id: runId, pid, log, commands } = begun.json()
  assert.equal(commands.pause, `npm run pause -- ${runId}`)
  await waitUntil('some rows are saved', async () => (await readRun(runId)).indicators > 0)
  await setPace(LATER_RPM)

  const paused = await command('pause', runId, '--json')
  assert.equal(paused.code, 0, paused.stderr)
  assert.equal(paused.json().driver.pid, pid)
  await waitUntil('the driver has seen the pause', async () =>
    (await readFile(log, 'utf8')).includes('The run is paused'),
  )
  await waitUntil('what is in flight has ended', async () => (await openBatches()) === 0)
  const still = (await readRun(runId)).indicators
  assert.ok(still < ROWS, `${still} rows when the run was paused`)

  await setPace(FAST_RPM)
  process.kill(pid, 'SIGKILL')
  await waitUntil('the driver is dead', async () => !(await isRunning(pid)))
  const taker = startCli(['classify', '--resume', runId, '--json'], { env })
  await taker.untilSaid('The run is paused')
  const taken = await readRun(runId)
  assert.equal(taken.state, 'paused')
  assert.equal(taken.driver?.pid, taker.child.pid)
  assert.equal(taken.indicators, still, 'nothing was submitted while the run was paused')

  const third = await command('classify', '--resume', runId)
  assert.equal(third.code, 2, third.stderr)
  assert.match(third.stderr, new RegExp(`driven already \\(host .*, pid ${taker.child.pid}, since 20`))

  assert.equal((await command('resume', runId)).code, 0)
  const whole = await taker.result
  assert.equal(whole.code, 0, whole.stderr)
  assert.equal(JSON.parse(whole.stdout).classified, ROWS)
  const { state, driver, indicators } = await readRun(runId)
  assert.deepEqual({ state, driver, indicators }, { state: 'complete', driver: null, indicators: ROWS })

  const late = await command('pause', runId)
  assert.equal(late.code, 1)
  assert.match(late.stdout, /no process drives it \(complete\)/)
  assert.equal((await readRun(runId)).wanted, 'running')
})

test('stop ends the driver with the exit code and the line of an interrupt; the run is listed and resumed', async () => {
  await setPace(SLOW_RPM)
  const path = await catalogue('stp')
  const cli = startCli(['classify', path, ...OPTIONS], { env })
  await cli.untilSaid(/--resume run-/)
  const runId = /--resume (run-\S+)/.exec(cli.said())?.[1] ?? ''
  await waitUntil('some rows are saved', async () => (await readRun(runId)).indicators > 0)
  await setPace(LATER_RPM)
  assert.equal((await command('stop', runId)).code, 0)
  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 130, stderr)
  const report = JSON.parse(stdout)
  assert.equal(report.stopped_by, 'command')
  assert.ok(report.classified > 0 && report.failed > 0, stdout)
  assert.match(stderr, new RegExp(`Stopped\\. .*\\n +npm run classify -- --resume ${runId}\\n`))

  const listed = runsResponseSchema.parse((await command('runs', '--json', '--catalogue', 'stp')).json())
  const [run] = listed.runs
  assert.equal(listed.runs.length, 1)
  assert.deepEqual(
    { id: run?.run_id, state: run?.state, command: run?.command, size: run?.size, rows: run?.indicators },
    { id: runId, state: 'stopped', command: 'classify', size: ROWS, rows: report.classified },
  )
  assert.match((await command('runs', '--limit', '1')).stdout, new RegExp(`\\n${runId} .* stopped\\n$`))
  assert.match((await command('status', runId)).stderr, /was stopped: [\d,]+ of 800/)

  await setPace(FAST_RPM)
  const resumed = await command('classify', '--resume', runId, '--json')
  assert.equal(resumed.code, 0, resumed.stderr)
  assert.equal(resumed.json().classified, ROWS, resumed.stdout)
})

/** A run of 24 records in one batch of six requests, one of which at least is answered, at a pace at which no further one starts for a minute. */
async function underWay(name: string) {
  await setPace(30)
  const path = join(directory, `${name}.jsonl`)
  const lines = Array.from({ length: 24 }, (_, n) =>
    JSON.stringify({ indicator_id: `${name}.${n}`, name: `${name} ${n}` }),
  )
  await writeFile(path, lines.join('\n'))
  const cli = startCli(['classify', path, '--mode', 'model', '--pack', '4', '--json'], { env })
  await cli.untilSaid(/--resume run-/)
  const runId = /--resume (run-\S+)/.exec(cli.said())?.[1] ?? ''
  await waitUntil('some requests are answered', async () => (await readRun(runId)).answered >= 4)
  // However long a command takes, most of the requests have not started when it is heard.
  await setPace(1)
  return { cli, runId }
}

test('stop keeps every request that has not started from starting, also in a batch that is in flight as a whole', async () => {
  const { cli, runId } = await underWay('withheld')
  const stopped = await command('stop', runId)
  assert.match(stopped.stdout, /starts no further request within a few seconds/)
  const { code, stderr } = await cli.result
  assert.equal(code, 130, stderr)
  const atEnd = await readRun(runId)
  assert.equal(atEnd.state, 'stopped')
  assert.ok(atEnd.model_requests < 6, `${atEnd.model_requests} of 6 requests were started`)

  // The rest would start at once, if it could.
  await setPace(FAST_RPM)
  await waitUntil('the batches have ended', async () => (await openBatches()) === 0)
  const after = await readRun(runId)
  assert.equal(after.model_requests, atEnd.model_requests, 'nothing was asked after the stop')
  assert.deepEqual([after.classified, after.answered], [after.answered, after.model_requests * 4])

  const resumed = await command('classify', '--resume', runId, '--json')
  assert.equal(resumed.code, 0, resumed.stderr)
  const whole = await readRun(runId)
  assert.deepEqual([whole.state, whole.model_requests], ['complete', 6], 'what was answered is not asked again')
})

test('pause keeps every request that has not started from starting, and resume asks what was left', async () => {
  const { cli, runId } = await underWay('held')
  const paused = await command('pause', runId)
  assert.match(paused.stdout, /starts no further request within a few seconds/)
  await waitUntil('the batch in flight has ended', async () => (await openBatches()) === 0)
  const held = await readRun(runId)
  assert.equal(held.state, 'paused', 'its driver waits')
  assert.ok(held.model_requests < 6, `${held.model_requests} of 6 requests were started`)
  await setPace(FAST_RPM)
  assert.equal((await command('resume', runId)).code, 0)
  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  assert.deepEqual([JSON.parse(stdout).classified, JSON.parse(stdout).failed], [24, 0])
  const whole = await readRun(runId)
  assert.deepEqual([whole.state, whole.model_requests], ['complete', 6], 'what was answered is not asked again')
})

test('a detached run that cannot begin says why, ends with its code, and leaves no file behind', async () => {
  const path = join(directory, 'bad.csv')
  await writeFile(path, 'indicator_id,name\nA.1,\n')
  const { code, stderr } = await command('classify', path, '--detach')
  assert.equal(code, 2)
  assert.match(stderr, /bad\.csv.*2.*name/s)
  const unknown = await command('stop', 'run-nobody')
  assert.equal(unknown.code, 1)
  assert.match(unknown.stderr, /run "run-nobody" is not known/)
})
