/** Audits of a catalogue in a whole stack: rules decide what they have earned, lose what they get wrong, and no run is asked twice. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRulesAnswers } from '../../../../src/offline-model/answer-strategy.ts'
import { runCli } from '../../../helpers/cli/cli.ts'
import { checkAdversarial } from '../../../helpers/evidence/adversarial.ts'
import {
  type MadeRow,
  MONEY_STOCK_RULE,
  makeRow,
  OTHER_THAN_STOCK,
} from '../../../helpers/evidence/audited-catalogue.ts'
import { waitUntil } from '../../../helpers/wait.ts'
import { world } from './world.ts'

let made = 0

/** Rows of which the rules are sure in every field, by several rules, and right. No two calls make rows of one shape. */
function sureRows(prefix: string, count: number): readonly MadeRow[] {
  made += 10_000
  return Array.from({ length: count }, (_, index) =>
    makeRow(index % 2 === 0 ? 'money-stock' : 'others', prefix, made + index),
  )
}

/** The rows as a model answers them that no longer calls broad money a stock. */
const otherwise = (rows: readonly MadeRow[]) =>
  rows.map((row) =>
    row.name.startsWith('Broad Money') ? { ...row, labels: { ...row.labels, ...OTHER_THAN_STOCK } } : row,
  )

async function assertTrusted(catalogue: string, target?: number): Promise<void> {
  const evidence = await world.evidence(catalogue, target)
  assert.ok(evidence.size > 0, catalogue)
  for (const one of evidence.values()) assert.equal(one.state, 'trusted', JSON.stringify(one))
}

// test/large has the rows in which the rule is wrong spread evenly, where the first audits find them.
test('5,000 rows: a rule that decides 1,500 and is wrong in 450, all in the last fifth, is removed', (t) =>
  checkAdversarial(t, world, 5_000, 'all in the last fifth'))

test('a second run of the same catalogue audits nothing more and asks nothing; new rows are decided by what was earned', async () => {
  const rows = sureRows('again', 600)
  await world.teach(rows)
  const first = await world.classify('again', rows)
  assert.ok(first.audited > 100 && first.audited < 300, `${first.audited} audited`)
  assert.deepEqual([first.classified, first.unchanged, first.by_source.model], [600, 0, first.audited])
  assert.equal(first.by_source.rules, 600 - first.audited)
  assert.deepEqual([first.needs_review, first.unverified], [0, 0], 'what rests on evidence is accepted')
  assert.equal(await world.accuracy('again', rows), 1)
  await assertTrusted('again')
  const audits = (await world.evidence('again')).get('type')?.audits

  await world.teach(rows)
  const second = await world.classify('again', rows)
  assert.deepEqual([second.indicators, second.classified, second.unchanged, second.audited], [600, 0, 600, 0])
  assert.equal(world.requests(), 0)
  assert.equal((await world.evidence('again')).get('type')?.audits, audits)

  const more = sureRows('later', 400)
  await world.teach(more)
  const third = await world.classify('again', [...rows, ...more])
  assert.deepEqual([third.indicators, third.classified, third.unchanged], [1_000, 400, 600])
  assert.equal(third.by_source.rules + third.audited, 400)
  assert.ok(third.audited > 0 && third.audited <= 60, `a few of the new rows are audited, ${third.audited}`)
})

test('a catalogue too small for a verdict is asked in full, and counts the same when it is run again', async () => {
  const rows = sureRows('small', 80)
  await world.teach(rows)
  const first = await world.classify('small', rows)
  assert.deepEqual([first.indicators, first.classified, first.unchanged, first.audited], [80, 80, 0, 80])
  await world.teach(rows)
  const second = await world.classify('small', rows)
  assert.deepEqual([second.indicators, second.classified, second.unchanged, second.audited], [80, 0, 80, 0])
  assert.equal(world.requests(), 0)
})

test('two runs at the same time share their evidence', async () => {
  const [one, two, three] = [sureRows('one', 500), sureRows('two', 500), sureRows('three', 500)]
  await world.teach([...one, ...two, ...three])
  const alone = await world.classify('alone', three)
  const [first, second] = await Promise.all([world.classify('both', one), world.classify('both', two)])
  await assertTrusted('both')
  const evidence = await world.evidence('both')
  assert.equal(evidence.get('frequency')?.audits, first.audited + second.audited)
  assert.ok(
    first.audited + second.audited < 2 * alone.audited,
    `${first.audited} and ${second.audited} audits together, and ${alone.audited} alone`,
  )
  for (const { indicators, classified } of [first, second]) assert.deepEqual([indicators, classified], [500, 500])
  assert.equal(await world.accuracy('both', [...one, ...two]), 1)
})

