/** Batches with as many sample points as they may have, many at once, on a replica with little memory; and runs that an earlier release began with larger ones. */
import assert from 'node:assert/strict'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { openCatalogue } from '../../../../src/catalogue/open-catalogue.ts'
import { MAX_BATCH_POINTS } from '../../../../src/classification/indicator.ts'
import type { RunReport } from '../../../../src/cli/classify/run-report.ts'
import { NODE_NAME, requestSocket } from '../../../../src/embedded/sockets.ts'
import type { BatchResponse } from '../../../../src/restate/contract.ts'
import { runCli } from '../../../helpers/cli/cli.ts'
import { callIngress } from '../../../helpers/stack/stack.ts'
import { heldSeconds, MAX_HELD_S, stack } from './world.ts'

/** The memory of a container of 512 MiB in KiB. */
const CONTAINER_KIB = 512 * 1_024
const CALLERS = 10

const DATES = Array.from({ length: 5_000 }, (_, week) => {
  return new Date(Date.UTC(1900, 0, 1) + week * 7 * 86_400_000).toISOString().slice(0, 10)
})
const row = (id: string, points: number) => ({
  indicator_id: id,
  name: `Output of ${id}`,
  sample_values: DATES.slice(0, points).map((date, place) => ({ date, value: place * 1.5 })),
})
const rows = (prefix: string, count: number, points: number) =>
  Array.from({ length: count }, (_, index) => row(`${prefix}.${index}`, points))

/** Calls the node past the guard, as whoever reaches the inner network of a cluster does. */
async function callUnguarded(body: unknown) {
  return await requestSocket({
    socketPath: join(stack.dataDir, 'restate', NODE_NAME, 'ingress.sock'),
    path: '/classify-api/batch',
    body,
    signal: AbortSignal.timeout(60_000),
  })
}

/** The most memory that the replica has ever had, in KiB. */
async function peakKib(): Promise<number> {
  const status = await readFile(`/proc/${stack.pids().replica}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1])
}

test('however many callers send large batches at once, the replica stays within its memory and answers all of them', async () => {
  const { replica } = stack.pids()
  await heldSeconds()
  const points = MAX_BATCH_POINTS / 100
  const bodies = Array.from({ length: CALLERS }, (_, caller) => {
    return JSON.stringify({ indicators: rows(`P${caller}`, 100, points), options: { mode: 'rules' } })
  })
  const small = { indicators: rows('S', 1, 3), options: { mode: 'rules' } }
  const answers = await Promise.all([...bodies, small].map((body) => callIngress(stack, 'classify-api/batch', body)))
  for (const [index, answer] of answers.entries()) {
    assert.equal(answer.status, 200, answer.text.slice(0, 300))
    assert.equal((answer.json() as BatchResponse).summary.classified, index < CALLERS ? 100 : 1)
  }
  const [held, peak] = [await heldSeconds(), await peakKib()]
  console.log(`the event loop was held for ${held} s at most, with ${Math.round(peak / 1_024)} MiB at the peak`)
  assert.ok(held < MAX_HELD_S, `the event loop was held for ${held} s`)
  assert.ok(peak < CONTAINER_KIB, `the replica had ${peak} KiB`)
  assert.equal(stack.pids().replica, replica)
})

test('a batch with more sample points is refused by the guard and by a replica, with the bound and the way out', async () => {
  const body = { indicators: rows('B', 21, 5_000), options: { mode: 'rules' } }
  const said = /\/indicators\/20\/sample_values\) .* at most 100000 points, got 105000: send the indicators in several/
  const refused = await callIngress(stack, 'classify-api/batch', body)
  assert.equal(refused.status, 400)
  assert.match(refused.text, said)
  const unguarded = await callUnguarded(body)
  assert.equal(unguarded.status, 400)
  assert.match(unguarded.text, said)
})

test('a run that an earlier release began with larger batches ends with all of its rows', async () => {
  const run = 'run-20261129010203-0123abcd'
  const file = join(stack.dataDir, 'earlier.jsonl')
  const records = rows('E', 45, 5_000)
  await writeFile(file, records.map((record) => JSON.stringify(record)).join('\n'))
  const catalogue = await openCatalogue(file)
  const { fingerprint } = catalogue
  await catalogue.close()
  const header = {
    ...{ run_id: run, file, fingerprint, batch_size: 40, force: false },
    options: { mode: 'rules', reuse: true, trust: 'shipped' },
  }
  await mkdir(join(stack.dataDir, 'runs'), { recursive: true })
  await writeFile(join(stack.dataDir, 'runs', `${run}.jsonl`), `${JSON.stringify(header)}\n`)
  const { code, stdout, stderr } = await runCli(['classify', '--resume', run, '--json'], { env: stack.env })
  assert.equal(code, 0, stderr)
  assert.equal((JSON.parse(stdout) as RunReport).classified, records.length)
  await rm(file)
})
