/** The steps of a certification without a database: the plan, the labels, what they show, and the file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatCertificateFile, parseCertificateFile } from '../../../../src/cli/certify/certificate-file.ts'
import { formatCertificate, interval, share } from '../../../../src/cli/certify/certificate-page.ts'
import { type Evaluation, evaluate } from '../../../../src/cli/certify/evaluate.ts'
import { type ClaimOptions, settlePlan } from '../../../../src/cli/certify/plan.ts'
import { fingerprintOf, readPopulation } from '../../../../src/cli/certify/run-part.ts'
import { keepSentinels } from '../../../../src/cli/certify/sentinels.ts'
import { type LabelFile, takeLabels } from '../../../../src/cli/certify/take-labels.ts'
import { verifyCertificate } from '../../../../src/evidence/certificate/certificate-check.ts'
import type { Store } from '../../../../src/store/types.ts'
import { trueLabels } from '../../../helpers/evidence/labelled-parts.ts'
import {
  createMemoryCertificates,
  labelsOf,
  type MemoryCertificates,
  RUN,
} from '../../../helpers/evidence/memory-certificates.ts'

const PLACE = { catalogue: 'store', codebookHash: RUN.scheme.hash }
const signal = new AbortController().signal
const FIELDS = ['kind', 'uses', 'weight']

const storeOf = (certificates: MemoryCertificates) => ({ certificates }) as unknown as Store
const populationOf = (memory: MemoryCertificates) => readPopulation(storeOf(memory), RUN, signal)

async function settle(memory: MemoryCertificates, options: ClaimOptions = {}) {
  return await settlePlan(memory, RUN, await populationOf(memory), { ...options, by: 'Anna' })
}

async function judge(memory: MemoryCertificates, options: ClaimOptions & { readonly count?: number } = {}) {
  const population = await populationOf(memory)
  const settled = await settle(memory, options)
  return await evaluate(memory, { run: RUN, population, settled, count: options.count })
}

/** Labels the rows that are to be labelled next, until the claims are decided. Returns the last evaluation. */
async function labelOn(memory: MemoryCertificates, options: ClaimOptions = {}): Promise<Evaluation> {
  let now = await judge(memory, options)
  for (let round = 0; now.certificate.result.state === 'more' && now.next.length > 0; round += 1) {
    assert.ok(round < 50)
    for (const { id } of now.next) await memory.saveLabels(PLACE, labelsOf(id))
    now = await judge(memory, options)
  }
  return now
}

test('a plan keeps its seed, may change before the first label, and is fixed from then on', async () => {
  const memory = createMemoryCertificates(500)
  const first = await settle(memory)
  assert.deepEqual(
    [first.plan.target, first.plan.delta, first.plan.claims, first.plan.fields],
    [0.97, 0.05, ['*'], FIELDS],
  )
  assert.match(first.plan.seed, /^[0-9a-f]{32}$/)
  const other = await settle(memory, { target: 0.9, delta: 0.1, field: 'weight, kind' })
  assert.deepEqual([other.plan.target, other.plan.delta, other.plan.claims], [0.9, 0.1, ['kind', 'weight']])
  assert.equal(other.plan.seed, first.plan.seed)
  assert.deepEqual(other.order, first.order)
  assert.deepEqual((await settle(memory)).plan, other.plan)

  const [drawn] = other.order
  assert.ok(drawn)
  await memory.saveLabels(PLACE, labelsOf(drawn.id))
  await assert.rejects(
    settle(memory, { target: 0.95 }),
    /fixed before its first label, on 2026-01-02: --target 0\.9, and not 0\.95/,
  )
  await assert.rejects(settle(memory, { delta: 0.05 }), /--delta 0\.1, and not 0\.05/)
  await assert.rejects(settle(memory, { field: 'all' }), /--field kind,weight, and not all/)
  assert.deepEqual((await settle(memory, { target: 0.9 })).plan, other.plan)
})

