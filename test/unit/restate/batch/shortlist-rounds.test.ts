/** "None of these" shows more candidates of a code list once, field by field; where none of these fits either, the asking ends. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NONE_OF_THESE } from '../../../../src/classification/prompt.ts'
import { WIDENED } from '../../../../src/classification/shortlist.ts'
import { prepare } from '../../../../src/restate/batch/prepare.ts'
import { type Asked, createWorld, type World, type WorldOptions } from '../batch-world.ts'
import { UNAUDITED } from '../options.ts'
import { goods, goodsLists } from '../own-codebooks.ts'

const SHORT = 5
const request = { codebook: 'goods', indicators: [{ indicator_id: 'a', name: 'widget p07' }] }

async function worldOfGoods(says: WorldOptions['says']): Promise<World> {
  const world = createWorld({ says })
  await world.schemes.save(goods, goodsLists)
  return world
}

/** The fields that a question asks, each with the number of candidates that it shows. */
const shown = ({ ask, codes }: Asked) => Object.fromEntries(ask.map((field) => [field, codes[field]?.length]))
const issuesOf = (result: { readonly issues: readonly { code: string; message: string }[] } | undefined) =>
  result?.issues.map(({ message }) => message)

test('the likeliest codes are shown first, and where one of them fits nothing is asked again', async () => {
  const world = await worldOfGoods(() => ({ product: 'p07', origin: 'o00' }))
  const { response } = await world.classify(request)
  assert.deepEqual(world.asked.map(shown), [{ product: SHORT, origin: SHORT }])
  assert.match(world.asked[0]?.codes.product?.[0] ?? '', /^p07 widget p07/)
  assert.deepEqual([response.results[0]?.product, response.results[0]?.origin], ['p07', 'o00'])
})

test('where none of the candidates fits, more are shown of that field alone, and the fitting one is taken', async () => {
  const world = await worldOfGoods(({ nth }) =>
    nth === 0 ? { product: 'p07', origin: NONE_OF_THESE } : { origin: 'o19' },
  )
  const { response } = await world.classify(request)
  assert.deepEqual(world.asked.map(shown), [{ product: SHORT, origin: SHORT }, { origin: WIDENED * SHORT }])
  assert.deepEqual(world.asked[1]?.known, { product: 'p07' })
  const [result] = response.results
  assert.deepEqual([result?.product, result?.origin, result?.status], ['p07', 'o19', 'accepted'])
})

test('where none of the wider candidates fits either, the field stays open with its reason and is not asked a third time', async () => {
  const world = await worldOfGoods(() => ({ product: 'p07', origin: NONE_OF_THESE }))
  const { response } = await world.classify(request)
  assert.deepEqual(world.asked.map(shown), [{ product: SHORT, origin: SHORT }, { origin: WIDENED * SHORT }])
  const [result] = response.results
  assert.deepEqual([result?.product, result?.origin, result?.status], ['p07', null, 'needs-review'])
  assert.deepEqual(issuesOf(result), ['origin: none-of-these: origin: none of the codes shown fits'])
})

test('each field widens on its own: one that was answered late widens after another', async () => {
  const world = await worldOfGoods(({ nth }) => {
    if (nth === 0) return { product: NONE_OF_THESE }
    return nth === 1 ? { product: 'p30', origin: NONE_OF_THESE } : { origin: 'o31' }
  })
  const { response } = await world.classify(request)
  assert.deepEqual(world.asked.map(shown), [
    { product: SHORT, origin: SHORT },
    { product: WIDENED * SHORT, origin: SHORT },
    { origin: WIDENED * SHORT },
  ])
  assert.deepEqual([response.results[0]?.product, response.results[0]?.origin], ['p30', 'o31'])
})

test('a field that has widened in vain is asked again only beside one that is worth asking', async () => {
  const world = await worldOfGoods(({ nth }) =>
    nth < 2 ? { product: NONE_OF_THESE } : { product: 'p30', origin: 'o01' },
  )
  const { response } = await world.classify(request)
  assert.deepEqual(world.asked.map(shown), [
    { product: SHORT, origin: SHORT },
    { product: WIDENED * SHORT, origin: SHORT },
    { product: WIDENED * SHORT, origin: SHORT },
  ])
  assert.equal(response.results[0]?.origin, 'o01')
})

test('a replay shows the widened candidates that the journal holds', async () => {
  const says: WorldOptions['says'] = ({ nth }) => {
    return nth === 0 ? { product: NONE_OF_THESE, origin: 'o01' } : { product: 'p30' }
  }
  const first = await worldOfGoods(says)
  const { journal } = await first.classify({ ...request, run_id: 'run-x' })
  const packed = journal.entries.findIndex((entry) => entry.step === 'run' && entry.name.startsWith('pack'))
  assert.ok(packed > 0)
  for (const length of [packed, packed + 1]) {
    const world = await worldOfGoods(says)
    await world.classify({ ...request, run_id: 'run-x' }, journal.entries.slice(0, length))
    assert.deepEqual(world.chunks, first.chunks)
  }
})

test('a shape for which nothing fits is asked for by one batch, and those that wait get its labels with the reason', async () => {
  const world = await worldOfGoods(() => ({ product: 'p07', origin: NONE_OF_THESE }))
  const scheme = await world.schemes.find('goods')
  const shapeHash = (await prepare(scheme, request, 'small', UNAUDITED)).prepared[0]?.shapeHash ?? ''
  // Another batch holds the claim while this one plans, and ends it before this one looks for the answer.
  world.store.held.set(shapeHash, 'inv_other')
  const waits = world.store.findClaims
  let looks = 0
  world.store.findClaims = async (hashes, since) => {
    looks += 1
    if (looks === 2) {
      world.store.held.clear()
      await world.classify({ ...request, run_id: 'other' })
    }
    return await waits(hashes, since)
  }
  const { response } = await world.classify(request)
  assert.equal(looks, 2)
  assert.deepEqual(world.asked.map(shown), [{ product: SHORT, origin: SHORT }, { origin: WIDENED * SHORT }])
  const [result] = response.results
  assert.deepEqual(
    [result?.product, result?.origin, result?.source, result?.status],
    ['p07', null, 'reuse', 'needs-review'],
  )
  assert.deepEqual(issuesOf(result), ['origin: none-of-these: origin: none of the codes shown fits'])
})
