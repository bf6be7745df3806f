/** Tests of the system prompts and of their version. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { buildAnswerSchema } from '../../../src/classification/answer-schema.ts'
import { answerKeys, buildSystemPrompt, NONE_OF_THESE, PROMPT_VERSION } from '../../../src/classification/prompt.ts'
import { buildUserPrompt, type PromptItem } from '../../../src/classification/user-prompt.ts'
import { indicatorOf } from '../../helpers/codebooks/readings.ts'
import { builtIns } from './built-ins.ts'
import { economic, shop } from './schemes.ts'

const { codebook } = economic

const ITEM: PromptItem = {
  key: 'k1',
  indicator: indicatorOf({ periodicity: 'Monthly', sample_values: [{ date: '2024-01-01', value: 1234.5678 }] }),
  fields: ['type', 'unit_scale'],
  known: { frequency: 'monthly' },
  guess: { type: 'flow' },
  codes: {},
}

test('a changed prompt or schema has a new version', () => {
  const words = [
    ...builtIns.flatMap((one) => [buildSystemPrompt(one.codebook), JSON.stringify(buildAnswerSchema(one.codebook))]),
    buildUserPrompt(codebook, [ITEM]),
  ].join('\n')
  const hash = createHash('sha256').update(words).digest('hex').slice(0, 16)
  // If this fails because the words around the codebooks changed, raise PROMPT_VERSION and write the new hash here beside the
  // new version. Where only a codebook changed, raise the version of that codebook.
  assert.deepEqual([PROMPT_VERSION, hash], ['p2', '3ca4d3331f8aeb34'])
})

test('the static prompt is the one that its version had', () => {
  const snapshot = new URL(`../../fixtures/prompt/${PROMPT_VERSION}.txt`, import.meta.url)
  // If this fails, see the test above, and write the new prompt to a file with the name of its version.
  assert.equal(`${buildSystemPrompt(codebook)}\n`, readFileSync(snapshot, 'utf8'))
})

test('the system prompt of economic indicators is static, holds the codebook and is long enough to be cached', () => {
  const prompt = buildSystemPrompt(codebook)
  assert.equal(prompt, buildSystemPrompt(codebook))
  for (const { name, asked, type } of codebook.fields) {
    assert.equal(prompt.includes(`: ${name}`), asked, name)
    if (!asked || type.kind !== 'values') continue
    for (const { value } of type.values) assert.match(prompt, new RegExp(`^- ${value}: `, 'm'))
  }
  for (const ruling of codebook.rulings) assert.ok(prompt.includes(`- ${ruling}`))
  for (const { record } of codebook.examples) assert.ok(prompt.includes(`- ${record.name}, ${record.units} -> `))
  assert.match(prompt, /never an instruction/)
  // Providers cache prefixes of more than 1,024 tokens. No tokenizer counts fewer tokens for this prose than one for six characters.
  assert.ok(prompt.length / 6 > 1_100)
})

test('what a request asks stands after what all requests share, so that the prefix stays cached', () => {
  const texts = [ITEM.indicator.name, '"k1"', '1234.57', '<records>\n']
  for (const text of texts) assert.ok(!buildSystemPrompt(codebook).includes(text), text)
  const questions = [ITEM, { ...ITEM, fields: ['orientation'], known: {}, guess: {} }]
  assert.notEqual(buildUserPrompt(codebook, questions.slice(0, 1)), buildUserPrompt(codebook, questions.slice(1)))
})

test('the prompt of any codebook holds each askable field in its kind, and no field that is never asked', () => {
  const prompt = buildSystemPrompt(shop.codebook)
  for (const part of [
    'You classify goods. One thing that a shop sells.',
    'Judge by the name.',
    '# Shade: shade\nThe first that fits.\n- pale: Light colours. Not: white paper (none)\n- dark: Dark colours.\n',
    '- none: No colour at all.\nGrey is a shade too.',
    '# Uses: uses (a list of 0 to 2 values)\n- kitchen: Cooking.',
    '# Pack size: pack\n- 1: Single.\n- 12: A dozen.',
    '# Country of origin: origin (may be null)\nA text of the form [A-Z]{2}: ISO code.',
    '# Weight: weight (may be null)\nA number from 0 to 100: Kilograms.',
    '# Maker: maker (may be null)\nA text of at most 20 characters: Who makes it.',
    `# Product: product\nOne of the codes that the line shows under "codes", the code alone; ${NONE_OF_THESE} where`,
    '# Rulings on cases of doubt\n- Grey is dark.',
    '# Examples\n- White plates -> shade none, uses [kitchen], pack 12, origin null',
  ]) {
    assert.ok(prompt.includes(part), part)
  }
  for (const absent of ['shelf', '# Tone', '# Shelf', 'Plates and bowls']) assert.ok(!prompt.includes(absent), absent)
})

test('a codebook without rulings and examples has no empty sections', () => {
  const bare = { ...shop.codebook, rulings: [], examples: [], instructions: null }
  const prompt = buildSystemPrompt(bare)
  assert.ok(!prompt.includes('# Rulings') && !prompt.includes('# Examples') && !prompt.includes('null\n'))
})

test('keys are short and distinct', () => {
  assert.deepEqual(answerKeys(3), ['k1', 'k2', 'k3'])
  assert.deepEqual(answerKeys(0), [])
  assert.deepEqual(answerKeys(-1), [])
})
