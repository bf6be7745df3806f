/** A run of the command on an embedded stack while a test harms the stack: every indicator gets exactly one result. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type RunningCli, startCli } from '../cli/cli.ts'
import { waitUntil } from '../wait.ts'
import type { TestStack } from './stack.ts'

/** Indicators in one request to the model. */
export const PACK = 10

export interface RunThrough {
  /** Requests that the model has accepted for the run. */
  readonly requests: number
  readonly runId: string
  readonly stderr: string
  /** The longest time without a further result after `harm` was called, milliseconds. */
  readonly longestGapMs: number
}

export interface RunThroughOptions {
  readonly indicators: number
  /** Called after ten requests to the model. */
  readonly harm: (cli: RunningCli) => Promise<void>
  /** Called after the run and before its rows are counted. */
  readonly afterRun?: () => Promise<void>
}

let runs = 0

/** Runs a catalogue of new indicators, all by the model, and checks that the database has one row for each. */
export async function runThrough(stack: TestStack, options: RunThroughOptions): Promise<RunThrough> {
  const { indicators, harm, afterRun = async () => undefined } = options
  runs += 1
  const directory = await mkdtemp(join(tmpdir(), 'classify-through-'))
  const file = join(directory, 'catalogue.jsonl')
  const lines = Array.from({ length: indicators }, (_, index) => {
    return JSON.stringify({
      indicator_id: `${runs}.${index}`,
      name: `Output of plant ${runs} ${index}`,
      units: 'Tonnes',
    })
  })
  await writeFile(file, lines.join('\n'))
  const before = await acceptedRequests(stack)
  const args = ['classify', file, '--mode', 'model', '--no-reuse', '--batch-size', '20', '--json']
  const cli = startCli(args, { env: { ...stack.env } })
  try {
    await waitUntil('ten requests are accepted', async () => (await acceptedRequests(stack)) >= before + 10)
    const gaps = watchGaps(stack.databaseUrl, `${runs}.`)
    await harm(cli)
    const { code, stdout, stderr } = await cli.result
    const longestGapMs = await gaps.end()
    assert.equal(code, 0, stderr)
    await afterRun()
    const report = JSON.parse(stdout)
    assert.equal(report.classified, indicators)
    const [rows] = await query(
      stack.databaseUrl,
      'select count(*)::int as rows, count(distinct indicator_id)::int as ids from run_results where run_id = $1',
      [report.run_id],
    )
    assert.deepEqual(rows, { rows: indicators, ids: indicators })
    return { requests: (await acceptedRequests(stack)) - before, runId: report.run_id, stderr, longestGapMs }
  } finally {
    cli.child.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  }
}

interface Stats {
  readonly requests: { readonly accepted: number }
}

export async function acceptedRequests({ env }: Pick<TestStack, 'env'>): Promise<number> {
  const url = `http://127.0.0.1:${env.OFFLINE_MODEL_PORT}/stats?indicators=0`
  return ((await (await fetch(url)).json()) as Stats).requests.accepted
}

/** Sends one statement over a connection of its own, which may take two seconds. */
export async function query(
  connectionString: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000, query_timeout: 2_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.query(text, [...values])).rows
  } finally {
    void client.end().catch(() => undefined)
  }
}

/** Watches how the results come, until the end. */
function watchGaps(databaseUrl: string, prefix: string) {
  let latest = -1
  let lastAt = performance.now()
  let longestMs = 0
  let isEnded = false
  const text = 'select count(*)::int as n from run_results where starts_with(indicator_id, $1)'
  const look = async () => {
    const [row] = await query(databaseUrl, text, [prefix]).catch(() => [undefined])
    const now = performance.now()
    if (row === undefined || row.n === latest) return
    latest = Number(row.n)
    longestMs = Math.max(longestMs, now - lastAt)
    lastAt = now
  }
  const watching = (async () => {
    while (!isEnded) {
      await look()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    await look()
  })()
  return {
    end: async () => {
      isEnded = true
      await watching
      return longestMs
    },
  }
}
