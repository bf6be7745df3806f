/** Tests of questions: what is asked of a record, what is shown as known or guessed, and the candidates of code lists. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  candidatesOf,
  promptItemOf,
  type Question,
  questionOf,
  questionShapeOf,
} from '../../../src/classification/question.ts'
import { columnsOf, referenceOf } from '../../../src/classification/scheme.ts'
import { createShortlister, WIDENED } from '../../../src/classification/shortlist.ts'
import type { Labels, Mode, Reading } from '../../../src/classification/types.ts'
import { buildUserPrompt } from '../../../src/classification/user-prompt.ts'
import { findingOf, indicatorOf, readingOf, trusting } from '../../helpers/codebooks/readings.ts'
import { builtIns } from './built-ins.ts'
import { ASKED, economic, goodOf, RIGHT, shop, shopReading } from './schemes.ts'

const MODES: readonly Mode[] = ['rules', 'hybrid', 'model']

function ask(reading: Reading, mode: Mode, decided?: Labels): Question {
  const question = questionOf(shop, goodOf(), reading, { mode, ...(decided === undefined ? {} : { decided }) })
  assert.ok(question !== null)
  return question
}

test('nothing is asked where nothing is open', () => {
  for (const mode of MODES) {
    const asked = (reading: Reading, decided = {}) => questionOf(shop, goodOf(), reading, { mode, decided }) !== null
    assert.equal(asked({}), mode !== 'rules')
    assert.equal(asked(shopReading(true)), mode === 'model')
    assert.equal(asked({}, RIGHT), false)
  }
})

test('a question holds the open fields, with candidates for the code fields among them alone', () => {
  const all = ask({}, 'hybrid')
  assert.deepEqual([all.fields, Object.keys(all.codes)], [ASKED, ['product']])
  const rest = ask({ product: findingOf('12', true) }, 'hybrid', { shade: 'pale' })
  assert.deepEqual([rest.fields, rest.codes], [['uses', 'pack', 'origin', 'weight', 'maker'], {}])
})

test('a question carries only as many samples as the prompt shows', () => {
  const samples = ['2024-01-01', '2024-02-01', '2024-03-01'].map((date, value) => ({ date, value }))
  const record = goodOf({ sample_values: samples })
  const question = questionOf(shop, record, {}, { mode: 'model' })
  assert.deepEqual(question?.indicator.sample_values, samples.slice(-2))
  const { codebook } = shop
  const none = { ...shop, codebook: { ...codebook, record: { ...codebook.record, samples: 0 } } }
  assert.deepEqual(questionOf(none, record, {}, { mode: 'model' })?.indicator.sample_values, [])
})

test('hybrid: sure findings are known, unsure findings of the fields asked are guesses, all others are not shown', () => {
  const reading = {
    shade: findingOf('pale', true),
    pack: findingOf(1, false),
    origin: findingOf(null, false),
    shelf: findingOf('top', true),
  }
  const item = promptItemOf('k1', ask(reading, 'hybrid'), 'hybrid')
  assert.deepEqual(item.fields, ['uses', 'pack', 'origin', 'weight', 'maker', 'product'])
  assert.deepEqual(item.known, { shade: 'pale', shelf: 'top' })
  assert.deepEqual(item.guess, { pack: 1, origin: null })
  const partial = promptItemOf('k1', { ...ask(reading, 'hybrid'), fields: ['uses'] }, 'hybrid')
  assert.deepEqual([partial.known, partial.guess], [{ shade: 'pale', shelf: 'top' }, {}])
})

test('mode model: every finding of a field asked is a guess, however sure, because the answer counts more', () => {
  const item = promptItemOf('k1', ask(shopReading(true), 'model'), 'model')
  assert.deepEqual([item.fields, item.known], [ASKED, {}])
  assert.deepEqual(item.guess, RIGHT)
  const again = promptItemOf('k1', { ...ask(shopReading(true), 'model'), fields: ['uses'] }, 'model', { pack: 12 })
  assert.deepEqual(
    [again.known, again.guess],
    [{ pack: 12 }, { uses: RIGHT.uses }],
    'a finding is known in no other field',
  )
})

test('hybrid: a sure finding that the catalogue does not trust is asked, and shown as a guess', () => {
  const { shade = assert.fail(), pack = assert.fail(), ...rest } = trusting(shopReading(true))
  const reading = { ...rest, shade: { ...shade, trusted: false }, pack }
  const item = promptItemOf('k1', ask(reading, 'hybrid'), 'hybrid')
  assert.deepEqual([item.fields, item.guess], [['shade'], { shade: 'pale' }])
  const { shade: _, ...others } = RIGHT
  assert.deepEqual(item.known, others)
})

test('an audit asks for every field blind: no finding is shown, neither as known nor as a guess', () => {
  for (const reading of [shopReading(true), trusting(shopReading(true), false), shopReading(false)]) {
    const question = questionOf(shop, goodOf(), reading, { mode: 'model', isAudit: true })
    assert.ok(question?.audit === true)
    assert.deepEqual(question.fields, ASKED)
    assert.deepEqual(question.reading, reading, 'the findings are kept, to be compared with the answer')
    for (const mode of MODES) {
      const item = promptItemOf('k1', question, mode)
      assert.deepEqual([item.fields, item.known, item.guess], [ASKED, {}, {}])
      const text = buildUserPrompt(shop.codebook, [item])
      assert.doesNotMatch(text, /"known"|"guess"/)
    }
  }
})

test('an audit whose answer was partial shows the labels of that answer, and still no finding', () => {
  const question = questionOf(shop, goodOf(), shopReading(true), { mode: 'model', isAudit: true })
  assert.ok(question !== null)
  const item = promptItemOf('k1', { ...question, fields: ['uses'] }, 'hybrid', { pack: 12, shade: 'dark' })
  assert.deepEqual([item.known, item.guess], [{ pack: 12, shade: 'dark' }, {}])
  const rest = questionOf(shop, goodOf(), shopReading(true), { mode: 'model', decided: { pack: 12 }, isAudit: true })
  assert.ok(rest?.audit === true && !rest.fields.includes('pack') && rest.fields.includes('shade'))
  assert.equal(questionOf(shop, goodOf(), {}, { mode: 'model', decided: RIGHT, isAudit: true }), null)
})

test('a question that is no audit has no such property, as journals of earlier releases have none', () => {
  assert.ok(!('audit' in ask({}, 'model')))
  assert.deepEqual(promptItemOf('k1', ask(shopReading(true), 'model'), 'model').guess, RIGHT)
})

test('what was answered before is known, and is not asked', () => {
  for (const mode of ['hybrid', 'model'] as const) {
    const answered = { shade: 'dark', pack: 12 }
    const item = promptItemOf('k1', ask(shopReading(false), mode, answered), mode, answered)
    assert.deepEqual(item.fields, ['uses', 'origin', 'weight', 'maker', 'product'])
    assert.deepEqual(item.known, answered)
    assert.ok(!('shade' in item.guess) && !('pack' in item.guess))
  }
})

test('no field is known and asked at once', () => {
  const question = { ...ask(shopReading(true), 'model'), fields: ['shade', 'pack'] }
  for (const mode of MODES) {
    const { known } = promptItemOf('k1', question, mode, { shade: 'dark', product: '11' })
    assert.ok(!('shade' in known) && !('pack' in known) && known.product === '11')
  }
})

test('economic indicators: the finding of a reader goes along as evidence of the one field that is asked', () => {
  const reading = readingOf({ unit_scale: findingOf(1000, false) })
  const question = questionOf(economic, indicatorOf(), reading, { mode: 'hybrid' })
  assert.ok(question !== null)
  assert.deepEqual(question.fields, ['unit_scale'])
  const { known, guess } = promptItemOf('k1', question, 'hybrid')
  assert.deepEqual(guess, { unit_scale: 1000 })
  assert.deepEqual([known.type, known.cumulative_pattern], ['flow', 'none'])
})

test('candidates come in the number that the codebook sets, the likeliest first, and widen once nothing fits', () => {
  const first = candidatesOf(shop, goodOf(), ASKED).product ?? []
  assert.deepEqual([first.length, first[0]], [5, '12'])
  const wide = candidatesOf(shop, goodOf(), ['product'], WIDENED).product ?? []
  assert.deepEqual(wide.slice(0, 5), first)
  assert.equal(new Set(wide).size, wide.length)
  assert.deepEqual(wide.toSorted(), ['11', '12', '13', '21', '22', '23'])
  assert.deepEqual(candidatesOf(shop, goodOf(), ['shade']), {})
})

test('a shortlist ranks the code of a title or a synonym first, and fills up with the rest', () => {
  const type = shop.codebook.field.get('product')?.type
  assert.ok(type?.kind === 'codes')
  const { find } = createShortlister(type.list, true)
  const first = (name: string, description?: string) => find(goodOf({ name, description: description ?? '' }), 3)[0]
  assert.deepEqual(
    [first('Fork'), first('garden shovel'), first('Set of FLATWARE'), first('Dish')],
    ['12', '21', '12', '11'],
  )
  assert.equal(first('A thing', 'garden hose of ten metres'), '23')
  assert.deepEqual(find(goodOf({ name: 'zzz', description: '' }), 9).toSorted(), ['11', '12', '13', '21', '22', '23'])
  const withParents = createShortlister(type.list, false).find(goodOf({ name: 'Kitchen goods' }), 2)
  assert.equal(withParents[0], '1')
})

test('a word that stands often is searched once and weighs as often, and typing errors are forgiven in the first words', () => {
  const type = shop.codebook.field.get('product')?.type
  assert.ok(type?.kind === 'codes')
  const { find } = createShortlister(type.list, true)
  const found = (description: string) => find(goodOf({ name: 'A thing', description }), 1)[0]
  assert.equal(found(`garden hose ${'shovel '.repeat(9)}`), '21')
  assert.equal(found(`shovel ${'garden hose '.repeat(9)}`), '23')
  const others = Array.from({ length: 200 }, (_, index) => `x${index}`).join(' ')
  assert.equal(found(`shovvel ${others}`), '21')
  assert.notEqual(found(`${others} shovvel`), '21')
  assert.equal(found(`${others} shovel`), '21')
})

test('a word that no text of words has is searched by its beginning, whatever one of its characters stands for', () => {
  const type = shop.codebook.field.get('product')?.type
  assert.ok(type?.kind === 'codes')
  const { find } = createShortlister(type.list, true)
  const found = (description: string) => find(goodOf({ name: 'garden hose', description }), 6)
  // U+FDFA stands for a sentence of 18 characters.
  assert.deepEqual(found('\ufdfa'.repeat(10_000)), found('\ufdfa'.repeat(60)))
  assert.deepEqual(found('shovel'.repeat(1_500)), found('shovel'.repeat(10)))
})

test('the shape of a question follows the fields that its mode leaves open', () => {
  const context = { model: 'm', promptVersion: 'p2' }
  const shape = (reading: Reading, mode: Mode) =>
    questionShapeOf(economic, indicatorOf(), reading, { mode, ...context })
  const unsure = readingOf({ unit_currency: findingOf('USD', false) })
  assert.notEqual(shape(readingOf(), 'hybrid'), shape(unsure, 'hybrid'))
  assert.equal(shape(unsure, 'rules'), shape(readingOf(), 'rules'))
  assert.equal(shape(unsure, 'model'), shape(readingOf(), 'model'))
})

test('results name a codebook by name and version, and its view has a column of a fitting type for each field', () => {
  assert.equal(referenceOf(shop), 'shop-goods@3')
  assert.deepEqual(
    columnsOf(shop).map(({ name, type }) => [name, type]),
    [
      ['shade', 'text'],
      ['tone', 'text'],
      ['uses', 'text[]'],
      ['pack', 'double precision'],
      ['origin', 'text'],
      ['weight', 'double precision'],
      ['maker', 'text'],
      ['product', 'text'],
      ['shelf', 'text'],
    ],
  )
  for (const scheme of builtIns) {
    assert.deepEqual(
      columnsOf(scheme).map(({ name }) => name),
      [...scheme.codebook.field.keys()],
    )
  }
})
