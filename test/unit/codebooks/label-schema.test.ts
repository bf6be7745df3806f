/** The labels of codebooks as JSON Schema and as TypeScript: every result of the codebook fits, and values outside it do not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { loadBuiltIns } from '../../../src/catalogue/codebook-files.ts'
import { labelTypes } from '../../../src/cli/codebook/label-types.ts'
import { labelsSchema } from '../../../src/codebooks/label-schema.ts'

const codebooks = new Map((await loadBuiltIns()).map(({ codebook }) => [codebook.name, codebook]))

function validatorOf(name: string) {
  const codebook = codebooks.get(name)
  assert.ok(codebook)
  return new Ajv2020({ strict: false }).compile(labelsSchema(codebook))
}

test('labels of a codebook match its schema, and other values, lists and missing fields do not', () => {
  const isValid = validatorOf('release-topics')
  assert.ok(isValid({ topics: ['prices', 'work'], kind: 'notice' }))
  assert.ok(isValid({ topics: null, kind: null }))
  const wrong = [{ topics: 'prices', kind: 'notice' }, { topics: ['weather'], kind: null }, { topics: [] }]
  for (const labels of wrong) assert.ok(!isValid(labels), JSON.stringify(labels))
  assert.ok(!isValid({ topics: ['prices', 'work', 'output', 'trade'], kind: null }))
})

test('numbers, patterns, derived values and codes have their bounds', () => {
  const isValid = validatorOf('economic-indicators')
  const fields = [...(codebooks.get('economic-indicators')?.fields ?? [])]
  const none = Object.fromEntries(fields.map(({ name }) => [name, null]))
  assert.ok(isValid(none))
  for (const { name, type } of fields) {
    const long = type.kind === 'text' ? 'x'.repeat(type.maxLength + 1) : ' nonsense '
    const bad = type.kind === 'number' ? type.max + 1 : long
    assert.ok(!isValid({ ...none, [name]: bad }), `${name} takes ${bad}`)
  }
  const isCode = validatorOf('business-activities')
  const [code = ''] = [...(codebooks.get('business-activities')?.fields ?? [])].flatMap(({ type }) =>
    type.kind === 'codes' ? [...type.list.leaves] : [],
  )
  assert.ok(isCode({ industry: code }) && !isCode({ industry: '0' }))
})

test('as a type a field is the union of its values, under a name that a program can use', () => {
  const codebook = codebooks.get('release-topics')
  assert.ok(codebook)
  const text = labelTypes(codebook)
  assert.match(text, /^export type ReleaseTopics = \{$/m)
  assert.match(text, /readonly topics: readonly \('prices' \| 'work' \| .* \| 'other'\)\[\] \| null$/m)
  assert.match(text, /readonly kind: 'notice' \| 'revision' \| 'figures' \| 'analysis' \| null$/m)
})
