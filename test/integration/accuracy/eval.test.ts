/** `eval` as a user runs it: by the rules alone, through a service of its own with the offline model, and from recorded answers. */
import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseUserPrompt } from '../../../src/classification/user-prompt.ts'
import { runCli } from '../../helpers/cli/cli.ts'
import { temporaryDirectory } from '../../helpers/temporary-directory.ts'

const COUNT = 60
const ACTIVITIES = fileURLToPath(new URL('../../../src/codebooks/business-activities/codebook.yaml', import.meta.url))
const ACTIVITIES_GOLD = fileURLToPath(new URL('../../../src/codebooks/business-activities/gold.jsonl', import.meta.url))
const SHIPPED_GOLD = fileURLToPath(new URL('../../../src/codebooks/economic-indicators/gold.jsonl', import.meta.url))
let directory: string
/** A gold file of indicators whose names say nothing, so that the rules can only guess and a model is needed. */
let opaque: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-eval-test-'))
  opaque = join(directory, 'opaque.jsonl')
  const lines = (await readFile(SHIPPED_GOLD, 'utf8')).trim().split('\n').slice(0, COUNT)
  const hidden = lines.map((line, index) => {
    const { first_reading: _, ...row } = JSON.parse(line)
    return JSON.stringify({ ...row, name: `Series ${index}`, units: row.units?.replace(/\(.*\)/, '') })
  })
  await writeFile(opaque, `${hidden.join('\n')}\n`)
})

after(() => rm(directory, { recursive: true, force: true }))

test('mode rules prints one JSON object, the same every time, and --fail-under decides the exit code', async () => {
  const first = await runCli(['eval', SHIPPED_GOLD, '--json', '--fail-under', 'type=0.9,all=0.8'], { ownProcess: true })
  assert.equal(first.code, 0, first.stderr)
  const report = JSON.parse(first.stdout)
  assert.equal(first.stdout.trim().split('\n').length, 1)
  assert.deepEqual(Object.keys(report.accuracy), [
    'type',
    'temporal_aggregation',
    'orientation',
    'unit_kind',
    'unit_scale',
    'unit_currency',
    'frequency',
    'all',
  ])
  assert.ok(report.n >= 200 && report.cost.model_requests === 0 && report.model === null)
  assert.ok(report.prompt.static_tokens_estimated > 1_024)
  assert.equal((await runCli(['eval', SHIPPED_GOLD, '--json'])).stdout, first.stdout)

  const short = await runCli(['eval', opaque, '--fail-under', 'all=0.99'])
  assert.equal(short.code, 1)
  assert.match(short.stderr, /--fail-under: all is [\d.]+, below 0\.99/)
  assert.match(short.stdout, /all 7 together +0\.\d{3} {2}0\.\d{3}–0\.\d{3}/)
})

test('a wrong gold file and wrong options are refused with exit code 2', async () => {
  const path = join(directory, 'wrong.jsonl')
  await writeFile(path, '{"indicator_id":"A","name":"GDP","labels":{"type":"money"}}\n')
  const wrong = await runCli(['eval', path])
  assert.equal(wrong.code, 2)
  assert.match(wrong.stderr, /line 1, labels\.type: "money" is no value of type; it must be one of /)
  assert.match(wrong.stderr, /wrong\.jsonl is no gold file by the codebook economic-indicators@2/)
  await writeFile(path, Buffer.from('{"indicator_id":"A","name":"D\u00e9penses"}\n', 'latin1'))
  assert.match((await runCli(['eval', path])).stderr, /is not UTF-8/)
  assert.equal((await runCli(['eval', join(directory, 'none.jsonl')])).code, 2)
  assert.equal((await runCli(['eval', '--mode', 'magic'])).code, 2)
  const figure = await runCli(['eval', '--fail-under', 'beauty=1'])
  assert.equal(figure.code, 2)
  assert.match(
    figure.stderr,
    /"beauty" is no field of economic-indicators; the figures are type, .*, all, sure\.precision/,
  )
  const codebook = await runCli(['eval', '--codebook', 'nothing'])
  assert.equal(codebook.code, 2)
  assert.match(
    codebook.stderr,
    /--codebook: there is no "nothing" here; there is economic-indicators, business-activities/,
  )
  for (const [args, message] of [
    [
      ['--record', 'a', '--replay', 'b', '--mode', 'model'],
      /--record <file>' cannot be used with option '--replay <file>'/,
    ],
    [
      ['--capture', 'a', '--replay', 'b', '--mode', 'model'],
      /--capture <file>' cannot be used with option '--replay <file>'/,
    ],
    [
      ['--record', 'a', '--ingress', 'http://localhost:1'],
      /--record <file>' cannot be used with option '--ingress <urls>'/,
    ],
    [
      ['--replay', 'a', '--ingress', 'http://localhost:1'],
      /--replay <file>' cannot be used with option '--ingress <urls>'/,
    ],
    [['--capture', 'a'], /--capture needs --mode model or --mode hybrid: with --mode rules no model is asked/],
    [
      ['--replay', join(directory, 'none'), '--mode', 'model'],
      /The recorded answers \S+none: there is no such file; check the name and the folder \(ENOENT\)/,
    ],
    [['--record', path, '--mode', 'model'], /wrong\.jsonl exists already: name a new file/],
  ] as const) {
    const { code, stderr } = await runCli(['eval', opaque, ...args])
    assert.equal(code, 2, stderr)
    assert.match(stderr, message)
  }
})

