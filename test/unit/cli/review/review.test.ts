/** The review of results by any codebook against a store in memory: what is listed, what a decision stores, and the gold file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse as parseCsv } from 'csv-parse/sync'
import { questionShapeOf } from '../../../../src/classification/question.ts'
import type { PreparedScheme } from '../../../../src/classification/scheme.ts'
import type { Classification, Indicator } from '../../../../src/classification/types.ts'
import { checkCatalogue } from '../../../../src/cli/results/known-catalogue.ts'
import { type ApplyOptions, applyReview } from '../../../../src/cli/review/apply.ts'
import { formatReviewFile, formatReviewItems } from '../../../../src/cli/review/format.ts'
import { goldLine } from '../../../../src/cli/review/gold.ts'
import { findOtherCodebooks } from '../../../../src/cli/review/other-codebooks.ts'
import { sha256 } from '../../../../src/lib/sha256.ts'
import { personShapesOf } from '../../../../src/review/person-shape.ts'
import { reasonOf } from '../../../../src/review/review-item.ts'
import { findReviewItems } from '../../../../src/review/review-items.ts'
import type { KnownIndicator, ReviewToSave, Store, StoredAnswer } from '../../../../src/store/types.ts'
import { classification } from '../../../helpers/store/batches.ts'
import { decided, economic, goodOf, RIGHT, shop } from '../../classification/schemes.ts'

const DOUBT = { code: 'low-confidence', message: 'confidence too low' }

/** A result of the shop that needs review, with its input. */
function known(id: string, more: Partial<Classification> = {}, record: Partial<Indicator> = {}): KnownIndicator {
  const indicator = goodOf({ indicator_id: id, ...record })
  const result = classification(id, {
    ...{ name: indicator.name, codebook: 'shop-goods@3', codebook_hash: shop.hash, labels: RIGHT, issues: [DOUBT] },
    ...{ field_confidence: { shade: 0.4 }, prompt_version: 'p2', ...more },
  })
  const latest = { classification: result, inputHash: 'h', mode: 'model' as const, askedModel: 'm1', unanswered: false }
  return { indicator, latest }
}

interface Answers {
  readonly human?: readonly StoredAnswer[]
  readonly model?: readonly StoredAnswer[]
}

/** A store that has these results and answers, and keeps what a review saves. */
function storeOf(all: readonly KnownIndicator[], { human = [], model = [] }: Answers = {}) {
  const saved: ReviewToSave[] = []
  const listed: object[] = []
  const byHash = (answers: readonly StoredAnswer[]) => new Map(answers.map((one) => [one.shapeHash, one]))
  const isIn = ({ latest }: KnownIndicator, catalogue: string) => latest.classification.catalogue === catalogue
  const store: Partial<Store> = {
    async *listNeedingReview(options) {
      listed.push(options)
      yield all.filter(({ latest }) => options.statuses.includes(latest.classification.status))
    },
    findHumanAnswers: async () => byHash(human),
    findAnswers: async () => byHash(model),
    findIndicators: async ({ catalogue }, ids) => {
      const found = all.filter((one) => isIn(one, catalogue) && ids.includes(one.indicator.indicator_id))
      return new Map(found.map((one) => [one.indicator.indicator_id, one]))
    },
    findClassifications: async (id) =>
      all.filter((one) => one.indicator.indicator_id === id).map(({ latest }) => latest.classification),
    openRun: async () => ({ startedAt: '2026-11-28T12:00:00.000Z', sequence: 1 }),
    saveReview: async (review) => {
      saved.push(review)
    },
  }
  return { store: store as Store, saved, listed }
}

function answerOf(shapeHash: string, more: Partial<StoredAnswer> = {}): StoredAnswer {
  return {
    ...{ shapeHash, shape: '{}', decision: decided(), source: 'person', model: null },
    ...{ codebook: 'shop-goods@3', codebookHash: shop.hash, promptVersion: 'p2', ...more },
  }
}

const sharedHash = ({ indicator }: KnownIndicator) => personShapesOf(shop, indicator).shared.shapeHash
const NEEDS_REVIEW = { statuses: ['needs-review'], limit: 100 } as const

