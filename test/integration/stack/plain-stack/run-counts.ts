/** Every record counts once in a run whose audits come before the batches of its file, and the run takes no more than was estimated. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { EstimateReport } from '../../../../src/cli/classify/estimate-sum.ts'
import type { RunReport } from '../../../../src/cli/classify/run-report.ts'
import { runCli } from '../../../helpers/cli/cli.ts'
import { type MadeRow, makeRow, writeRows } from '../../../helpers/evidence/audited-catalogue.ts'
import { stack } from './world.ts'

const rowsOf = (prefix: string, count: number, from = 0): MadeRow[] =>
  Array.from({ length: count }, (_, index) => makeRow(index % 2 === 0 ? 'money-stock' : 'others', prefix, from + index))

/** The rows, of which the first `count` have lost their units, as where another mapping reads no column for them. */
const remapped = (rows: readonly MadeRow[], count: number): MadeRow[] =>
  rows.map((row, index) => (index < count ? { ...row, units: '' } : row))

async function command<T>(rows: readonly MadeRow[], args: readonly string[]): Promise<T> {
  const path = join(stack.dataDir, 'rows.jsonl')
  await writeRows(path, rows)
  const { code, stdout, stderr } = await runCli(['classify', path, '--json', ...args], { env: stack.env })
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout) as T
}

/** What the database holds of a run, which its page, `status` and `runs` show. */
async function storedOf({ run_id: runId }: RunReport) {
  const run = (await stack.database.store.findRun(runId)) ?? assert.fail(runId)
  const { indicators, classified, unchanged, unverified, bySource } = run
  return { indicators, classified, unchanged, unverified, decided: Object.values(bySource).reduce((a, b) => a + b, 0) }
}

for (const [count, changed] of [
  [62, 25],
  [40, 40],
] as const) {
  test(`${count} records, of which ${changed} are read otherwise in a second run, count once in both`, async () => {
    const catalogue = `counts-${count}-${changed}`
    const rows = rowsOf(catalogue, count, 10_000 * count + changed)
    const estimate = await command<EstimateReport>(rows, ['--catalogue', catalogue, '--estimate'])
    const first = await command<RunReport>(rows, ['--catalogue', catalogue])
    assert.deepEqual([first.indicators, first.classified, first.unchanged, first.failed], [count, count, 0, 0])
    const whole = { indicators: count, classified: count, unchanged: 0, unverified: count, decided: count }
    assert.deepEqual(await storedOf(first), whole)
    const again = remapped(rows, changed)
    const left = await command<EstimateReport>(again, ['--catalogue', catalogue, '--estimate'])
    const second = await command<RunReport>(again, ['--catalogue', catalogue])
    const kept = count - changed
    assert.deepEqual([second.indicators, second.classified, second.unchanged, second.failed], [count, changed, kept, 0])
    assert.deepEqual([second.unverified, second.unchanged_unverified], [changed, kept])
    const part = { indicators: count, classified: changed, unchanged: kept, unverified: changed, decided: changed }
    assert.deepEqual(await storedOf(second), part)
    const { stderr } = await runCli(['status', second.run_id], { env: stack.env })
    assert.match(stderr, new RegExp(`is complete: ${count} of ${count} \\(100 %\\)`))

    for (const [run, told] of [
      [first, estimate],
      [second, left],
    ] as const) {
      assert.ok(run.model_requests <= told.model_requests, `${run.model_requests} of ${told.model_requests}`)
      // The length of answers is a mean, so that the cost is not a bound.
      assert.ok(run.cost_usd <= told.cost_usd * 1.1, `${run.cost_usd} of ${told.cost_usd}`)
    }
    assert.equal(first.model_requests, estimate.model_requests)
  })
}