test('mode rules scores any codebook that has no rules, with the recall of its shortlists', async () => {
  const { code, stdout, stderr } = await runCli(['eval', '--codebook', 'business-activities'])
  assert.equal(code, 0)
  assert.match(stderr, /scoring the one that comes with the codebook business-activities, which its authors wrote/)
  assert.match(
    stdout,
    /\nThe codebook has no rules for industry, so nothing was decided: score a model with --mode model\n/,
  )
  assert.doesNotMatch(stdout, /misses|confusion/)
  assert.match(
    stdout,
    /shortlist of industry holds the right code \(93 records\), by its length: 5: 0\.\d{3}, .*20: 0\.9\d{2}/,
  )
})

test('mode hybrid with noisy gold answers scores above the rules alone, and names the offline model', async () => {
  const rules = JSON.parse((await runCli(['eval', opaque, '--json'])).stdout)
  const own = await temporaryDirectory()
  const env = { OFFLINE_MODEL_ANSWERS: `gold:${opaque},noisy:0.1`, TMPDIR: own }
  const { code, stdout, stderr } = await runCli(['eval', opaque, '--mode', 'hybrid', '--pack', '5,25', '--json'], {
    env,
    ownProcess: true,
  })
  assert.equal(code, 0, stderr)
  const hybrid = JSON.parse(stdout)
  assert.ok(hybrid.accuracy.all > rules.accuracy.all, `${hybrid.accuracy.all} after ${rules.accuracy.all}`)
  assert.deepEqual(hybrid.model, { names: ['offline-noisy'], is_offline: true })
  assert.match(stderr, /offline .*labels of a gold file, some made wrong, not those of a live language model/)
  assert.deepEqual(
    hybrid.packs.map(({ pack, n }: { pack: number; n: number }) => [pack, n]),
    [
      [5, COUNT],
      [25, COUNT],
    ],
  )
  const [five, twentyFive] = hybrid.packs
  assert.ok(five.cost.model_requests > twentyFive.cost.model_requests)
  assert.equal(five.cost.by_source.reuse, 0)
  // restate-server leaves folders of its own.
  const left = (await readdir(own)).filter((name) => name.startsWith('classify-'))
  assert.deepEqual(left, [], 'its service is removed')
  await rm(own, { recursive: true })
})

test("a user's codebook with a code list reaches 1.000 with gold answers, and again from their recording", async () => {
  const folder = join(directory, 'mine')
  await mkdir(folder)
  const text = await readFile(ACTIVITIES, 'utf8')
  // Another name and text, so that the service has to store it.
  const mine = join(folder, 'mine.yaml')
  await writeFile(
    mine,
    text.replace('name: business-activities', 'name: my-activities').replace('Industry group', 'Group'),
  )
  await copyFile(join(dirname(ACTIVITIES), 'naics-2022.csv'), join(folder, 'naics-2022.csv'))
  const record = join(folder, 'recorded.jsonl')
  const args = ['eval', ACTIVITIES_GOLD, '--codebook', mine, '--mode', 'model', '--json', '--fail-under', 'industry=1']
  const first = await runCli([...args, '--record', record], {
    env: { OFFLINE_MODEL_ANSWERS: `gold:${ACTIVITIES_GOLD}` },
  })
  assert.equal(first.code, 0, first.stderr)
  const report = JSON.parse(first.stdout)
  assert.deepEqual(report.accuracy, { industry: 1, all: 1 })
  assert.deepEqual([report.codebook, report.model.names], ['my-activities@1', ['offline-gold']])
  assert.deepEqual([report.cost.unverified, report.n], [0, 93])
  assert.match(first.stderr, /Recorded (\d+) requests with their answers in .*recorded\.jsonl/)
  const lines = (await readFile(record, 'utf8')).trimEnd().split('\n')
  assert.equal(lines.length, report.cost.model_requests)

  const replayed = await runCli([...args, '--replay', record])
  assert.equal(replayed.code, 0, replayed.stderr)
  const again = JSON.parse(replayed.stdout)
  assert.deepEqual([again.accuracy, again.misses, again.model.names], [report.accuracy, [], ['offline-recorded']])
  assert.deepEqual([again.cost.unverified, again.unanswered], [0, undefined])

  await writeFile(record, lines.slice(1).join('\n'))
  const short = await runCli([...args, '--replay', record])
  assert.equal(short.code, 2)
  assert.match(short.stderr, /--replay .*recorded\.jsonl: no recorded answer for activity-\d+ ".*" \(industry\)/)
  assert.equal(short.stdout, '')
})