async function apply(
  all: readonly KnownIndicator[],
  text: string,
  more: Partial<ApplyOptions> = {},
  /** Results by other codebooks. */
  others: readonly KnownIndicator[] = [],
) {
  const { store: own, saved } = storeOf(all)
  const store: Store = {
    ...own,
    findClassifications: async (id, scope) => [
      ...(await own.findClassifications(id, scope)),
      ...(scope.codebook === undefined ? others : [])
        .filter(({ indicator }) => indicator.indicator_id === id)
        .map(({ latest }) => latest.classification),
    ],
  }
  const options = { label: 'review.txt', scheme: shop, by: 'Anna', dryRun: false, ...more }
  const report = await applyReview(store, Buffer.from(text), options)
  return { report, saved: saved[0] }
}

test('an item has labels, rules and the answer of the model by field, and stands for all indicators of its shape', async () => {
  const [one, two, other] = [known('A'), known('B'), known('C', { confidence: 0.1 }, { name: 'Pan' })]
  const context = { mode: 'model', model: 'm1', promptVersion: 'p2' } as const
  const hash = sha256(questionShapeOf(shop, one.indicator, {}, context))
  const model = [answerOf(hash, { source: 'model', model: 'm1', decision: decided({ shade: 'dark' }, 0.4) })]
  const { store, listed } = storeOf([one, two, other], { model })
  const found = await findReviewItems(store, shop, { ...NEEDS_REVIEW, catalogue: 'wb' })
  assert.deepEqual([found.indicators, found.shapes, found.answered], [3, 2, 0])
  assert.deepEqual(
    found.items.map((item) => [item.indicator_id, item.same_shape, item.same_shape_ids]),
    [
      ['C', 1, ['C']],
      ['A', 2, ['A', 'B']],
    ],
  )
  const item = found.items[1]
  assert.deepEqual(item?.labels, { ...RIGHT, tone: null, shelf: null })
  assert.deepEqual(item?.model, {
    name: 'm1',
    answer: { shade: 'dark' },
    confidence: { shade: 0.4 },
    reason: 'it says so',
  })
  // The labels stand beside the other properties as well, as in a result.
  assert.deepEqual((item as unknown as Record<string, unknown>)['uses'], ['kitchen'])
  assert.deepEqual(listed, [{ codebook: 'shop-goods', hash: shop.hash, catalogue: 'wb', statuses: ['needs-review'] }])
})

test('the rules of a built-in codebook are shown for its askable fields', async () => {
  const record = { indicator_id: 'G', name: 'GDP (current US$)', units: 'current US$', sample_values: [] }
  const { store } = storeOf([{ ...known('G'), indicator: record }])
  const [item] = (await findReviewItems(store, economic, NEEDS_REVIEW)).items
  assert.equal(item?.rules['type']?.value, 'flow')
  assert.ok((item?.rules['type']?.rule.length ?? 0) > 0)
  assert.deepEqual(Object.keys(item?.rules ?? {}), [
    ...['type', 'temporal_aggregation', 'orientation', 'unit_kind', 'unit_scale', 'unit_currency', 'unit_per'],
    'frequency',
  ])
})

test('the most serious reason comes first, and guesses are listed only where they are asked for', async () => {
  const conflict = [{ code: 'dark-in-kitchen', message: 'x' }]
  const all = [
    known('doubt'),
    known('guess', { status: 'unverified', issues: [{ code: 'unsure', message: 'x' }] }, { name: 'Guess' }),
    known('conflict', { issues: conflict }, { name: 'Conflict' }),
    known('rule', { issues: [{ code: 'rule-conflict', message: 'x' }], confidence: 0.9 }, { name: 'Rule' }),
    known('silent', { issues: [{ code: 'no-answer', message: 'x' }] }, { name: 'Silent' }),
    known('older', { source: 'person', codebook_hash: 'another' }, { name: 'Older' }),
  ]
  const list = async (statuses: readonly Classification['status'][]) =>
    (await findReviewItems(storeOf(all).store, shop, { statuses, limit: 100 })).items.map(({ why }) => why)
  assert.deepEqual(await list(['needs-review']), ['conflict', 'conflict', 'no-answer', 'doubt', 'older-codebook'])
  assert.equal((await list(['needs-review', 'unverified'])).at(-1), 'unverified')
  // A constraint that only notes something is no conflict.
  assert.equal(reasonOf(shop, classification('X', { issues: [{ code: 'dozen-without-use', message: 'x' }] })), 'doubt')
})

