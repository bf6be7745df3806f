/** A large catalogue whose rules are 99 % right, on the whole path: nearly all that the rules would decide ends decided by them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { openCatalogue } from '../../../src/catalogue/open-catalogue.ts'
import type { Labels } from '../../../src/classification/types.ts'
import { createRunJournal } from '../../../src/cli/classify/run-journal.ts'
import { type AuditWorld, startAuditWorld } from '../../helpers/evidence/audit-world.ts'
import { type MadeRow, makeRow } from '../../helpers/evidence/audited-catalogue.ts'

const BY_RULES = 35_000
const UNREAD = 15_000
/** The draw of audits depends on the id of the run alone, so that this test audits the same rows each time. */
const RUN_ID = 'run-20260101000000-0000000a'
const CATALOGUE = 'mostly right'

/** What a right model answers where a rule is wrong, one field in a row, so that each field is right in more than 0.998. */
const OTHERWISE: readonly Labels[] = [
  { type: 'balance' },
  { temporal_aggregation: 'period-average' },
  { orientation: 'higher-is-positive' },
  { unit_kind: 'ratio' },
  { unit_scale: 1e9 },
  { unit_currency: 'EUR' },
  { unit_per: 'person' },
  { frequency: 'monthly' },
]

let world: AuditWorld

before(async () => {
  world = await startAuditWorld()
})

after(() => world?.stop())

function ruledRow(number: number): MadeRow {
  const hundred = Math.floor(number / 100)
  const over = OTHERWISE[hundred % OTHERWISE.length] ?? {}
  // A row in money is wrong in every field but the kind of its unit, because without that its currency would not apply.
  const isWrong = number % 100 === ('unit_kind' in over ? 2 : 1)
  return makeRow(number % 2 === 1 ? 'money-stock' : 'others', 'R', number, isWrong ? over : {})
}

test('of 35,000 rows that rules would decide, 99 % of them right, 34,000 end decided by rules with 600 audits', async (t) => {
  const rows = [
    ...Array.from({ length: BY_RULES }, (_, number) => ruledRow(number)),
    ...Array.from({ length: UNREAD }, (_, number) => makeRow('unread', 'U', number)),
  ]
  await world.teach(rows)
  const [, file = ''] = await world.classifyArgs(CATALOGUE, rows)
  const catalogue = await openCatalogue(file, {})
  const { fingerprint } = catalogue
  await catalogue.close()
  await createRunJournal(world.stack.dataDir, {
    ...{ run_id: RUN_ID, file, fingerprint, batch_size: 100, catalogue: CATALOGUE, force: false },
    options: { mode: 'hybrid', reuse: true, trust: 'catalogue' },
  })
  const report = await world.resume(RUN_ID)
  const requests = world.requests()
  const accuracy = await world.accuracy(CATALOGUE, rows)
  const perMinute = report.indicators_per_minute
  t.diagnostic(`${report.audited} audited, ${report.by_source.rules} by rules, ${report.by_source.model} by the model`)
  t.diagnostic(`${requests} requests, ${accuracy} right, ${perMinute} indicators a minute`)
  for (const one of report.evidence?.fields ?? [])
    t.diagnostic(
      `${one.field}: ${one.state}, ${one.misses} of ${one.counted} audits disagree, bound ${one.bound.toFixed(4)}`,
    )

  assert.deepEqual([report.indicators, report.classified, report.failed], [BY_RULES + UNREAD, BY_RULES + UNREAD, 0])
  assert.ok(report.audited <= 600, `${report.audited} audited`)
  assert.ok(report.by_source.rules >= 34_000, `${report.by_source.rules} by rules`)
  assert.equal(report.by_source.model, BY_RULES + UNREAD - report.by_source.rules)
  assert.ok(accuracy >= 0.98, `${accuracy} right`)
  // Each row that rules do not decide is asked once, at ten a request; the last request of a batch may hold fewer.
  assert.ok(requests <= 1.15 * (report.by_source.model / 10), `${requests} requests`)
  assert.equal(world.model.stats().max_per_indicator, 1)
})
