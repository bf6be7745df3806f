/** The texts of results and reports for people, by any codebook. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toResultBody } from '../../../../src/classification/result-body.ts'
import { formatClassification, formatReport, formatUnverified } from '../../../../src/cli/classify/format.ts'
import { createRunTotals, type RunReport } from '../../../../src/cli/classify/run-report.ts'
import type { BatchSummary, EvidenceResponse } from '../../../../src/restate/contract.ts'
import { classification } from '../../../helpers/store/batches.ts'
import { economic, RIGHT, shop } from '../../classification/schemes.ts'

test('a result shows each label with what decided it, whatever the codebook', () => {
  const result = classification('A\u001b[31m', {
    ...{ codebook: 'shop-goods@3', labels: { ...RIGHT, uses: ['kitchen', 'garden'], tone: 'bright' } },
    ...{ field_source: { shade: 'model', pack: 'pack-reader' }, field_confidence: { shade: 0.87 } },
  })
  assert.deepEqual(formatClassification(toResultBody(result, shop)).split('\n'), [
    'Name of A\\u{1b}[31m (A\\u{1b}[31m)',
    '  shade    pale (model, 0.87)',
    '  tone     bright',
    '  uses     kitchen; garden',
    '  pack     1 (pack-reader)',
    '  weight   2.5',
    '  maker    Smith & Sons',
    '  product  12',
    '  needs-review, by model, confidence 0.87, model offline-rules',
    '  catalogue default, codebook shop-goods@3',
    '  It says price.',
    '  issue low-confidence: The model was not sure.',
  ])
})

test('the objects that repeat flat fields are not shown', () => {
  const text = formatClassification(toResultBody(classification('A'), economic))
  assert.match(text, /\n {2}unit_scale +1000000\n/)
  assert.doesNotMatch(text, /object/)
})

test('the report of a run names catalogue and codebook, and counts what is unverified beside what needs review', () => {
  const totals = createRunTotals()
  totals.addBatch({
    ...{ indicators: 10, classified: 10, unchanged: 0, needs_review: 2, unverified: 5, model_requests: 1, cost_usd: 0 },
    by_source: { rules: 9, reuse: 0, model: 1, escalation: 0, person: 0 },
    ...{ tokens: { input: 1, cached: 0, output: 1 }, warnings: [] },
  })
  assert.equal(totals.counts().unverified, 5)
  const run = {
    runId: 'run-1',
    catalogue: 'wb',
    codebook: 'my-book@1',
    elapsedMs: 1_000,
    nodes: {},
    maxCost: undefined,
  }
  const report = totals.buildReport(run)
  assert.deepEqual([report.catalogue, report.codebook, report.unverified], ['wb', 'my-book@1', 5])
  const text = formatReport(report)
  assert.match(text, /^Run run-1\n {2}catalogue {6}wb, codebook my-book@1\n/)
  assert.match(text, /classified {5}10 \(needs review: 2, unverified: 5\)/)
  const line = formatUnverified(report)
  assert.match(
    line,
    /^5 results rest on guesses of the offline model.*OPENAI_API_KEY.*npm run review -- --unverified --codebook my-book --catalogue wb$/,
  )
  assert.match(
    formatUnverified({
      ...{ unverified: 0, unchanged_unverified: 1, codebook: 'economic-indicators@2', catalogue: 'my file' },
    }),
    /^1 result rests on rules or on guesses of .* --unverified --catalogue 'my file'$/,
  )
  assert.doesNotMatch(line, /\n/)
})

type FieldEvidence = EvidenceResponse['fields'][number]

/** The evidence of a field of which 163 audits found no disagreement. */
const fieldOf = (field: string, parts: Partial<FieldEvidence> = {}): FieldEvidence => {
  const counts = { audits: 163, counted: 163, misses: 0, bound: 0.974_9, expected_more: 0 }
  return { field, state: 'trusted', reason: null, ...counts, removed: [], ...parts }
}

/** The lines of a report about audits and rules. */
function auditLines(
  parts: Partial<RunReport> & { readonly fields?: readonly FieldEvidence[]; readonly models?: string[] } = {},
) {
  const { fields, models = ['gpt-6-luna'], ...rest } = parts
  const evidence =
    fields === undefined
      ? {}
      : { evidence: { catalogue: 'c', codebook: 'b@1', target: 0.97, models, fields: [...fields] } }
  const run = { runId: 'r', catalogue: 'c', codebook: 'b@1', elapsedMs: 1, nodes: {}, maxCost: undefined }
  const lines = formatReport({ ...createRunTotals().buildReport(run), ...evidence, ...rest }).split('\n')
  const from = lines.findIndex((line) => line.includes('decided by')) + 1
  return lines.slice(
    from,
    lines.findIndex((line) => line.includes('model requests')),
  )
}