test('a result that the next run takes from a person is counted and not listed, unless it rests on that answer already', async () => {
  const one = known('A')
  const answered = async (result: KnownIndicator, codebookHash = shop.hash) => {
    const { store } = storeOf([result], { human: [answerOf(sharedHash(result), { codebookHash })] })
    const { indicators, answered: count } = await findReviewItems(store, shop, NEEDS_REVIEW)
    return [indicators, count]
  }
  assert.deepEqual(await answered(one), [0, 1])
  assert.deepEqual(await answered(one, 'another'), [1, 0])
  assert.deepEqual(await answered(known('A', { source: 'person' })), [1, 0])
  const older = { source: 'person', issues: [{ code: 'older-codebook', message: 'x' }] } as const
  assert.deepEqual(await answered(known('A', older)), [0, 1])
})

test('the screen and the review file show every askable field, and the file can be read back', async () => {
  const labels = { ...RIGHT, uses: ['kitchen', 'garden'], maker: '=cmd' }
  const { store } = storeOf([known('A', { labels })])
  const found = await findReviewItems(store, shop, NEEDS_REVIEW)
  const screen = formatReviewItems(found, shop.codebook, false)
  assert.match(
    screen,
    /now {10}shade pale 40 %, uses kitchen; garden, pack 1, origin none, weight 2\.5, maker =cmd, product 12 Knives and forks \(Kitchen goods\); by/,
  )
  const csv = formatReviewFile(found.items, 'csv', shop.codebook)
  const [row = {}]: Record<string, string>[] = parseCsv(csv, { columns: true })
  assert.deepEqual(Object.keys(row).slice(0, 6), ['indicator_id', 'decision', 'corrections', 'note', 'shade', 'uses'])
  assert.deepEqual([row['uses'], row['maker'], row['catalogue']], ['kitchen; garden', "'=cmd", 'default'])
  for (const format of ['csv', 'jsonl'] as const) {
    const file = formatReviewFile(found.items, format, shop.codebook)
    const filled =
      format === 'csv' ? file.replace('\nA,,', '\nA,accept,') : file.replace('"decision":""', '"decision":"accept"')
    const { report } = await apply([known('A', { labels })], filled, { dryRun: true })
    assert.deepEqual([report.accepted, report.items[0]?.after], [1, labels])
  }
  const none = { items: [], indicators: 0, shapes: 0, answered: 0 }
  assert.match(formatReviewItems(none, shop.codebook, false), /^Nothing needs review\. With --unverified /)
  assert.equal(formatReviewItems(none, shop.codebook, true), 'Nothing needs review, and nothing rests on a guess.')
  assert.match(
    formatReviewItems(found, shop.codebook, true),
    /^1 indicator of 1 shape needs review or rests on a guess\./,
  )
})

test('codes are shown with titles and parents, and the likeliest candidates of the record are listed', async () => {
  const found = await findReviewItems(storeOf([known('A')]).store, shop, NEEDS_REVIEW)
  const [item] = found.items
  assert.deepEqual(item?.titles, { product: '12 Knives and forks (Kitchen goods)' })
  const candidates = item?.candidates['product'] ?? []
  assert.deepEqual(candidates[0], { code: '12', title: 'Knives and forks', parents: ['Kitchen goods'] })
  assert.equal(candidates.length, 5)
  const screen = formatReviewItems(found, shop.codebook, false)
  assert.match(screen, /\n {3}candidates {3}product: 12 Knives and forks \(Kitchen goods\); /)
  const [row = {}]: Record<string, string>[] = parseCsv(formatReviewFile(found.items, 'csv', shop.codebook), {
    columns: true,
  })
  assert.deepEqual([row['product'], row['titles']], ['12', '12 Knives and forks (Kitchen goods)'])
  assert.match(row['candidates'] ?? '', /^12 Knives and forks \(Kitchen goods\); .*Garden goods/)
  const plain = formatReviewFile([], 'csv', economic.codebook)
  assert.doesNotMatch(plain, /titles|candidates/)
})

test('what no rule could decide is not called decided by rules where the codebook has none', async () => {
  const conflict = [{ code: 'dark-in-kitchen', message: 'x' }]
  const { store } = storeOf([known('A', { source: 'rules', issues: conflict })])
  const screen = formatReviewItems(await findReviewItems(store, shop, NEEDS_REVIEW), shop.codebook, false)
  assert.match(screen, /; by nothing\n/)
  assert.match(screen, /why {10}the codebook and the answer contradict each other/)
})