test('rows or answers that change after the first label end a certificate, and before it they do not', async () => {
  const memory = createMemoryCertificates(500)
  const { order, plan } = await settle(memory)
  memory.rows.delete(order[3]?.id ?? '')
  const now = await settle(memory)
  assert.deepEqual([now.plan.population, now.plan.seed], [499, plan.seed])
  await memory.saveLabels(PLACE, labelsOf(now.order[0]?.id ?? ''))
  const id = now.order[7]?.id ?? ''
  const row = memory.rows.get(id)
  assert.ok(row)
  memory.rows.set(id, { ...row, classification: { ...row.classification, labels: { kind: 'tool' } } })
  await assert.rejects(settle(memory), /answers of the run have changed since: classify again/)
  memory.rows.delete(id)
  await assert.rejects(settle(memory), /for 499 rows, and the run has 498 now/)
})

test('a fingerprint tells every part of an answer, and not the order of its labels', () => {
  const row = createMemoryCertificates(1).rows.get('P.0') ?? assert.fail('no row')
  const { classification } = row
  const turned = Object.fromEntries(Object.entries(classification.labels).toReversed())
  const same = fingerprintOf({ ...row, classification: { ...classification, labels: turned, reason: 'another' } })
  assert.equal(same, fingerprintOf(row))
  const others = [
    { labels: { ...classification.labels, weight: 99 } },
    { confidence: 0.5 },
    { source: 'rules' as const },
    { status: 'accepted' as const },
    { codebook_hash: 'x' },
  ].map((more) => fingerprintOf({ ...row, classification: { ...classification, ...more } }))
  assert.equal(new Set([same, ...others, fingerprintOf({ ...row, inputHash: 'x' })]).size, 7)
})

test('files are as small as they can be, so that nobody labels on when the target is shown', async () => {
  const memory = createMemoryCertificates(5_000)
  const first = await judge(memory)
  assert.ok(first.next.length >= 100 && first.next.length <= 140, `${first.next.length}`)
  const { certificate } = await labelOn(memory)
  assert.equal(certificate.result.state, 'shown')
  assert.equal(certificate.result.labelled, first.next.length)
  assert.deepEqual((await judge(memory)).next, [])
  assert.equal((await judge(memory, { count: 7 })).next.length, 7)
})

test('a row that nobody could tell counts as wrong, and one in dispute holds up those behind it', async () => {
  const memory = createMemoryCertificates(800)
  const { order } = await settle(memory)
  const ids = order.slice(0, 30).map(({ id }) => id)
  for (const [index, id] of ids.entries())
    await memory.saveLabels(PLACE, labelsOf(id, 'Anna', index === 2 ? { kind: '?' } : {}))
  await memory.saveLabels(PLACE, labelsOf(ids[4] ?? '', 'Ben'))
  const quiet = await judge(memory)
  assert.deepEqual([quiet.certificate.result.labelled, quiet.certificate.result.claims[0]?.right], [30, 29])
  assert.deepEqual(
    quiet.misses.map(({ id, field, label, by }) => [id, field, label, by]),
    [[ids[2], 'kind', '?', 'Anna']],
  )
  assert.deepEqual(quiet.certificate.labels[4]?.by, 'Anna, Ben')
  assert.equal(quiet.agreement.find(({ field }) => field === 'kind')?.rows, 1)

  await memory.saveLabels(PLACE, labelsOf(ids[10] ?? '', 'Ben', { kind: 'unheard of', weight: 55 }))
  const disputed = await judge(memory)
  assert.deepEqual([disputed.certificate.result.labelled, disputed.certificate.result.waiting], [10, 19])
  assert.deepEqual(disputed.next, [], 'the third decision comes before further labels')
  assert.deepEqual(
    disputed.cases.map(({ field, decided }) => [field, decided]),
    [
      ['kind', null],
      ['weight', null],
    ],
  )
  assert.ok(
    disputed.misses.every(({ id }) => id !== ids[10]),
    'the answer stays hidden until the decision',
  )
  const page = formatCertificate(disputed)
  assert.match(page, new RegExp(`${ids[10]}: kind: \\w+ \\(Anna\\), unheard of \\(Ben\\); to be decided`))

  const third = labelsOf(ids[10] ?? '', 'Cleo').filter(({ field }) => field !== 'uses')
  await memory.saveLabels(
    PLACE,
    third.map((one) => ({ ...one, adjudicates: true, blind: false })),
  )
  const settled = await judge(memory)
  assert.deepEqual([settled.certificate.result.labelled, settled.certificate.result.claims[0]?.right], [30, 29])
  assert.deepEqual(
    settled.cases.map(({ decided }) => decided?.by),
    ['Cleo', 'Cleo'],
  )
  assert.deepEqual(settled.agreement, disputed.agreement, 'a third decision does not make people agree')
})

