/** The estimate of a run compared with the run itself, and runs with a cost limit. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import type { EstimateReport } from '../../../src/cli/classify/estimate-sum.ts'
import type { RunReport } from '../../../src/cli/classify/run-report.ts'
import { runCli } from '../../helpers/cli/cli.ts'
import { startTestStack, type TestStack } from '../../helpers/stack/stack.ts'

let stack: TestStack
let directory: string
let env: Record<string, string>

before(async () => {
  // One answer in ten is unusable, so that a run needs more requests than the first ones.
  stack = await startTestStack({ RATE_RPM: '100000', OFFLINE_MODEL_FAULTS: 'badjson=.05,missing=.05' })
  directory = await mkdtemp(join(tmpdir(), 'classify-estimate-'))
  env = { ...stack.env }
})

after(async () => {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
})

const PLACES = ['plain', 'hill', 'shore', 'vale', 'moor', 'fen', 'heath']

/**
 * Writes a catalogue of `rows` rows. The rules decide every other row; the rest is for the model, in `shapes` shapes that
 * come back all through the file.
 */
async function writeCatalogue(name: string, rows: number, shapes: number): Promise<string> {
  const lines = Array.from({ length: rows }, (_, index) => {
    const indicator_id = `${name}.${index}`
    if (index % 2 === 0) return { indicator_id, name: 'GDP (current US$)', units: 'current US$', periodicity: 'Annual' }
    const shape = ((index - 1) / 2) % shapes
    return { indicator_id, name: `${name} attainment ${shape} of the ${PLACES[shape % PLACES.length]}`, units: '' }
  })
  const path = join(directory, `${name}.jsonl`)
  await writeFile(path, lines.map((line) => JSON.stringify(line)).join('\n'))
  return path
}

/** Has rules decide by the shipped evidence, as on a catalogue whose audits have shown that they may. */
const SHIPPED = ['--trust', 'shipped']

/** Runs a command with --json, and gives its report with the exit code and stderr. */
async function runJson<T>(
  args: readonly string[],
): Promise<T & { readonly code: number | null; readonly stderr: string }> {
  const { code, stdout, stderr } = await runCli([...args, '--json'], { env })
  assert.equal(stdout.trim().split('\n').length, 1, stderr)
  assert.notEqual(stdout, '', stderr)
  return { ...(JSON.parse(stdout) as T), code, stderr }
}

test('the estimate of a new catalogue is what its run then takes, and sends no request to the model', async () => {
  const path = await writeCatalogue('zorb', 600, 130)
  const before = await countModelRequests()
  const estimate = await runJson<EstimateReport>(['classify', path, ...SHIPPED, '--estimate'])
  assert.equal(estimate.code, 0)
  assert.equal(await countModelRequests(), before, 'an estimate sends no request')
  assert.equal(estimate.cold, false)
  assert.deepEqual(estimate.by_source, { rules: 300, reuse: 170, model: 130, escalation: 0, person: 0 })
  assert.equal(estimate.shapes, 130)
  assert.equal(estimate.repeats_known, false)

  const run = await runJson<RunReport>(['classify', path, ...SHIPPED])
  assert.deepEqual(run.by_source, estimate.by_source)
  // Unusable answers are requested again, in at most three rounds, and no first estimate knows how many there will be.
  assert.ok(run.model_requests >= estimate.model_requests)
  assert.ok(run.model_requests <= estimate.model_requests * 3, `${run.model_requests} of ${estimate.model_requests}`)
  assert.ok(run.cost_usd > 0)
  assert.ok(run.warnings.some(({ code }) => code === 'notional-cost'))

  const again = await runJson<EstimateReport>(['classify', path, ...SHIPPED, '--estimate'])
  assert.equal(again.unchanged, 600)
  assert.equal(again.model_requests, 0)
  assert.equal(again.cost_usd, 0)
})

test('shapes with a stored answer count as reuse in an estimate, unless reuse is off', async () => {
  const path = await writeCatalogue('zorb', 600, 130)
  const forced = await runJson<EstimateReport>(['classify', path, ...SHIPPED, '--estimate', '--force'])
  assert.deepEqual(forced.by_source, { rules: 300, reuse: 300, model: 0, escalation: 0, person: 0 })
  const small = await runJson<EstimateReport>([
    'classify',
    path,
    ...SHIPPED,
    '--estimate',
    '--force',
    '--no-reuse',
    '--pack',
    '5',
  ])
  assert.equal(small.by_source.model, 300)
  // Of the requests of the run before some were repeated, and the estimate expects as many of these.
  assert.equal(small.repeats_known, true)
  assert.ok(small.model_requests > 60 && small.model_requests < 180, String(small.model_requests))
  const all = await runJson<EstimateReport>([
    'classify',
    path,
    ...SHIPPED,
    '--estimate',
    '--force',
    '--no-reuse',
    '--mode',
    'model',
  ])
  assert.equal(all.by_source.model, 600)
  const slow = await runJson<EstimateReport>([
    'classify',
    path,
    ...SHIPPED,
    '--estimate',
    '--force',
    '--no-reuse',
    '--rpm',
    '10',
  ])
  assert.equal(slow.limited_by, 'rpm')
  assert.equal(slow.budget.rpm, 10)
})

