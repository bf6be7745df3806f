/** The drill of the embedded stack: work done and work under way, a backup, the loss of everything, a restore, and the same counts. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { type RunningCli, runCli, startCli } from '../helpers/cli.ts'
import { isolatedEnv } from '../helpers/stack.ts'
import { waitUntil } from '../helpers/wait.ts'
import {
  COUNTED,
  type Counts,
  compareCounts,
  type Drill,
  madeCatalogue,
  OPEN_INVOCATIONS,
  openBatch,
} from './counts.ts'

/** Slow enough that work of the second run is under way when the stack stops. */
const LATENCY_MS = '400'
const RPM = '1200'
const UNDER_WAY = 30

/**
 * Runs the drill with `rows` finished rows. Resolves with what was counted before the loss and after the restore; the process of the
 * stack and its data are removed in any case.
 */
export async function drillEmbedded(rows: number, say: (line: string) => void): Promise<Drill> {
  const env: Env = {
    ...(await isolatedEnv()),
    RATE_RPM: RPM,
    OFFLINE_MODEL_LATENCY_MS: LATENCY_MS,
    DRAIN_TIMEOUT_MS: '500',
  }
  const folder = await mkdtemp(join(tmpdir(), 'classify-drill-'))
  const backup = join(folder, 'backup')
  let stack: RunningCli | undefined
  const start = async () => {
    stack = startCli(['start'], { env })
    await stack.untilSaid('The classify service is ready')
  }
  const stop = async () => {
    stack?.child.kill('SIGTERM')
    await stack?.result
    stack = undefined
  }
  try {
    await start()
    const done = join(folder, 'done.csv')
    await writeFile(done, madeCatalogue('drill', rows))
    await must(runCli(['classify', done, '--catalogue', 'done', '--mode', 'rules'], { env }))
    await sendBatch(env, UNDER_WAY)
    await waitUntil('the batch is under way', async () => (await openInvocations(env)) > 0)
    const before = await count(env)
    say(`Before: ${JSON.stringify(before)}`)
    await stop()

    await must(runCli(['backup', backup], { env }))
    await rm(env['DATA_DIR'] ?? '', { recursive: true, force: true })
    await must(runCli(['restore', backup], { env }))
    await start()
    const after = await count(env)
    say(`After the restore: ${JSON.stringify(after)}`)
    // What was under way goes on by itself.
    await waitUntil('the rest is done', async () => (await openInvocations(env)) === 0)
    const finished = await count(env)
    say(`When the rest was done: ${JSON.stringify(finished)}`)
    return { before, after, finished, faults: compareCounts(before, after, finished, rows + UNDER_WAY) }
  } finally {
    await stop()
    await rm(env['DATA_DIR'] ?? '', { recursive: true, force: true })
    await rm(folder, { recursive: true, force: true })
  }
}

type Env = Readonly<Record<string, string>>

async function must(running: ReturnType<typeof runCli>): Promise<void> {
  const { code, stderr } = await running
  if (code !== 0) throw new Error(`a command ended with ${code}: ${stderr.slice(-500)}`)
}

/** Sends a batch that nobody waits for, as a program does with `/send`. */
async function sendBatch(env: Env, size: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${env['INGRESS_PORT']}/classify-api/batch/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'under-way' },
    body: JSON.stringify(openBatch(size)),
  })
  if (answer.status !== 202) throw new Error(`the batch was not taken (${answer.status}): ${await answer.text()}`)
}

async function openInvocations(env: Env): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${env['ADMIN_PORT']}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify({ query: OPEN_INVOCATIONS }),
  })
  const { rows } = (await answer.json()) as { rows: readonly unknown[] }
  return rows.length
}

async function count(env: Env): Promise<Counts> {
  const state = JSON.parse(await readState(env)) as { database_url: string }
  const client = new Client({ connectionString: state.database_url })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string; rows: number }>(COUNTED)
    const counted = Object.fromEntries(rows.map(({ name, rows: number }) => [name, number]))
    return { ...counted, open: await openInvocations(env) }
  } finally {
    await client.end()
  }
}

async function readState(env: Env): Promise<string> {
  return await readFile(join(env['DATA_DIR'] ?? '', 'embedded.json'), 'utf8')
}
