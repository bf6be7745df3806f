/** Tests of the form in which results leave the service: flat fields beside the envelope, and the way back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildClassification } from '../../../src/classification/result.ts'
import { codebookNameOf, labelsOfBody, toResultBody, versionOf } from '../../../src/classification/result-body.ts'
import type { Classification } from '../../../src/classification/types.ts'
import { ENVELOPE } from '../../../src/codebooks/record-texts.ts'
import { indicatorOf, readingOf } from '../../helpers/codebooks/readings.ts'
import { builtIns } from './built-ins.ts'
import { decided, economic, goodOf, RIGHT, shop } from './schemes.ts'

const CONTEXT = {
  ...{ catalogue: 'goods', unanswered: {}, promptVersion: 'p2', runId: 'r1' },
  classifiedAt: '2026-11-28T00:00:00.000Z',
}

const ofShop: Classification = buildClassification({
  ...{ ...CONTEXT, scheme: shop, indicator: goodOf(), mode: 'hybrid', reading: {} },
  decisions: [{ decision: decided(), source: 'model', model: 'm', isGuess: false }],
})
const ofEconomic: Classification = buildClassification({
  ...{ ...CONTEXT, scheme: economic, indicator: indicatorOf(), mode: 'hybrid', reading: readingOf(), decisions: [] },
})

test('the fields of the codebook stand flat in the body, in their order, and the envelope around them', () => {
  const body = toResultBody(ofShop, shop)
  assert.deepEqual(Object.keys(body), [
    ...['indicator_id', 'name', 'catalogue', 'codebook'],
    ...shop.codebook.field.keys(),
    ...['codebook_hash', 'field_confidence', 'field_source', 'confidence', 'source', 'status', 'issues', 'reason'],
    ...['model', 'prompt_version', 'run_id', 'classified_at', 'codebook_version'],
  ])
  for (const [name, value] of Object.entries({ ...RIGHT, tone: 'bright', shelf: null })) {
    assert.deepEqual(body[name], value, name)
  }
  assert.deepEqual([body.codebook, body.codebook_version, body.codebook_hash], ['shop-goods@3', '3', 'h1'])
  assert.ok(!('labels' in body))
})

test('economic indicators keep the nested properties of earlier releases beside the flat ones', () => {
  const body = toResultBody(ofEconomic, economic)
  assert.deepEqual(body.unit, { kind: 'currency', scale: 1e6, currency: 'USD', per: null })
  assert.deepEqual(body.cumulative, { pattern: 'none', reset_month: null })
  assert.deepEqual([body.unit_kind, body.unit_scale, body.unit_currency, body.unit_per], ['currency', 1e6, 'USD', null])
  assert.deepEqual([body.cumulative_pattern, body.cumulative_reset_month], ['none', null])
})

test('no other codebook has nested properties', () => {
  for (const scheme of [...builtIns, shop].filter(({ code }) => code === null)) {
    const body = toResultBody({ ...ofShop, labels: {} }, scheme)
    assert.ok(!('unit' in body) && !('cumulative' in body), scheme.codebook.name)
  }
})

test('the labels are taken out of a body again, also after it was sent as JSON', () => {
  for (const [classification, scheme] of [
    [ofShop, shop],
    [ofEconomic, economic],
  ] as const) {
    const body = toResultBody(classification, scheme)
    assert.deepEqual(labelsOfBody(body, scheme), classification.labels)
    assert.deepEqual(labelsOfBody(JSON.parse(JSON.stringify(body)) as typeof body, scheme), classification.labels)
  }
})

test('a field without a label is null in the body, and comes back as null', () => {
  const body = toResultBody({ ...ofShop, labels: { shade: 'pale' } }, shop)
  const empty = Object.fromEntries([...shop.codebook.field.keys()].map((name) => [name, null]))
  assert.deepEqual(labelsOfBody(body, shop), { ...empty, shade: 'pale' })
  assert.equal(body.product, null)
})

test('no field of a codebook can take a name of the envelope', () => {
  const taken: readonly string[] = ENVELOPE
  const { labels: _, ...envelope } = ofShop
  for (const name of [...Object.keys(envelope), 'codebook_version']) assert.ok(taken.includes(name), name)
  for (const { codebook } of builtIns) {
    assert.deepEqual(
      [...codebook.field.keys()].filter((name) => taken.includes(name)),
      [],
    )
  }
})

test('a reference is taken apart at its last @', () => {
  assert.deepEqual(
    [versionOf('economic-indicators@2'), codebookNameOf('economic-indicators@2')],
    ['2', 'economic-indicators'],
  )
  assert.deepEqual([versionOf('a@b@3'), codebookNameOf('a@b@3')], ['3', 'a@b'])
  assert.equal(codebookNameOf('plain'), 'plain')
})