test('labels of another input of a row, and rows whose fields are not all labelled, count nothing', async () => {
  const memory = createMemoryCertificates(300)
  const [first, second] = (await settle(memory)).order
  assert.ok(first && second)
  await memory.saveLabels(
    PLACE,
    labelsOf(first.id).map((one) => ({ ...one, inputHash: 'an earlier input' })),
  )
  await memory.saveLabels(PLACE, labelsOf(second.id).slice(0, 2))
  assert.equal((await judge(memory)).certificate.result.labelled, 0)
  await memory.saveLabels(PLACE, labelsOf(first.id))
  const now = await judge(memory)
  assert.equal(now.certificate.result.labelled, 1)
  assert.ok(now.next.some(({ id }) => id === second.id))
})

test('the file holds what it takes to recompute it, and says what is wrong with a file of another form', async () => {
  const memory = createMemoryCertificates(1_000)
  const { certificate, given } = await labelOn(memory)
  const text = formatCertificateFile(certificate, given)
  const read = parseCertificateFile(text)
  assert.ok('certificate' in read)
  assert.deepEqual(read.certificate, certificate)
  assert.deepEqual(verifyCertificate(read.certificate), [])
  assert.equal(read.given.length, given.length)
  assert.deepEqual(read.given[0], {
    ...{ id: given[0]?.indicatorId, field: 'kind', label: given[0]?.label, is_known: true, by: 'Anna' },
    ...{ at: '2026-01-03T00:00:00.000Z', blind: true, adjudicates: false },
  })
  const wrong = (alter: (file: Record<string, unknown>) => void) => {
    const file = JSON.parse(text) as Record<string, unknown>
    alter(file)
    const found = parseCertificateFile(JSON.stringify(file))
    return 'problems' in found ? found.problems.join('\n') : ''
  }
  assert.match(
    wrong((file) => delete file['plan']),
    /^plan: /,
  )
  assert.match(
    wrong((file) => delete file['given']),
    /^given: /,
  )
  assert.match(
    wrong((file) => Object.assign(file, { given: [{ id: 1 }] })),
    /given\.0\.id: /,
  )
  assert.match(
    wrong((file) => Object.assign(file, { more: 1 })),
    /more/,
  )
})

test('a file of labels is stored as a whole or not at all, and the same labels again change nothing', async () => {
  const memory = createMemoryCertificates(20)
  const file = (text: string, more: Partial<LabelFile> = {}): LabelFile => ({
    ...{ name: 'my.csv', bytes: Buffer.from(text), by: 'Anna', fields: FIELDS, adjudicates: false },
    ...more,
  })
  const head = 'indicator_id,kind,uses,weight,note,catalogue\n'
  const row = (id: string) => {
    const { kind, uses, weight } = trueLabels(id)
    return `${id},${kind},${[uses].flat().join('; ')},${weight ?? ''},"seen, twice",store\n`
  }
  const good = `${head}${row('P.1')}${row('P.5')}P.6,,,,,\n`
  await assert.rejects(takeLabels(memory, RUN, file(`${good}P.7,tool,nowhere,,,\n`)), /line 5, uses: "nowhere"/)
  assert.equal(memory.labels.length, 0)
  assert.deepEqual(await takeLabels(memory, RUN, file(good)), { rows: 2, labels: 6, unfilled: 1 })
  assert.deepEqual(
    memory.labels.map(({ indicatorId, field, label, by, note, blind }) => [indicatorId, field, label, by, note, blind]),
    ['P.1', 'P.5'].flatMap((id) =>
      Object.entries(trueLabels(id)).map(([field, label]) => [id, field, label, 'Anna', 'seen, twice', true]),
    ),
  )
  assert.deepEqual(await takeLabels(memory, RUN, file(good)), { rows: 0, labels: 0, unfilled: 1 })
  await assert.rejects(
    takeLabels(memory, RUN, file(`${head}P.1,tool,outdoors,1,,\n`)),
    /line 2, kind: was bolt by Anna on 2026-01-03, and is tool here: a label is given once/,
  )
  await assert.rejects(
    takeLabels(memory, RUN, file(`${head}P.6,tool,outdoors,1,,other\n`)),
    /line 2, catalogue: is "other", and the run classified "store"/,
  )
  await assert.rejects(takeLabels(memory, RUN, file(`${head}P.6,,,,,\n`)), /my\.csv holds no label yet/)
  const known = memory.rows.get('P.6')
  assert.ok(known)
  memory.rows.set('P.6', { ...known, indicator: null })
  await assert.rejects(
    takeLabels(memory, RUN, file(`${head}${row('P.6')}`)),
    /"P\.6" was submitted with other texts since the run/,
  )
})

