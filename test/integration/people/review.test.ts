/** The command `review` on a running stack: from the list to a review file, and from the file to the next run. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Classification } from '../../../src/classification/types.ts'
import { parseGoldTable } from '../../../src/offline-model/answers-gold.ts'
import { runCli } from '../../helpers/cli/cli.ts'
import { goodAnswer, type ScriptedModel, startScriptedModel } from '../../helpers/servers/model.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'

let model: ScriptedModel
let stack: TestStack
let directory: string
let env: Record<string, string>

before(async () => {
  // Every answer has the confidence 0.4 in a field that a human answer decides, so that each result needs review.
  model = await startScriptedModel(({ ids, keyOf, fieldsOf }) => ({
    answers: ids.map((id) => doubtfulAnswer(keyOf(id), fieldsOf(id))),
  }))
  stack = await startTestStack({ OPENAI_BASE_URL: model.url })
  directory = await mkdtemp(join(tmpdir(), 'classify-review-'))
  env = { ...stack.env }
})

after(async () => {
  await stack?.stop()
  await model?.close()
  await rm(directory, { recursive: true, force: true })
})

/** The labels that a scripted answer doubts; it is sure of those that are a matter of the single record. */
const DOUBTED = ['type', 'temporal_aggregation', 'orientation', 'unit_kind']

function doubtfulAnswer(key: string, fields: readonly string[]): unknown {
  const answer = goodAnswer(key) as { labels: readonly { field: string; confidence: number }[] }
  const labels = answer.labels
    .filter(({ field }) => fields.includes(field))
    .map((label) => (DOUBTED.includes(label.field) ? { ...label, confidence: 40 } : label))
  return { ...answer, labels }
}

/** Indicators that no rule is sure of, so that a doubtful answer of the model leaves them to a person. */
const ZORBIC = { name: 'Zorbic attainment of the plain', description: 'How zorbic the plain is.' }
const QUAMBIC = { name: 'Quambic shore of the level', units: '' }
const MY_CODEBOOK = `name: my-goods
version: 1
title: Goods
record: {name: good, plural: goods, description: A thing in a shop., texts: [{name: name}]}
fields:
  - name: uses
    title: Uses
    multi: true
    max: 2
    values: [{value: kitchen, definition: Cooking.}, {value: garden, definition: Plants.}]
  - name: weight
    title: Weight
    number: {min: 0, max: 100, definition: Kilograms.}
`
const ESC = '\u001b[2J\u202e'

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, content)
  return path
}

const jsonl = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join('')
/** The same series under several ids. */
const withIds = (series: object, ...ids: readonly string[]) => ids.map((indicator_id) => ({ indicator_id, ...series }))

async function run(...args: readonly string[]) {
  const result = await runCli(args, { env })
  assert.equal(result.code, 0, `${args.join(' ')}: ${result.stderr}`)
  return result.stdout
}

/** Classifies a file as a part of one catalogue, whatever the name of the file, without audits, which would ask more. */
const classify = (path: string, ...options: readonly string[]) =>
  run('classify', path, '--catalogue', 'zorb', '--trust', 'shipped', '--json', ...options)

async function classified(): Promise<Map<string, Classification>> {
  const found = new Map<string, Classification>()
  for await (const page of stack.database.store.exportClassifications({ codebook: 'economic-indicators' })) {
    for (const one of page) found.set(one.indicator_id, one)
  }
  return found
}