test('after kill -9 of the command during the audits --resume goes on: nothing is lost, doubled or asked twice', async () => {
  const args = ['--batch-size', '10']
  const others = sureRows('not killed', 600)
  await world.teach(others)
  const whole = await world.classify('not killed', others, args)
  const rows = sureRows('killed', 600)
  await world.teach(rows)
  const cli = await world.start('killed', rows, args)
  await waitUntil('an audit is stored', async () => (await audits('killed')) > 0, { pollMs: 5 })
  cli.child.kill('SIGKILL')
  const { stderr } = await cli.result
  const runId = /--resume (run-\S+)/.exec(stderr)?.[1] ?? ''
  const resumed = await world.resume(runId)
  assert.equal(resumed.run_id, runId)
  assert.deepEqual([resumed.indicators, resumed.classified, resumed.unchanged, resumed.failed], [600, 600, 0, 0])
  assert.equal(resumed.by_source.model, resumed.audited)
  assert.equal(resumed.by_source.rules, 600 - resumed.audited)
  assert.deepEqual(await countStored('killed'), { results: 600, rows_of_history: 600, audited: resumed.audited })
  assert.equal(resumed.audited, whole.audited)
  assert.equal(world.model.stats().max_per_indicator, 1)
  assert.equal(await world.accuracy('killed', rows), 1)
})

test('after kill -9 once rules decide, the resumed run still counts its audits', async () => {
  const rows = sureRows('later kill', 3_000)
  await world.teach(rows)
  const cli = await world.start('later kill', rows, ['--batch-size', '10'])
  const rulesDecide = async () => {
    const { results, audited } = await countStored('later kill')
    return results > audited
  }
  await waitUntil('rules decide', rulesDecide, { pollMs: 5 })
  cli.child.kill('SIGKILL')
  const runId = /--resume (run-\S+)/.exec((await cli.result).stderr)?.[1] ?? ''
  const resumed = await world.resume(runId)
  assert.deepEqual([resumed.indicators, resumed.classified, resumed.unchanged], [3_000, 3_000, 0])
  assert.equal(resumed.audited, await audits('later kill'))
  assert.equal(resumed.model_requests, world.requests())
  assert.deepEqual([resumed.by_source.model, resumed.by_source.rules], [resumed.audited, 3_000 - resumed.audited])
})

test('Ctrl+C during the audits counts every row once, as classified or as left', async () => {
  const rows = sureRows('stopped', 600)
  await world.teach(rows)
  const cli = await world.start('stopped', rows, ['--batch-size', '10'])
  await waitUntil('an audit is stored', async () => (await audits('stopped')) > 0, { pollMs: 5 })
  cli.child.kill('SIGINT')
  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 130, stderr)
  const report = JSON.parse(stdout) as Awaited<ReturnType<typeof world.resume>>
  assert.deepEqual([report.indicators, report.classified + report.failed], [600, 600])
  assert.ok(report.audited > 0 && report.classified === report.audited, stdout)
  const resumed = await world.resume(report.run_id)
  assert.deepEqual([resumed.indicators, resumed.classified], [600, 600])
})

test('batches by HTTP audit a steady share blind; over several of them a field is earned, and rules then decide', async () => {
  const target = 0.9
  const rows = sureRows('steady', 4_000)
  await world.teach(rows)
  let sent = 0
  const send = async () => {
    sent += 100
    return await world.batch('steady', rows.slice(sent - 100, sent), { target })
  }
  const first = await send()
  assert.equal(first.summary.by_source.model, 100, 'on a catalogue of which nothing was checked all rows are asked')
  const isEarned = async () => {
    const evidence = [...(await world.evidence('steady', target)).values()]
    return evidence.length > 0 && evidence.every(({ state }) => state === 'trusted')
  }
  while (!(await isEarned())) {
    assert.ok(sent < 3_000, 'no field was earned')
    await send()
  }
  const audited = await audits('steady')
  assert.ok(audited > 0.025 * sent && audited < 0.1 * sent, `${audited} of ${sent} audited`)
  await world.teach(rows)
  const later = await Promise.all([send(), send(), send(), send()])
  const byModel = later.reduce((sum, { summary }) => sum + summary.by_source.model, 0)
  assert.ok(byModel < 60, `${byModel} of 400 asked`)
  assert.equal(await audits('steady'), audited + byModel, 'only audits are asked')
  for (const { results } of later) assert.ok(results.every(({ status }) => status === 'accepted'))
})