test('fewer than 150 labelled rows are no sentinel set, and more are kept with the answers of the run', async () => {
  const memory = createMemoryCertificates(2_000, ['P.3'])
  const keep = async () => {
    const evaluation = await judge(memory)
    const files = { certificate: null, page: null, labels: null, cases: null, left_over: null }
    return await keepSentinels(storeOf(memory), { run: RUN, evaluation, page: '', files })
  }
  const ids = (await settle(memory)).order.map(({ id }) => id)
  for (const id of ids.slice(0, 140)) await memory.saveLabels(PLACE, labelsOf(id))
  assert.deepEqual(await keep(), { rows: 140, missing: 10, detectable: null })
  assert.equal(memory.sentinels.length, 0)
  for (const id of ids.slice(140, 160)) await memory.saveLabels(PLACE, labelsOf(id))
  const kept = await keep()
  assert.deepEqual([kept.rows, kept.missing], [160, 0])
  assert.ok(kept.detectable !== null && kept.detectable > 0.04 && kept.detectable < 0.07)
  assert.deepEqual(new Set(memory.sentinels.map(({ indicator }) => indicator.indicator_id)), new Set(ids.slice(0, 160)))
  const [row] = memory.sentinels
  assert.deepEqual(row?.labels, memory.rows.get(row?.indicator.indicator_id ?? '')?.classification.labels)
})

test('shares are rounded so that no bound says too much', () => {
  assert.deepEqual(
    [share(0.97), share(0.96999), share(1), interval([0.97001, 0.98001])],
    ['0.9700', '0.9699', '1.0000', '0.9700–0.9801'],
  )
})

test('no more labels are called for than there are rows, and where all of them would hardly do, that is said', async () => {
  for (const [rows, labelled] of [
    [62, 6],
    [62, 61],
    [1_006, 6],
    [40, 0],
  ] as const) {
    const memory = createMemoryCertificates(rows)
    const { order } = await settle(memory)
    for (const [index, { id }] of order.slice(0, labelled).entries())
      await memory.saveLabels(PLACE, labelsOf(id, 'Anna', index === 2 ? { kind: '?' } : {}))
    const now = await judge(memory)
    const [claim] = now.certificate.result.claims
    const text = formatCertificate(now)
    assert.ok((claim?.more ?? 0) <= rows - labelled && now.next.length <= rows - labelled)
    assert.doesNotMatch(text, /2,000/)
    if (claim?.state === 'more' && claim.more === null)
      assert.match(
        text,
        new RegExp(
          `all ${(rows - labelled).toLocaleString('en-US')} rows? left are likely to show it: of all ${rows.toLocaleString('en-US')}`,
        ),
      )
  }
  const memory = createMemoryCertificates(62)
  const { order } = await settle(memory)
  for (const [index, { id }] of order.slice(0, 6).entries())
    await memory.saveLabels(PLACE, labelsOf(id, 'Anna', index === 2 ? { kind: '?' } : {}))
  assert.match(
    formatCertificate(await judge(memory)),
    /not even the labels of all 56 rows left are likely to show it: of all 62 the target allows 1 to be wrong, already wrong: 1/,
  )
})