test('a review file corrects two indicators; the next run answers all of their shape from person, without a request about it', async () => {
  const first = [
    ...withIds(ZORBIC, 'Z.1', 'Z.2', 'Z.3'),
    ...withIds(QUAMBIC, 'Q.1', '=Q.2'),
    ...withIds({ name: `Hostile ${ESC} name of nothing`, units: `u${ESC}` }, `H.1${ESC}x`),
  ]
  await classify(await file('first.jsonl', jsonl(first)))

  const open = JSON.parse(await run('review', '--json'))
  assert.deepEqual([open.indicators, open.shapes, open.answered], [6, 3, 0])
  // Among equally doubtful shapes the one with the most indicators comes first.
  assert.deepEqual(
    open.items.map((item: { same_shape: number }) => item.same_shape),
    [3, 2, 1],
  )
  const [worst] = open.items
  assert.equal(worst.indicator_id, 'Z.1')
  assert.equal(worst.description, ZORBIC.description)
  assert.deepEqual(worst.same_shape_ids, ['Z.1', 'Z.2', 'Z.3'])
  assert.equal(worst.model.name, 'gpt-6-luna')
  assert.equal(worst.model.reason, 'scripted')
  assert.equal(worst.catalogue, 'zorb')
  const { type, temporal_aggregation, orientation, unit_kind, unit_scale } = worst.model.confidence
  assert.deepEqual([type, temporal_aggregation, orientation, unit_kind, unit_scale], [0.4, 0.4, 0.4, 0.4, 0.9])
  assert.equal(worst.model.answer.type, worst.labels.type)
  assert.ok(worst.rules.type.rule.length > 0 && worst.rules.type.sure === false)
  assert.ok(worst.issues.length > 0)

  const screen = await run('review', '--limit', '3')
  assert.match(screen, /6 indicators of 3 shapes need review/)
  assert.match(screen, /one answer settles 3 indicators/)
  // A terminal would obey them.
  assert.doesNotMatch(screen.replaceAll('\n', ''), /[\p{Cc}\u202a-\u202e]/u)

  const out = join(directory, 'review.csv')
  await run('review', '--format', 'csv', '--out', out)
  const rows = (await readFile(out, 'utf8')).split('\n')
  assert.match(rows[0] ?? '', /^indicator_id,decision,corrections,note,type,/)
  const filled = rows.map((row) => {
    return row
      .replace(/^Z\.1,,,/, 'Z.1,,type=stock temporal_aggregation=point-in-time orientation=neutral,read the manual')
      .replace(/^('=Q\.2|Q\.1),,,/, '$1,"type=count, temporal_aggregation=period-total",,')
  })
  assert.notDeepEqual(filled, rows)
  const path = await file('filled.csv', filled.join('\n'))
  const before = await classified()

  const dry = JSON.parse(await run('review', 'apply', path, '--dry-run', '--json', '--by', 'Anna'))
  assert.deepEqual([dry.run_id, dry.dry_run, dry.corrected], [null, true, 2])
  assert.deepEqual(await classified(), before)

  assert.deepEqual(dry.warnings, [])
  // A label that is overwritten in its own column decides nothing, and the command warns about it.
  const undecided = rows.findIndex((row, line) => line > 0 && row !== '' && row === filled[line])
  const overwritten = filled.with(undecided, (rows[undecided] ?? '').replace(/^([^,]*,,,,)[a-z-]+,/, '$1yield,'))
  const careless = JSON.parse(
    await run('review', 'apply', await file('careless.csv', overwritten.join('\n')), '--dry-run', '--json'),
  )
  assert.equal(careless.undecided, 1)
  assert.match(
    careless.warnings.join(),
    /has no decision, but its type is "yield" where [a-z-]+ is stored: .*corrections/,
  )

  const applied = JSON.parse(await run('review', 'apply', path, '--json', '--by', 'Anna'))
  assert.deepEqual(
    [applied.by, applied.accepted, applied.corrected, applied.undecided, applied.shapes],
    ['Anna', 0, 2, 1, 2],
  )
  const corrected = applied.items.map((item: { indicator_id: string }) => item.indicator_id)
  assert.equal(corrected.length, 2)
  const z1 = (await classified()).get('Z.1')
  assert.deepEqual(
    [
      z1?.labels['type'],
      z1?.labels['family'],
      z1?.labels['time_basis'],
      z1?.source,
      z1?.status,
      z1?.confidence,
      z1?.run_id,
      z1?.reason,
    ],
    [
      'stock',
      'physical-fundamental',
      'point-in-time',
      'person',
      'accepted',
      1,
      applied.run_id,
      'read the manual (Anna)',
    ],
  )
  assert.equal((await run('export', '--format', 'jsonl', '--run', applied.run_id)).trim().split('\n').length, 2)
  const left = JSON.parse(await run('review', '--json', '--limit', '1'))
  assert.deepEqual([left.indicators, left.answered, left.items.length], [1, 3, 1])

  const askedBefore = model.asked.length
  const next = await file(
    'next.jsonl',
    jsonl([...first.slice(0, 5), ...withIds(ZORBIC, 'Z.8', 'Z.9'), ...withIds(QUAMBIC, 'Q.9')]),
  )
  const ids = ['Z.1', 'Z.2', 'Z.3', 'Z.8', 'Z.9', 'Q.1', '=Q.2', 'Q.9']
  for (const options of [[], ['--mode', 'model', '--no-reuse', '--force'], ['--mode', 'rules', '--force']]) {
    const report = JSON.parse(await classify(next, ...options))
    // Only mode model without reuse asks again, and only what may differ within a shape.
    assert.equal(report.model_requests > 0, options.includes('model'), options.join(' '))
    assert.equal(report.by_source.person + report.unchanged, 8)
    assert.equal(report.needs_review, 0)
    // What the person's answer leaves open is decided by a model beside rules that nothing has checked on this catalogue, or in
    // mode rules by guesses of the readers of units. Mode hybrid leaves the two indicators as they are that the person saw.
    const isUnverified = (id: string) => !options.includes('model') && (options.length > 0 || !corrected.includes(id))
    assert.equal(report.unverified, ids.filter(isUnverified).length)
    const now = await classified()
    for (const id of ids) {
      const one = now.get(id)
      const type = id.includes('Z') ? 'stock' : 'count'
      const status = isUnverified(id) ? 'unverified' : 'accepted'
      assert.deepEqual([one?.source, one?.labels['type'], one?.status], ['person', type, status], `${id} ${options}`)
    }
  }
  const since = model.asked.slice(askedBefore)
  const fields = new Set(since.flatMap(({ ids, fieldsOf }) => ids.flatMap((id) => [...fieldsOf(id)])))
  assert.deepEqual([...fields].toSorted(), ['frequency', 'unit_currency', 'unit_per', 'unit_scale'])
})

test('decisions are exported as gold in the form that a gold reader takes', async () => {
  const out = join(directory, 'gold.jsonl')
  await run('review', 'export-gold', '--out', out)
  const text = await readFile(out, 'utf8')
  assert.equal(await run('review', 'export-gold'), text)
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const z1 = lines.find((line) => line.indicator_id === 'Z.1')
  assert.equal(lines.length, 2)
  assert.equal(z1.name, ZORBIC.name)
  assert.deepEqual(Object.keys(z1.labels), [
    ...['type', 'temporal_aggregation', 'orientation'],
    ...['unit_kind', 'unit_scale', 'unit_currency', 'unit_per', 'frequency'],
  ])
  assert.equal(parseGoldTable(text, out).find({ id: 'Z.1', name: '' })?.type, 'stock')
})

test('--override-person lets the model answer again', async () => {
  const path = await file('over.jsonl', jsonl(withIds(ZORBIC, 'Z.1', 'Z.2')))
  const options = ['--mode', 'model', '--no-reuse', '--override-person']
  const report = JSON.parse(await classify(path, ...options))
  assert.equal(report.model_requests, 1)
  assert.equal(report.by_source.model, 2)
  assert.equal((await classified()).get('Z.1')?.source, 'model')
})

test('the other forms of a file work from standard input, with the database named by its URL', async () => {
  const named = { DATABASE_URL: stack.databaseUrl, DATA_DIR: join(directory, 'nothing-here') }
  const apply = (input: string) =>
    runCli(['review', 'apply', '-', '--by', 'Ben'], { env: named, input, ownProcess: true })
  const json = await apply(
    '{"indicator_id":"Z.2","decision":"correct","corrections":{"type":"count","temporal_aggregation":"point-in-time"}}\n',
  )
  assert.equal(json.code, 0, json.stderr)
  const plain = await apply('# by hand\nQ.9 accept\n')
  assert.equal(plain.code, 0, plain.stderr)
  assert.match(plain.stdout, /1 accepted, 0 corrected by Ben/)
  assert.equal((await classified()).get('Z.2')?.labels['type'], 'count')
})

test('a wrong file is refused with exit code 2 and nothing is stored; an unreachable database ends with 1', async () => {
  const before = await classified()
  const refused = async (content: string, message: RegExp) => {
    const { code, stderr } = await runCli(['review', 'apply', await file('bad.csv', content), '--by', 'Anna'], { env })
    assert.equal(code, 2)
    assert.match(stderr, message)
    assert.doesNotMatch(stderr, /\n\s+at /)
  }
  await refused(
    'indicator_id,decision,corrections\nZ.1,accept,\nZ.2,,type=flows\n',
    /bad\.csv: 1 problem; nothing was stored[\s\S]*line 3, type: "flows" is not in the codebook; did you mean flow\?/,
  )
  await refused(`indicator_id,decision\nnobody${ESC},accept\n`, /line 2, indicator_id: "nobody\\u\{1b\}/)
  await refused('', /holds no decision/)
  assert.deepEqual(await classified(), before)

  const codeOf = async (args: readonly string[], more: Record<string, string> = {}) => {
    return (await runCli(args, { env: { ...env, ...more } })).code
  }
  assert.equal(await codeOf(['review', 'apply', join(directory, 'no-such-file')]), 2)
  assert.equal(await codeOf(['review', 'aply', 'x']), 2)
  assert.equal(await codeOf(['review', '--format', 'csv']), 2)
  assert.equal(await codeOf(['review', 'apply', 'x', '--by', ' ']), 2)
  assert.equal(await codeOf(['review'], { DATA_DIR: join(directory, 'empty') }), 2)
  assert.equal(await codeOf(['review'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' }), 1)
})

test('two catalogues with the same ids keep their own results, and the options choose one', async () => {
  const path = await file('twin.jsonl', jsonl(withIds(QUAMBIC, 'Q.1')))
  await run('classify', path, '--trust', 'shipped', '--json')
  const refused = await runCli(['status', 'Q.1'], { env })
  assert.equal(refused.code, 2)
  assert.match(refused.stderr, /"Q\.1" is in several places: .*"twin".*"zorb".*--catalogue NAME/)
  assert.equal(JSON.parse(await run('status', 'Q.1', '--catalogue', 'twin', '--json')).catalogue, 'twin')
  const ids = (text: string) =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).indicator_id)
  assert.deepEqual(ids(await run('export', '--format', 'jsonl', '--catalogue', 'twin')), ['Q.1'])
  const unnamed = await runCli(['review', 'apply', '-', '--by', 'Ben'], { env, input: 'Q.1 accept\n' })
  assert.equal(unnamed.code, 2)
  assert.match(unnamed.stderr, /line 1, indicator_id: "Q\.1" is in 2 catalogues, "twin", "zorb"/)
  const options = ['review', 'apply', '-', '--by', 'Ben', '--catalogue', 'twin', '--json']
  const { stdout } = await runCli(options, { env, input: 'Q.1 type=count temporal_aggregation=period-total\n' })
  assert.deepEqual(
    JSON.parse(stdout).items.map((item: { catalogue: string }) => item.catalogue),
    ['twin'],
  )
})

test('a codebook of a file goes the whole way: classify, export, review and gold', async () => {
  const yaml = await file('my.yaml', MY_CODEBOOK)
  const path = await file('shop.jsonl', jsonl([{ indicator_id: 'S.1', name: 'Red pan' }]))
  const report = JSON.parse(await run('classify', path, '--codebook', yaml, '--json'))
  assert.deepEqual([report.catalogue, report.codebook, report.classified], ['shop', 'my-goods@1', 1])
  const options = ['--codebook', yaml]
  const [item] = JSON.parse(await run('review', ...options, '--json')).items
  assert.deepEqual([item.indicator_id, item.catalogue, item.why], ['S.1', 'shop', 'no-answer'])
  const decision = await file('decision.csv', 'indicator_id,corrections\nS.1,"uses=kitchen+garden, weight=2.5"\n')
  await run('review', 'apply', decision, ...options, '--by', 'Anna')
  const csv = await run('export', '--format', 'csv', '--codebook', 'my-goods')
  assert.match(
    csv,
    /^indicator_id,name,uses,weight,confidence,.*\nS\.1,Red pan,kitchen; garden,2\.5,1,person,accepted,/,
  )
  const gold = JSON.parse(await run('review', 'export-gold', ...options))
  assert.deepEqual(gold.labels, { uses: ['kitchen', 'garden'], weight: 2.5 })
  // The next run takes the answer, also for another indicator of the shape in another catalogue.
  const next = await file('next-shop.jsonl', jsonl([{ indicator_id: 'S.9', name: 'Red pan' }]))
  const again = JSON.parse(await run('classify', next, '--codebook', 'my-goods@1', '--json'))
  assert.deepEqual([again.by_source.person, again.model_requests, again.needs_review], [1, 0, 0])
  // The economic indicators of the other tests are no part of it.
  assert.equal((await run('export', '--format', 'jsonl', '--codebook', yaml)).trim().split('\n').length, 2)
})

test('decisions that are posted have the checks, the record and the effects of the command, and are stored once', async () => {
  const series = { name: 'Vombic heft of the moor', description: 'How vombic the moor is.' }
  await classify(await file('posted.jsonl', jsonl(withIds(series, 'V.1', 'V.2'))))
  const stored = (await classified()).get('V.1')
  const post = (body: object, key?: string) =>
    callIngress(
      stack,
      'classify-api/review',
      { by: 'Berta', ...body },
      key === undefined ? {} : { 'idempotency-key': key },
    )
  const decision = { indicator_id: 'V.1', corrections: { type: 'growth-rate' }, note: 'see the manual' }

  const wrong = await post({ decisions: [decision, { indicator_id: 'V.2', corrections: { family: 'flow' } }] })
  assert.equal(wrong.status, 400)
  assert.match(
    wrong.text,
    /input-invalid: .*nothing was stored.*decisions\[0\], temporal_aggregation: .*correct both fields/s,
  )
  assert.match(wrong.text, /decisions\[1\], family: cannot be corrected in a review: it follows from type/)
  assert.deepEqual((await classified()).get('V.1'), stored)

  const body = {
    decisions: [{ ...decision, corrections: { type: 'count', temporal_aggregation: 'period-total' } }],
    catalogue: 'zorb',
  }
  const answers = [await post(body, 'berta.1'), await post(body, 'berta.1')]
  const [first, again] = answers.map(({ status, json }) => [status, json()] as const)
  assert.deepEqual(again, first)
  const report = first?.[1] as { readonly run_id: string; readonly by: string; readonly corrected: number }
  assert.deepEqual([first?.[0], report.by, report.corrected], [200, 'Berta', 1])
  const now = (await classified()).get('V.1')
  assert.deepEqual(
    [now?.labels['type'], now?.source, now?.status, now?.reason, now?.run_id],
    ['count', 'person', 'accepted', 'see the manual (Berta)', report.run_id],
  )
  const status = await callIngress(stack, 'classify-api/run', { run_id: report.run_id })
  assert.equal((status.json() as { readonly classified: number }).classified, 1)
  const gold = (await run('review', 'export-gold')).trim().split('\n')
  assert.equal(gold.filter((line) => JSON.parse(line).indicator_id === 'V.1').length, 1)

  const asked = model.asked.length
  await classify(await file('posted.jsonl', jsonl(withIds(series, 'V.1', 'V.2', 'V.3'))))
  for (const id of ['V.2', 'V.3']) {
    const mate = (await classified()).get(id)
    assert.deepEqual([mate?.labels['type'], mate?.field_source['type']], ['count', 'person'], id)
  }
  const fields = model.asked.slice(asked).flatMap(({ ids, fieldsOf }) => ids.flatMap((id) => [...fieldsOf(id)]))
  assert.ok(!fields.includes('type'))
})