test('a user who names no codebook learns by which others results are open', async () => {
  const pages: Readonly<Record<string, readonly unknown[][]>> = { news: [[1], [2]], zoo: [[1]], quiet: [[]] }
  const asked: object[] = []
  const store = {
    listCodebooks: async () => [
      { name: 'news', version: '2', hash: 'new' },
      { name: 'news', version: '1', hash: 'old' },
      ...['zoo', 'quiet', 'shop-goods'].map((name) => ({ name, version: '1', hash: name })),
    ],
    async *listNeedingReview(options: { readonly codebook: string }) {
      asked.push(options)
      yield* pages[options.codebook] ?? []
    },
  } as unknown as Store
  const query = { codebook: 'shop-goods', catalogue: 'wb', statuses: ['needs-review'] } as const
  assert.deepEqual(await findOtherCodebooks(store, query), [
    '2 results by news need review: --codebook news',
    '1 result by zoo needs review: --codebook zoo',
  ])
  assert.deepEqual(asked[0], { codebook: 'news', hash: 'new', statuses: ['needs-review'], catalogue: 'wb' })
})

test('a catalogue that is not there is refused with the names of those that are', async () => {
  const storeWith = (names: readonly string[]) =>
    ({
      listCatalogues: async () => names,
      async *exportIndicators({ catalogue = '' }) {
        yield names.includes(catalogue) ? [goodOf()] : []
      },
    }) as unknown as Store
  await checkCatalogue(storeWith(['wb']), 'wb')
  await checkCatalogue(storeWith([]), undefined)
  await assert.rejects(checkCatalogue(storeWith(['wb', 'imf']), 'bw'), {
    code: 'input-invalid',
    message: '--catalogue: there is no catalogue "bw"; there is "wb", "imf"',
  })
  await assert.rejects(checkCatalogue(storeWith([]), 'wb'), /nothing is classified yet$/)
})

test('a decision gives an accepted result of the person, and answers the shape in all fields that apply', async () => {
  const { report, saved } = await apply([known('A')], 'A uses=garden maker=none')
  assert.deepEqual([report.corrected, report.shapes, report.by], [1, 1, 'Anna'])
  const [decision] = saved?.decisions ?? []
  assert.deepEqual(decision?.labels, {
    shade: 'pale',
    uses: ['garden'],
    pack: 1,
    origin: null,
    maker: null,
    product: '12',
  })
  assert.equal(decision?.shapeHash, sharedHash(known('A')))
  assert.deepEqual([saved?.codebook, saved?.totals.unverified], ['shop-goods', 0])
  const after = decision?.after
  assert.deepEqual(
    [after?.source, after?.status, after?.confidence, after?.catalogue],
    ['person', 'accepted', 1, 'default'],
  )
  assert.deepEqual(after?.labels, {
    ...RIGHT,
    uses: ['garden'],
    maker: null,
    weight: null,
    tone: 'bright',
    shelf: null,
  })
  assert.equal(after?.codebook_hash, shop.hash)
  assert.equal(after?.reason, 'A person decided it (Anna)')
})

const MONEY: KnownIndicator = {
  indicator: { indicator_id: 'M', name: 'Exports', units: 'USD Million', periodicity: 'Monthly', sample_values: [] },
  latest: {
    ...known('M').latest,
    mode: 'hybrid',
    classification: classification('M', {
      name: 'Exports',
      codebook_hash: economic.hash,
      labels: {
        ...{
          type: 'flow',
          family: 'physical-fundamental',
          temporal_aggregation: 'period-total',
          time_basis: 'per-period',
        },
        ...{ orientation: 'higher-is-positive', unit_kind: 'currency', unit_scale: 1e6, unit_currency: 'USD' },
        ...{ unit_per: null, frequency: 'monthly', cumulative_pattern: 'none', cumulative_reset_month: null },
      },
    }),
  },
}

