/** The drill: work done and work under way, a backup, the loss of everything, a restore, and the same counts. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningCli } from '../helpers/cli/cli.ts'
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

/** A stack that can be lost: the embedded one, or the Compose cluster. */
export interface DrillStack {
  readonly ingressUrls: readonly string[]
  readonly adminUrls: readonly string[]
  readonly authorization: Readonly<Record<string, string>>
  /** What `backup` and `restore` take beside the folder. */
  readonly flags: readonly string[]
  /** The size of the batch that is under way when the stack stops. */
  readonly underWay: number
  /** Starts it, and resolves when it takes calls. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Removes all its data. */
  lose(): Promise<void>
  /** Starts the command `classify` as a user would. */
  classify(args: readonly string[]): RunningCli
  /** Starts another command as a user would. */
  command(args: readonly string[]): RunningCli
  query<T extends object>(text: string): Promise<T[]>
  /** Ends it, and removes all that is left of it. */
  remove(): Promise<void>
}

/** Runs the drill with `rows` finished rows. Nothing is left of the stack, whatever comes of it. */
export async function drill(stack: DrillStack, rows: number, say: (line: string) => void): Promise<Drill> {
  const folder = await mkdtemp(join(tmpdir(), 'classify-drill-'))
  const backup = join(folder, 'backup')
  const look = async (when: string): Promise<Counts> => {
    const counts = await count(stack)
    say(`${when}: ${JSON.stringify(counts)}`)
    return counts
  }
  try {
    await stack.start()
    const file = join(folder, 'done.csv')
    await writeFile(file, madeCatalogue('drill', rows))
    await succeed(stack.classify([file, '--catalogue', 'done', '--mode', 'rules']))
    await send(stack)
    await waitUntil('the batch is under way', async () => (await open(stack)) > 0)
    const before = await look('Before')
    await stack.stop()
    await succeed(stack.command(['backup', backup, ...stack.flags]))

    await stack.lose()
    say('All data is removed.')
    await succeed(stack.command(['restore', backup, ...stack.flags]))
    await stack.start()
    const after = await look('After the restore')
    // What was under way goes on by itself.
    await waitUntil('the rest is done', async () => (await open(stack)) === 0)
    const finished = await look('When the rest was done')
    return { before, after, finished, faults: compareCounts(before, after, finished, rows + stack.underWay) }
  } finally {
    await stack.remove()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Waits for a command, and rejects with what it said where it fails. */
export async function succeed({ result }: RunningCli): Promise<void> {
  const { code, stderr } = await result
  if (code !== 0) throw new Error(`a command ended with ${code}: ${stderr.slice(-800)}`)
}

/** Sends a batch that nobody waits for, as a program does with `/send`. */
async function send({ ingressUrls, authorization, underWay }: DrillStack): Promise<void> {
  const answer = await fetch(`${ingressUrls[0]}/classify-api/batch/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'under-way', ...authorization },
    body: JSON.stringify(openBatch(underWay)),
  })
  if (answer.status !== 202) throw new Error(`the batch was not taken (${answer.status}): ${await answer.text()}`)
}

/** How many invocations are open. A node that is still starting answers nothing, and is asked again. */
async function open({ adminUrls, authorization }: DrillStack): Promise<number> {
  const answer = await waitUntil('a node answers', async () => {
    const response = await fetch(`${adminUrls[0]}/query`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...authorization },
      body: JSON.stringify({ query: OPEN_INVOCATIONS }),
    }).catch(() => undefined)
    return response?.ok === true ? response : undefined
  })
  const { rows } = (await answer.json()) as { rows: readonly unknown[] }
  return rows.length
}

async function count(stack: DrillStack): Promise<Counts> {
  const rows = await stack.query<{ name: string; rows: number }>(COUNTED)
  return { ...Object.fromEntries(rows.map(({ name, rows: number }) => [name, number])), open: await open(stack) }
}
