/** Tests of what `eval` prints and asks for: the next command of a capture, the gold file, the codebook and the report. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadBuiltIns } from '../../../../src/catalogue/codebook-files.ts'
import type { PreparedScheme } from '../../../../src/classification/scheme.ts'
import type { Labels } from '../../../../src/classification/types.ts'
import { replayCommand } from '../../../../src/cli/eval/capture-report.ts'
import { formatScore } from '../../../../src/cli/eval/format.ts'
import { goldPathOf, loadEvalCodebook } from '../../../../src/cli/eval/gold.ts'
import { costOf, noCost, type Report } from '../../../../src/cli/eval/report.ts'
import { scoredFields } from '../../../../src/eval/fields.ts'
import type { GoldRow } from '../../../../src/eval/gold-file.ts'
import { predictByRules } from '../../../../src/eval/prediction.ts'
import { score } from '../../../../src/eval/score.ts'
import { startScriptedIngress } from '../../../helpers/servers/ingress.ts'
import { economic, PRODUCTS, RIGHT, SHOP_YAML, shop } from '../../classification/schemes.ts'

test('the command that scores captured requests has every option that it needs, quoted for a shell', () => {
  assert.equal(
    replayCommand('asked.jsonl', null, { mode: 'model', pack: [10] }),
    'npm run eval -- --mode model --replay asked.jsonl',
  )
  assert.equal(
    replayCommand("my file's.jsonl", 'my gold.jsonl', { mode: 'hybrid', pack: [1, 5], codebook: 'my.yaml' }),
    "npm run eval -- 'my gold.jsonl' --codebook my.yaml --mode hybrid --pack 1,5 --replay 'my file'\\''s.jsonl'",
  )
})

test('without a gold file the one of a built-in codebook is scored, and a codebook of the user needs one', async () => {
  const [own] = await loadBuiltIns()
  assert.ok(own)
  const chosen = { loaded: own, isOwnFile: true, shippedGold: null }
  assert.equal(goldPathOf('a.jsonl', chosen, 'my.yaml'), 'a.jsonl')
  assert.throws(() => goldPathOf(undefined, chosen, 'my books.yaml'), {
    code: 'input-invalid',
    message:
      "Name a gold file, records with their labels: npm run eval -- GOLD.jsonl --codebook 'my books.yaml'; no gold file comes with the codebook economic-indicators",
  })
  const builtIn = await loadEvalCodebook(undefined, undefined)
  assert.match(goldPathOf(undefined, builtIn, undefined), /\/codebooks\/economic-indicators\/gold\.jsonl$/)
  const topics = await loadEvalCodebook('release-topics', undefined)
  assert.match(goldPathOf(undefined, topics, 'release-topics'), /release-topics\/gold\.jsonl$/)
})

test('a stored codebook is taken from the service that --ingress names, and without it the way out is named', async () => {
  const asked: unknown[] = []
  const stored = { name: 'shop-goods', version: '3', hash: 'h1', text: SHOP_YAML, lists: { 'products.csv': PRODUCTS } }
  const ingress = await startScriptedIngress((path, body) => {
    if (path.endsWith('/codebook')) asked.push(body)
    return { body: path.endsWith('/codebook') ? stored : { service: 'x', status: 'ok', uptime_s: 1, model: 'm' } }
  })
  try {
    const { loaded, isOwnFile, shippedGold } = await loadEvalCodebook('shop-goods@3', [ingress.url])
    assert.deepEqual([loaded.codebook.name, loaded.hash, isOwnFile, shippedGold], ['shop-goods', 'h1', false, null])
    assert.deepEqual(asked, [{ name: 'shop-goods@3' }])
  } finally {
    await ingress.close()
  }
  await assert.rejects(loadEvalCodebook('shop-goods', undefined), {
    code: 'input-invalid',
    message: /there is no "shop-goods" here; .*give its file, or with --ingress the service that has stored it$/,
  })
})

function reportOf(scheme: PreparedScheme, labels: Labels, more: Partial<Report> = {}): Report {
  const indicator = { indicator_id: 'A', name: 'GDP (current US$)', sample_values: [] }
  const rows: GoldRow[] = [
    { indicator, labels, catalogue: 'imf', line: 1 },
    {
      indicator: { ...indicator, indicator_id: 'B', units: 'USD' },
      labels: Object.fromEntries(Object.entries(labels).slice(0, 1)),
      catalogue: null,
      line: 2,
    },
  ]
  const fields = scoredFields(scheme.codebook, rows)
  const { name, version } = scheme.codebook
  return {
    ...{ gold: 'gold.jsonl', mode: 'rules', codebook: `${name}@${version}`, codebook_version: version },
    ...{ prompt: { version: 'p2', static_tokens_estimated: 1 }, shortlists: [], model: null, cost: noCost() },
    ...score(
      rows.map((row) => ({ row, prediction: predictByRules(scheme, row.indicator) })),
      fields,
    ),
    ...more,
  }
}

const BY_MODEL = { mode: 'model', model: { names: ['big-1'], is_offline: false } } as const

test('mode rules of a codebook without rules says in one line that there is nothing to score', () => {
  const text = formatScore(reportOf(shop, { shade: RIGHT.shade, pack: RIGHT.pack }))
  assert.deepEqual(text.split('\n').slice(2), [
    'The codebook has no rules for shade, pack, so nothing was decided: score a model with --mode model',
  ])
})

test('the report compares confidence with the truth: rows, fields, what answered, and catalogues', () => {
  const text = formatScore(reportOf(economic, { type: 'stock', orientation: 'neutral' }))
  assert.match(
    text,
    /^confidence that all fields .* \(Brier score 0\.\d{3}, mean distance from the truth 0\.\d{3}\):$/m,
  )
  assert.match(
    text,
    /^confidence of single fields:\n {2}type +mean 0\.\d{3}, right 0\.\d{3} of 2, Brier score 0\.\d{3}\n {2}orientation /m,
  )
  assert.match(text, /^confidence by what answered, over all fields:\n {2}(sure|guess) +mean /m)
  assert.match(
    text,
    /^rows by catalogue:\n {2}imf +mean .* of 1, Brier score .*; (no row sure|sure rows right \d of 1)$/m,
  )
})

test('the columns of the report stand under their names, and a miss without units shows none', () => {
  const wrong = { type: 'stock', orientation: 'neutral' }
  const lines = formatScore(reportOf(economic, wrong)).split('\n')
  const head = lines.find((line) => line.startsWith('field ')) ?? ''
  const row = lines.find((line) => line.startsWith('type ')) ?? ''
  assert.match(head, /^field +records {2}accuracy {2}95 % interval {2}sure: coverage {2}precision$/)
  assert.equal(row.length <= head.length, true)
  // The figures end where the names of their columns end.
  for (const [name, figure] of [
    ['records', /^type +\d+/],
    ['accuracy', /^type +\d+ +\d\.\d{3}/],
    ['coverage', /^type .*–\d\.\d{3} +\d\.\d{3}/],
  ] as const) {
    assert.equal(figure.exec(row)?.[0].length, head.indexOf(name) + name.length, `${name}\n${head}\n${row}`)
  }
  assert.ok(lines.some((line) => line.startsWith('  GDP (current US$) type: stock expected')))
  assert.ok(lines.some((line) => line.startsWith('  GDP (current US$) [USD] type: stock expected')))
})

test('the report says what a replayed file leaves unanswered, and that a cost is not known', () => {
  const unanswered = { fields: 3, records: 2, file: 'answers.jsonl' }
  const text = formatScore(reportOf(shop, { shade: 'pale' }, { ...BY_MODEL, unanswered }))
  assert.match(text, /\n3 fields of 2 records were left unanswered in answers\.jsonl\n/)
  const summary = {
    ...{ indicators: 2, classified: 2, unchanged: 0, needs_review: 0, unverified: 0, model_requests: 1, cost_usd: 0 },
    by_source: { rules: 1, reuse: 0, model: 1, escalation: 0, person: 0 },
    tokens: { input: 1, cached: 0, output: 1 },
    warnings: [{ code: 'no-price', message: 'the price of big-1 is not known', count: 1 }],
  }
  const costly = formatScore(reportOf(shop, { shade: 'pale' }, { ...BY_MODEL, cost: costOf([summary], 2) }))
  assert.match(costly, /cost per 1,000 records: 500 requests, USD not known: the price of big-1 is not known/)
  assert.match(costly, /decided by: nothing 1, model 1; /)
  assert.doesNotMatch(costly, /no rule/)
})