test('what may differ within a shape is no part of its answer, unless it was corrected: then the answer is for the exact shape', async () => {
  const shapes = personShapesOf(economic, MONEY.indicator)
  const decide = async (text: string) => (await apply([MONEY], text, { scheme: economic })).saved?.decisions[0]
  const shared = await decide('M orientation=neutral')
  assert.deepEqual([shared?.shapeHash, shared?.shape], [shapes.shared.shapeHash, shapes.shared.shape])
  assert.deepEqual(Object.keys(shared?.labels ?? {}), ['type', 'temporal_aggregation', 'orientation', 'unit_kind'])
  const exact = await decide('M unit_scale=1000')
  assert.equal(exact?.shapeHash, shapes.exact.shapeHash)
  assert.notEqual(exact?.shapeHash, shapes.shared.shapeHash)
  assert.deepEqual(Object.keys(exact?.labels ?? {}).slice(3), [
    ...['unit_kind', 'unit_scale', 'unit_currency', 'unit_per', 'frequency'],
  ])
  assert.deepEqual([exact?.after.labels['unit_scale'], exact?.after.labels['family']], [1000, 'physical-fundamental'])
  assert.equal(exact?.after.status, 'accepted')
})

test('an id in several catalogues needs the name of one', async () => {
  const all = [
    known('A', { catalogue: 'wb' }),
    known('A', { catalogue: 'imf' }),
    known('B', { catalogue: 'imf' }, { name: 'Pan' }),
  ]
  await assert.rejects(apply(all, 'A accept\nB accept'), {
    code: 'input-invalid',
    message:
      /line 1, indicator_id: "A" is in 2 catalogues, "wb", "imf": name one in the column catalogue, or with --catalogue$/,
  })
  const named = await apply(all, 'indicator_id,catalogue,decision\nA,imf,accept\nB,,accept')
  assert.deepEqual(
    named.report.items.map(({ indicator_id, catalogue }) => `${catalogue}/${indicator_id}`),
    ['imf/A', 'imf/B'],
  )
  const option = await apply(all, 'A accept', { catalogue: 'wb' })
  assert.equal(option.saved?.decisions[0]?.after.catalogue, 'wb')
  await assert.rejects(
    apply(all, 'B accept', { catalogue: 'wb' }),
    /"B" is not in the database, catalogue "wb" \(codebook shop-goods\)/,
  )
  await assert.rejects(apply(all, 'Z accept'), /"Z" is not in the database \(codebook shop-goods\): classify it first/)
  const elsewhere = [known('N', { codebook: 'news@1' }), known('N', { codebook: 'zoo@2' })]
  await assert.rejects(
    apply([], 'N accept', {}, elsewhere),
    /"N" is not in the database \(codebook shop-goods\), but classified by another codebook: --codebook news \(also zoo\)$/,
  )
  // An id that stands twice in the same words is one problem, not two.
  await assert.rejects(
    apply(all, 'B accept\nB accept'),
    /^[^\n]*1 problem; nothing was stored[^\n]*\n {2}line 2, indicator_id: "B" is in line 1 already/,
  )
  const twice = 'indicator_id,catalogue,decision\nB,imf,accept\nB,,accept'
  await assert.rejects(apply(all, twice), /line 3, indicator_id: "B" is in line 2 already/)
})

test('two answers to one shape are refused; a label overwritten in its column is warned about', async () => {
  const all = [known('A'), known('B')]
  await assert.rejects(
    apply(all, 'A pack=12\nB accept'),
    /line 2, pack: is 1 here and 12 in line 1, but both .* same shape/,
  )
  const { report } = await apply(all, 'indicator_id,decision,uses\nA,accept,kitchen\nB,,garden')
  assert.deepEqual(report.warnings, [
    'line 3 has no decision, but its uses is "garden" where kitchen is stored: to change it, write uses=… into corrections',
  ])
})

test('a line of gold has the labels of all askable fields, and none where a needed one is missing', () => {
  const decision = {
    ...{ indicator: goodOf(), catalogue: 'wb', codebook: 'shop-goods@3', decidedBy: 'Anna', decidedAt: '2026-11-28' },
    labels: { ...RIGHT, tone: 'bright', shade: null, weight: null },
  }
  const line = JSON.parse(goldLine(shop.codebook, decision))
  const { shade: _, ...rest } = RIGHT
  assert.deepEqual(line.labels, { ...rest, weight: null })
  assert.deepEqual([line.indicator_id, line.description], ['r1', 'Knives and forks'])
})

test('a scheme without code has one shape for both kinds of answers', () => {
  const { shared, exact }: ReturnType<typeof personShapesOf> = personShapesOf(shop satisfies PreparedScheme, goodOf())
  assert.equal(shared.shapeHash, exact.shapeHash)
})
