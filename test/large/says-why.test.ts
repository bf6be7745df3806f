/** A run in which nothing moves says why within 30 s, and goes on when the cause is gone: parts of a real stack that stand still. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runCli, startCli } from '../helpers/cli.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'

/** Twice what the progress line promises, since a slow machine is no failure. */
const PATIENCE_MS = 60_000

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

const signal = (part: string, name: 'SIGSTOP' | 'SIGCONT') => {
  process.kill(stack.pids()[part] ?? 0, name)
}

test('a frozen replica', async () => {
  await standsStill(
    () => signal('replica', 'SIGSTOP'),
    () => signal('replica', 'SIGCONT'),
    /waiting: no replica answers Restate/i,
  )
})

test('a frozen database', async () => {
  await standsStill(
    () => signal('postgres', 'SIGSTOP'),
    () => signal('postgres', 'SIGCONT'),
    /waiting: the database holds the work up/i,
  )
})

test('a frozen node', async () => {
  await standsStill(
    () => signal('restate-server', 'SIGSTOP'),
    () => signal('restate-server', 'SIGCONT'),
    /waiting: no Restate node answers/i,
  )
})
