/** A run in which nothing moves says why within 30 s, and goes on when the cause is gone: parts of a real stack that stand still. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { runCli, startCli } from '../helpers/cli/cli.ts'
import { startTestStack, type TestStack } from '../helpers/stack/stack.ts'

/** Twice what the progress line promises, since a slow machine is no failure. */
const PATIENCE_MS = 60_000
/** The stack kills a part that hangs and starts it again; the new one is frozen within this time. */
const FREEZE_EVERY_MS = 50

let stack: TestStack
let directory: string
let runs = 0

before(async () => {
  stack = await startTestStack({ OFFLINE_MODEL_LATENCY_MS: '2000', RATE_RPM: '60' })
  directory = await mkdtemp(join(tmpdir(), 'classify-why-'))
})

after(async () => {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
})

/** Starts a run, does `harm` in the middle of it, waits for the sentence, mends it, and waits for the end of the run. */
async function standsStill(harm: () => Promise<void> | void, mend: () => Promise<void> | void, expected: RegExp) {
  runs += 1
  const path = join(directory, `${runs}.jsonl`)
  const lines = Array.from({ length: 20 }, (_, index) => {
    return JSON.stringify({ indicator_id: `${runs}.${index}`, name: `Zorbic attainment ${runs} ${index}` })
  })
  await writeFile(path, lines.join('\n'))
  const args = ['classify', path, '--mode', 'model', '--pack', '1', '--batch-size', '5', '--trust', 'shipped', '--json']
  const cli = startCli(args, { env: { ...stack.env } })
  await cli.untilSaid(/\d+\/20 /)
  await harm()
  const harmedAt = performance.now()
  try {
    const late = setTimeout(() => cli.child.kill('SIGKILL'), PATIENCE_MS)
    await cli.untilSaid(expected)
    clearTimeout(late)
    assert.ok(performance.now() - harmedAt < PATIENCE_MS)
    const { stdout } = await runCli(['status'], { env: { ...stack.env } })
    assert.match(stdout, expected)
  } finally {
    await mend()
  }
  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  assert.equal(JSON.parse(stdout).classified, 20)
}

/** Freezes the part, and each process that the stack starts in its place, until `thaw`. */
function keepFrozen(part: string) {
  let timer: NodeJS.Timeout | undefined
  const send = (name: 'SIGSTOP' | 'SIGCONT') => {
    try {
      process.kill(stack.pids()[part] ?? 0, name)
    } catch {
      // The stack has just ended this process, and starts another.
    }
  }
  return {
    freeze: () => {
      timer = setInterval(() => send('SIGSTOP'), FREEZE_EVERY_MS)
    },
    thaw: () => {
      clearInterval(timer)
      send('SIGCONT')
    },
  }
}

test('a replica that hangs again and again', async () => {
  const { freeze, thaw } = keepFrozen('replica')
  // Which of the two it is depends on whether the look falls into a restart.
  await standsStill(freeze, thaw, /waiting: (?:no replica answers Restate|Restate does not reach the replicas)/i)
})

test('a database that takes no writes', async () => {
  const set = async (value: string) => {
    const client = new pg.Client({ connectionString: stack.databaseUrl })
    await client.connect()
    try {
      await client.query('set default_transaction_read_only = off')
      await client.query(`alter role current_user set default_transaction_read_only = ${value}`)
      await client.query(
        'select pg_terminate_backend(pid) from pg_stat_activity where usename = current_user and pid <> pg_backend_pid()',
      )
    } finally {
      await client.end()
    }
  }
  await standsStill(
    () => set('on'),
    () => set('off'),
    /waiting: the database holds the work up/i,
  )
})

test('a node that hangs again and again', async () => {
  const { freeze, thaw } = keepFrozen('restate-server')
  await standsStill(freeze, thaw, /waiting: no Restate node answers/i)
})