test('the report says how many rows were audited, and by which bound rules decide a field alone', () => {
  const fields = [fieldOf('type'), fieldOf('unit_scale', { counted: 400, misses: 2, bound: 0.981 })]
  assert.deepEqual(auditLines({ audited: 163, fields }), [
    '  audited        163 rows; the model was asked blind, to check the rules',
    '  rules          decide alone in 2 of 2 fields, where they agree with gpt-6-luna in at least 0.97',
    '    type        trusted: agrees with gpt-6-luna in at least 0.974 (0 of 163 audits disagreed)',
    '    unit_scale  trusted: agrees with gpt-6-luna in at least 0.981 (2 of 400 audits disagreed)',
  ])
})

test('a bound is never rounded up, and several models are all named', () => {
  const [, head, line] = auditLines({
    fields: [fieldOf('type', { bound: 0.989_99 })],
    models: ['a', 'b\u001b[31m', 'c'],
  })
  assert.match(line ?? '', /agrees with a, b\\u\{1b\}\[31m and c in at least 0\.989 /)
  assert.match(head ?? '', /1 of 1 field, where they agree with a, /)
  assert.match(
    auditLines({ fields: [fieldOf('type')], models: [] })[2] ?? '',
    /agrees with the model in at least 0\.974/,
  )
})

test('a field that rules may not decide says why, which rules were removed, and what would change it', () => {
  const removed = [{ rule: 'keyword-surplus', audits: 30, misses: 12 }]
  const lines = auditLines({
    audited: 1,
    fields: [
      fieldOf('a', { state: 'undecided', counted: 60, bound: 0.95, expected_more: 78 }),
      fieldOf('b', { state: 'undecided', counted: 500, misses: 9, bound: 0.96, expected_more: null }),
      fieldOf('c', { state: 'undecided', counted: 0, bound: 0, expected_more: 120, removed }),
      fieldOf('d', { state: 'untrusted', reason: 'below-target', counted: 80, misses: 12, bound: 0.71 }),
      fieldOf('e', { state: 'untrusted', reason: 'over-budget', counted: 600, misses: 14, bound: 0.951 }),
      fieldOf('f', { state: 'untrusted', reason: 'nothing-left', counted: 0, bound: 0, removed }),
    ],
  })
  assert.deepEqual(lines, [
    '  audited        1 row; the model was asked blind, to check the rules',
    '  rules          decide alone in 0 of 6 fields, where they agree with gpt-6-luna in at least 0.97',
    '    a  not yet trusted: agrees with gpt-6-luna in at least 0.950 (0 of 60 audits disagreed); about 78 more audits may show 0.97',
    '    b  not yet trusted: agrees with gpt-6-luna in at least 0.960 (9 of 500 audits disagreed); more audits are needed than a run has',
    '    c  not yet trusted: nothing is shown since a rule was removed; about 120 more audits may show 0.97',
    '       removed: the rule keyword-surplus, which disagreed in 12 of 30 audits',
    '    d  not trusted: agrees with gpt-6-luna in at least 0.710 (12 of 80 audits disagreed); it is shown to be below 0.97, and the model decides',
    '    e  not trusted: agrees with gpt-6-luna in at least 0.951 (14 of 600 audits disagreed); to show 0.97 would take too many audits, and the model decides',
    '    f  not trusted: every rule was removed, and the model decides',
    '       removed: the rule keyword-surplus, which disagreed in 12 of 30 audits',
    '  not yet        audits of later runs on this catalogue count together with these, and may earn the field',
    '  not trusted    a lower --target may be met',
  ])
})

test('what labels of people show is told as rightness, and what audits show never is', () => {
  const labels = { measure: 'labels', audits: 120, counted: 120, bound: 0.973_9 } as const
  const removed = [
    { rule: 'keyword-surplus', audits: 12, misses: 5, measure: 'labels' as const },
    { rule: 'bad', audits: 30, misses: 12, measure: 'audits' as const },
  ]
  const below = { state: 'untrusted', reason: 'below-target', bound: 0.71, misses: 12, counted: 80, removed } as const
  assert.deepEqual(
    auditLines({ fields: [fieldOf('type', labels), fieldOf('unit', { ...labels, ...below, removed: [...removed] })] }),
    [
      '  audited        0 rows; the model was asked blind, to check the rules',
      '  rules          decide alone in 1 of 2 fields, where they are right by the labels of people in at least 0.97',
      '    type  trusted: right by the labels of people in at least 0.973 (0 of 120 labels differ)',
      '    unit  not trusted: right by the labels of people in at least 0.710 (12 of 80 labels differ); it is shown to be below 0.97, and the model decides',
      '          removed: the rule keyword-surplus, which is wrong by 5 of 12 labels',
      '          removed: the rule bad, which disagreed in 12 of 30 audits',
      '  not trusted    a lower --target may be met',
    ],
  )
  const mixed = auditLines({ fields: [fieldOf('type', labels), fieldOf('unit', { measure: 'audits' })] })
  assert.match(mixed[1] ?? '', /agree with gpt-6-luna, or are right by the labels of people, in at least 0\.97$/)
  assert.match(mixed[3] ?? '', /trusted: agrees with gpt-6-luna in at least 0\.974/)
})

test('where labels show how often the model is right, the report says what follows for the rules', () => {
  const lines = auditLines({ fields: [fieldOf('type', { measure: 'audits', rightness: 0.951_9 })] })
  assert.equal(
    lines[3],
    '          right in at least 0.951, as labels of people show how often answers of gpt-6-luna are right',
  )
  for (const rightness of [null, 0])
    assert.equal(auditLines({ fields: [fieldOf('type', { measure: 'audits', rightness })] }).length, 3)
  const nothing = fieldOf('type', { state: 'undecided', audits: 0, counted: 0, bound: 0, expected_more: 120 })
  assert.match(
    auditLines({ fields: [nothing] })[2] ?? '',
    /not yet trusted: no audit has shown anything yet; about 120 more audits may show 0\.97/,
  )
})

test('audits that show nothing, as those of the offline model, are told with the reason', () => {
  const [audited, ...lines] = auditLines({ audited: 0, fields: [], models: [] })
  assert.match(audited ?? '', / 0 rows; /)
  assert.match(
    lines.join(' '),
    /^ {2}rules {10}decide nothing alone: no audit .*offline .*no rule is sure.*set a model/,
  )
})

test('where a run audits nothing, what its rules decided is told to be unverified, and why', () => {
  const by_source = { rules: 9, reuse: 0, model: 1, escalation: 0, person: 0 }
  const lines = auditLines({ unverified: 9, by_source }).join(' ')
  assert.match(
    lines,
    /^ {2}rules {10}were not checked on this catalogue, as in mode rules or with --trust shipped, .*unverified/,
  )
  assert.match(lines, /in mode hybrid with --trust catalogue, a model is asked blind/)
  assert.deepEqual(
    auditLines({ unverified: 0, by_source }),
    [],
    'earlier audits have shown that these rules may decide',
  )
  assert.deepEqual(auditLines({ unverified: 3, by_source: { ...by_source, rules: 0 } }), [], 'no rule decided a result')
})

test('a result shows codes with their titles where its codebook is known', () => {
  const result = classification('A', { codebook: 'shop-goods@3', labels: RIGHT, source: 'rules' })
  const text = formatClassification(toResultBody(result, shop), shop.codebook)
  assert.match(text, /\n {2}product {2}12 Knives and forks \(Kitchen goods\)\n/)
  assert.match(text, /\n {2}needs-review, by nothing, confidence /)
})

const SUMMARY: BatchSummary = {
  ...{ indicators: 10, classified: 0, unchanged: 10, needs_review: 0, unverified: 0, model_requests: 0, cost_usd: 0 },
  by_source: { rules: 0, reuse: 0, model: 0, escalation: 0, person: 0 },
  ...{ tokens: { input: 0, cached: 0, output: 0 }, warnings: [] },
}
const textOf = (summary: BatchSummary, codebook = 'economic-indicators@2') => {
  const totals = createRunTotals()
  totals.addBatch(summary)
  const run = { runId: 'run-1', catalogue: 'wb', codebook, elapsedMs: 1_000, nodes: {}, maxCost: undefined }
  return formatReport(totals.buildReport(run))
}

test('the report says what the stored results of unchanged indicators leave open', () => {
  const open = { ...SUMMARY, unchanged_needs_review: 2, unchanged_unverified: 5 }
  assert.match(textOf(open), /unchanged {6}10 \(needs review: 2, unverified: 5\)\n/)
  assert.match(textOf(SUMMARY), /unchanged {6}10\n/)
})

test('the cost of a model without a known price is not shown as nothing', () => {
  const warnings = [{ code: 'no-price', message: 'the price of big is not known (OPENAI_PRICES)', count: 3 }]
  assert.match(
    textOf({ ...SUMMARY, warnings }),
    /cost {11}not known \(the price of big is not known \(OPENAI_PRICES\)\)\n/,
  )
  assert.match(textOf({ ...SUMMARY, warnings, cost_usd: 0.5 }), /cost {11}USD 0\.5000 or more \(the price of big/)
  assert.doesNotMatch(textOf({ ...SUMMARY, warnings }), /× the price/)
  assert.match(textOf(SUMMARY), /cost {11}USD 0\.0000\n/)
})

test('what was not decided by a codebook without rules is not called decided by rules', () => {
  const summary = { ...SUMMARY, by_source: { ...SUMMARY.by_source, rules: 4, model: 1 } }
  assert.match(textOf(summary, 'my-book@1'), /decided by {5}nothing 4, model 1\n/)
  assert.match(textOf(summary), /decided by {5}rules 4, model 1\n/)
})
