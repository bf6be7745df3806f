/** Tests of shapes, the keys of reuse: what makes two records alike, and what keeps them apart. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { humanShapeOf, type ShapeContext, shapeOf } from '../../../src/classification/shape.ts'
import type { Indicator } from '../../../src/classification/types.ts'
import { findingOf, indicatorOf, readingOf } from '../../helpers/codebooks/readings.ts'
import { economic, goodOf, shop } from './schemes.ts'

const CONTEXT: ShapeContext = { model: 'm', promptVersion: 'p2', asked: ['shade'] }
const shopShape = (parts: Partial<Indicator> = {}, scheme = shop, context = CONTEXT) =>
  shapeOf(scheme, goodOf(parts), {}, context)

test('records that the model is shown alike have one shape, whatever their ids and their spelling', () => {
  const shape = shopShape()
  for (const parts of [
    { indicator_id: 'r2' },
    { name: 'STEEL  cutlery\tset' },
    { country: 'KEN', source_name: 'elsewhere', topic: 'not shown by this codebook' },
  ]) {
    assert.equal(shopShape(parts), shape, JSON.stringify(parts))
  }
})

test('what the model is shown, and how it is asked, keeps shapes apart', () => {
  const shapes = [
    shopShape(),
    shopShape({ name: 'Steel cutlery' }),
    shopShape({ description: 'Spoons' }),
    shopShape({ units: 'pieces' }),
    shopShape({ sample_values: [{ date: '2024-01-01', value: 1 }] }),
    shopShape({ sample_values: [{ date: '2024-01-01', value: 2 }] }),
    shopShape({}, { ...shop, hash: 'h2' }),
    shopShape({}, shop, { ...CONTEXT, model: 'n' }),
    shopShape({}, shop, { ...CONTEXT, promptVersion: 'p3' }),
  ]
  assert.equal(new Set(shapes).size, shapes.length)
})

test('texts are told apart by the name that they stand under', () => {
  assert.notEqual(shopShape({ description: 'x', units: 'y' }), shopShape({ description: 'y', units: 'x' }))
  fc.assert(
    fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (name, description) => {
      const parsed: unknown = JSON.parse(shopShape({ name, description }))
      assert.ok(typeof parsed === 'object' && parsed !== null && 'name' in parsed && 'description' in parsed)
    }),
  )
})

test('older samples than the codebook shows keep no shapes apart', () => {
  const recent = [
    { date: '2024-02-01', value: 2 },
    { date: '2024-03-01', value: 3 },
  ]
  assert.equal(
    shopShape({ sample_values: [{ date: '2024-01-01', value: 1 }, ...recent] }),
    shopShape({ sample_values: recent }),
  )
})

test('a person is asked once for a shape, whatever model, prompt and version of the codebook', () => {
  const shape = humanShapeOf(shop, goodOf(), {})
  assert.equal(humanShapeOf({ ...shop, hash: 'h2' }, goodOf({ indicator_id: 'r2' }), {}), shape)
  assert.notEqual(humanShapeOf(shop, goodOf({ name: 'Spade' }), {}), shape)
  const other = { ...shop, codebook: { ...shop.codebook, name: 'other-goods' } }
  assert.notEqual(humanShapeOf(other, goodOf(), {}), shape)
  assert.equal(humanShapeOf(shop, goodOf(), {}, true), shape)
})

test('the code of a codebook says what its shapes hold: currencies matter only where the unit is asked for', () => {
  const shape = (currency: string, asked: readonly string[]) =>
    shapeOf(
      economic,
      indicatorOf({ units: `${currency} Million`, sample_values: [{ date: '2024-01-01', value: currency.length }] }),
      readingOf({ unit_currency: findingOf(currency) }),
      { ...CONTEXT, asked },
    )
  assert.equal(shape('USD', ['type']), shape('EUR', ['type']))
  assert.notEqual(shape('USD', ['unit_currency']), shape('EUR', ['unit_currency']))
  assert.notEqual(shape('USD', ['type']), shape('USD', ['type', 'unit_currency']))
  const human = (currency: string, isExact: boolean) =>
    humanShapeOf(
      economic,
      indicatorOf({ units: `${currency} Million` }),
      readingOf({ unit_currency: findingOf(currency) }),
      isExact,
    )
  assert.equal(human('USD', false), human('EUR', false))
  assert.notEqual(human('USD', true), human('EUR', true))
})