test('captured requests are answered elsewhere, and the answers are then scored', async () => {
  const gold = join(directory, 'unlabelled.jsonl')
  const rows = (await readFile(opaque, 'utf8'))
    .trimEnd()
    .split('\n')
    .slice(0, 20)
    .map((line) => JSON.parse(line))
  await writeFile(gold, rows.map(({ labels: _, ...row }) => JSON.stringify(row)).join('\n'))
  const file = join(directory, 'captured.jsonl')
  const captured = await runCli(['eval', gold, '--mode', 'model', '--capture', file])
  assert.equal(captured.code, 0, captured.stderr)
  assert.match(captured.stdout, /^Captured 2 requests in .*captured\.jsonl.*no score/)
  assert.match(captured.stdout, /npm run eval -- .*unlabelled\.jsonl --mode model --replay .*captured\.jsonl/)
  assert.match(captured.stdout, /unlabelled\.jsonl have no labels yet: give them "labels"/)
  assert.doesNotMatch(captured.stdout, /accuracy/)

  const labelled = join(directory, 'labelled.jsonl')
  await writeFile(labelled, rows.map((row) => JSON.stringify(row)).join('\n'))
  const unanswered = await runCli(['eval', labelled, '--mode', 'model', '--replay', file])
  assert.equal(unanswered.code, 2)
  assert.match(
    unanswered.stderr,
    /captured\.jsonl holds 2 requests and no line with an "answer": have them answered first/,
  )

  const byId = new Map(rows.map((row) => [row.indicator_id, { unit_per: null, ...row.labels }]))
  const answered = (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { request, recorded_at } = JSON.parse(line)
      const items = parseUserPrompt(request.messages.at(-1).content)
      const answers = items.map(({ key, id, ask }) => {
        const labels = ask.map((field) => ({ field, value: byId.get(id)?.[field], confidence: 90 }))
        return { key, reason: 'by hand', labels }
      })
      return JSON.stringify({ request, recorded_at, answer: { answers } })
    })
  // Whoever leaves out a record and a field of another one learns so beside the figures; the others are scored.
  const partly = answered.map((line, index) => {
    const parsed = JSON.parse(line)
    const [first, _, ...others] = parsed.answer.answers
    if (index > 0) return line
    return JSON.stringify({ ...parsed, answer: { answers: [{ ...first, labels: first.labels.slice(1) }, ...others] } })
  })
  await writeFile(file, partly.join('\n'))
  const left = await runCli(['eval', labelled, '--mode', 'model', '--replay', file])
  assert.equal(left.code, 0, left.stderr)
  assert.match(left.stdout, /\n9 fields of 2 records were left unanswered in .*captured\.jsonl\n/)
  assert.match(left.stdout, /all 7 together +(?:0\.9\d|1\.0)/)

  await writeFile(file, answered.join('\n').replace('"value":"', '"value":"not-'))
  const wrong = await runCli(['eval', labelled, '--mode', 'model', '--replay', file])
  assert.equal(wrong.code, 2)
  // The sentence stands alone, without the log of the offline model.
  assert.match(
    wrong.stderr,
    /\nrecorded answers: .*captured\.jsonl, line 1: key "k1", field "type": must be one of [^\n]*; got "not-[a-z-]+"\n$/,
  )
  assert.doesNotMatch(wrong.stderr, /Its last output|exit code/)
})