test('a trusted field that then disagrees loses its trust by the audits of later batches and runs', async () => {
  const rows = sureRows('turned', 600)
  await world.teach(rows)
  await world.classify('turned', rows)
  await assertTrusted('turned')

  const turned = otherwise(rows)
  await world.teach(turned)
  const forced = await world.classify('turned', turned, ['--force', '--no-reuse'])
  assert.equal(forced.classified, 600)
  const evidence = await world.evidence('turned')
  for (const field of ['type', 'temporal_aggregation']) assert.ok((evidence.get(field)?.removed.length ?? 0) > 0, field)
  assert.deepEqual(
    evidence.get('type')?.removed.map(({ rule }) => rule),
    [MONEY_STOCK_RULE],
  )
  assert.ok((await world.accuracy('turned', turned)) >= 0.985)
})

test('by HTTP a trusted field loses its trust too, and what rules had decided alone is then asked', async () => {
  const target = 0.9
  const rows = sureRows('drift', 2_000)
  await world.teach(rows)
  // The caller draws the first rows at random itself.
  await world.batch('drift', rows.slice(0, 100), { target, audit: 'all' })
  await assertTrusted('drift', target)
  const decided = rows.slice(100, 200)
  const before = await world.batch('drift', decided, { target, audit: 'none' })
  assert.equal(before.summary.by_source.rules, 100)

  const turned = otherwise(rows)
  await world.teach(turned)
  for (let start = 200; (await world.evidence('drift', target)).get('type')?.state === 'trusted'; start += 100) {
    assert.ok(start < 2_000, 'the field keeps its trust')
    await world.batch('drift', turned.slice(start, start + 100), { target })
  }
  const again = await world.batch('drift', turned.slice(100, 200), { target, audit: 'none' })
  assert.ok(
    again.results.every(
      ({ type, indicator_id: id }) => type === turned.find((row) => row.indicator_id === id)?.labels['type'],
    ),
  )
  assert.ok(again.results.every(({ status }) => status === 'accepted'))
})

test('where the offline model only guesses, audits show nothing: the run stops auditing, and no blind guess is a result', async () => {
  const rows = sureRows('guessed', 300)
  await world.model.behave({ answers: createRulesAnswers() })
  const report = await world.classify('guessed', rows)
  assert.deepEqual([report.indicators, report.classified, report.audited], [300, 300, 0])
  assert.deepEqual([report.needs_review, report.unverified], [0, 300])
  assert.equal((await world.evidence('guessed')).size, 0)
  assert.equal(await world.accuracy('guessed', rows), 1, 'the labels are what the rules guess')

  const answers = await Promise.all(
    [0, 1, 2].map((batch) => world.batch('guessed by HTTP', rows.slice(batch * 100, batch * 100 + 100))),
  )
  for (const { results } of answers) assert.ok(results.every(({ status }) => status === 'unverified'))
  assert.equal(await world.accuracy('guessed by HTTP', rows), 1)
})

test('a cost limit bounds the audits too', async () => {
  const [rows, others] = [sureRows('dear', 400), sureRows('as dear', 400)]
  await world.teach([...rows, ...others])
  const whole = await world.classify('dear', rows)
  assert.ok(whole.cost_usd > 0)
  const usd = Number((whole.cost_usd / 2).toFixed(6))
  const args = await world.classifyArgs('as dear', others, ['--max-cost', String(usd)])
  const { code, stdout, stderr } = await runCli(args, { env: world.stack.env })
  assert.equal(code, 1, stderr)
  const report = JSON.parse(stdout) as typeof whole
  assert.ok(report.cost_usd <= usd, `${report.cost_usd} of ${usd}`)
  assert.equal(report.max_cost?.reached, true)
  assert.deepEqual([report.indicators, report.classified + report.failed], [400, 400])
})

/** The number of rows of a catalogue that were audited. */
async function audits(catalogue: string): Promise<number> {
  return (await countStored(catalogue)).audited
}

async function countStored(
  catalogue: string,
): Promise<{ readonly results: number; readonly rows_of_history: number; readonly audited: number }> {
  const { rows } = await world.database.query(
    `select (select count(*)::int from results where catalogue = $1) as results,
            (select count(*)::int from run_results where catalogue = $1) as rows_of_history,
            (select count(distinct indicator_id)::int from audits where catalogue = $1) as audited`,
    [catalogue],
  )
  return rows[0]
}