test('where nothing was checked on a catalogue, its estimate has the model asked about every shape', async () => {
  const path = await writeCatalogue('unchecked', 600, 130)
  const before = await countModelRequests()
  const estimate = await runJson<EstimateReport>(['classify', path, '--estimate'])
  assert.deepEqual(estimate.by_source, { rules: 0, reuse: 600 - 131, model: 131, escalation: 0, person: 0 })
  assert.equal(await countModelRequests(), before)
})

test('without a service the estimate is that of a cold run, with a warning', async () => {
  const path = await writeCatalogue('zorb', 600, 130)
  const cold = await runJson<EstimateReport>([
    'classify',
    path,
    ...SHIPPED,
    '--estimate',
    '--ingress',
    'http://127.0.0.1:9',
  ])
  assert.equal(cold.code, 0)
  assert.equal(cold.cold, true)
  assert.match(cold.stderr, /Warning: estimated as a cold run/)
  assert.ok(cold.warnings.some(({ code }) => code === 'cold-estimate'))
  assert.equal(cold.by_source.model, 130)
  assert.ok(cold.cost_usd > 0)
})

test('--max-cost stops in time, tells what is left, and a higher limit continues the run', async () => {
  const path = await writeCatalogue('morb', 2_000, 600)
  const whole = await runJson<EstimateReport>(['classify', path, ...SHIPPED, '--estimate'])
  const bound = Number((whole.cost_usd / 2).toFixed(6))
  const stopped = await runJson<RunReport>(['classify', path, ...SHIPPED, '--max-cost', String(bound)])
  assert.equal(stopped.code, 1)
  assert.ok(stopped.cost_usd <= bound, `${stopped.cost_usd} of ${bound}`)
  assert.ok(stopped.classified > 0 && stopped.failed > 0)
  assert.equal(stopped.classified + stopped.failed, 2_000)
  assert.equal(stopped.max_cost?.reached, true)
  const [limit, ...others] = stopped.failures.map(({ code }) => code)
  assert.equal(limit, 'cost-limit')
  // On a slow machine every batch may have been submitted before the limit is reached.
  assert.ok(others.length === 0 || (others.length === 1 && others[0] === 'not-submitted'), others.join())
  assert.match(stopped.failures[0]?.reason ?? '', /--max-cost/)
  assert.match(stopped.stderr, new RegExp(`--resume ${stopped.run_id} --max-cost`))

  const left = await runJson<EstimateReport>(['classify', '--resume', stopped.run_id, '--estimate'])
  assert.equal(left.indicators - left.unchanged, stopped.failed)
  const requests = `${left.model_requests} of ${whole.model_requests}, ${JSON.stringify(stopped)}, ${JSON.stringify(left)}`
  assert.ok(left.model_requests > 0 && left.model_requests < whole.model_requests, requests)

  const kept = await runJson<RunReport>(['classify', '--resume', stopped.run_id])
  assert.equal(kept.code, 1)
  assert.equal(kept.max_cost?.usd, bound)
  assert.ok(kept.cost_usd <= bound)
  assert.match(kept.stderr, /the limit that was given before/)

  const enough = (whole.cost_usd * 10).toFixed(6)
  const done = await runJson<RunReport>(['classify', '--resume', stopped.run_id, '--max-cost', enough])
  assert.equal(done.code, 0, done.stderr)
  assert.equal(done.classified + done.unchanged, 2_000)
  assert.equal(done.failed, 0)
})

test('options that contradict each other, and numbers out of range, are refused', async () => {
  const path = await writeCatalogue('zorb', 2, 1)
  for (const args of [
    ['--estimate', '--max-cost', '1'],
    ['--max-cost', '-1'],
    ['--max-cost', '1e3'],
    ['--rpm', '0'],
    ['--tpm', '1.5'],
  ]) {
    const { code, stdout } = await runCli(['classify', path, ...args], { env })
    assert.equal(code, 2, args.join(' '))
    assert.equal(stdout, '')
  }
})

/** Requests that the model was sent so far. */
async function countModelRequests(): Promise<number> {
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ count: string }>('select count(*) from llm_requests')
    return Number(rows[0]?.count)
  } finally {
    await client.end()
  }
}
