/** Tests of the answer schema: OpenAI's strict subset, and every askable field with its values. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerSchemaName, buildAnswerSchema } from '../../../src/classification/answer-schema.ts'
import { askableFields } from '../../../src/classification/fields.ts'
import { builtIns } from './built-ins.ts'
import { economic, schemeOfText, shop } from './schemes.ts'

/** The keywords that every endpoint with strict schemas knows. Bounds and patterns are refused by some. */
const KEYWORDS = new Set([
  'type',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'anyOf',
  'enum',
  'description',
])
const TYPES = new Set(['object', 'array', 'string', 'number', 'integer', 'null'])
/** Limits of OpenAI for one schema. */
const MOST_PROPERTIES = 5_000
const MOST_ENUM_VALUES = 1_000
const MOST_LETTERS = 120_000
const MOST_LEVELS = 10

interface Node {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly enum?: readonly unknown[]
}

const schemaOf = ({ codebook }: typeof shop) => buildAnswerSchema(codebook) as Node

function visit(node: Node, see: (node: Node, level: number) => void, level = 1): void {
  see(node, level)
  const children = [...Object.values(node.properties ?? {}), ...(node.anyOf ?? [])]
  for (const child of node.items === undefined ? children : [...children, node.items]) visit(child, see, level + 1)
}

function labelNodes(schema: Node): readonly Node[] {
  const items = schema.properties?.answers?.items?.properties?.labels?.items
  return items?.anyOf ?? (items === undefined ? [] : [items])
}

const valueNode = (schema: Node, field: string) =>
  labelNodes(schema).find(({ properties }) => properties?.field?.enum?.includes(field))?.properties?.value

for (const scheme of [...builtIns, shop]) {
  const { name } = scheme.codebook
  test(`${name}: the schema is strict in the sense of OpenAI, and within its limits`, () => {
    const schema = schemaOf(scheme)
    assert.equal(schema.type, 'object')
    const sizes = { properties: 0, values: 0, letters: 0, levels: 0 }
    visit(schema, (node, level) => {
      for (const key of Object.keys(node)) assert.ok(KEYWORDS.has(key), `${key} may be refused`)
      const types = typeof node.type === 'string' ? [node.type] : (node.type ?? [])
      assert.ok(node.anyOf !== undefined || types.length > 0)
      for (const type of types) assert.ok(TYPES.has(type), type)
      if (types.includes('object')) {
        assert.deepEqual(node.required, Object.keys(node.properties ?? {}))
        assert.equal(node.additionalProperties, false)
      }
      if (types.includes('array')) assert.ok(node.items !== undefined)
      if (node.enum !== undefined) {
        assert.equal(new Set(node.enum).size, node.enum.length)
        assert.equal(node.enum.includes(null), types.includes('null'), 'null needs both its type and its value')
      }
      sizes.properties += Object.keys(node.properties ?? {}).length
      sizes.values += node.enum?.length ?? 0
      sizes.letters += [...Object.keys(node.properties ?? {}), ...(node.enum ?? [])].join('').length
      sizes.levels = Math.max(sizes.levels, level)
    })
    assert.ok(sizes.properties <= MOST_PROPERTIES && sizes.values <= MOST_ENUM_VALUES, JSON.stringify(sizes))
    assert.ok(sizes.letters <= MOST_LETTERS && sizes.levels <= MOST_LEVELS, JSON.stringify(sizes))
    assert.match(answerSchemaName(scheme.codebook), /^[A-Za-z0-9_-]{1,64}$/)
  })

  test(`${name}: every askable field has one form of label, in the order of the codebook, and no other field has one`, () => {
    const named = labelNodes(schemaOf(scheme)).map(({ properties }) => properties?.field?.enum)
    assert.deepEqual(
      named,
      askableFields(scheme.codebook).map((field) => [field.name]),
    )
  })
}

test('a model explains before it labels, and says how sure it is after each label', () => {
  const element = schemaOf(shop).properties?.answers?.items
  assert.deepEqual(element?.required, ['key', 'reason', 'labels'])
  for (const node of labelNodes(schemaOf(shop))) assert.deepEqual(node.required, ['field', 'value', 'confidence'])
})

test('each kind of field has its form of value', () => {
  const schema = schemaOf(shop)
  assert.deepEqual(valueNode(schema, 'shade'), { type: 'string', enum: ['pale', 'dark', 'none'] })
  assert.deepEqual(valueNode(schema, 'pack'), { type: 'number', enum: [1, 12] })
  assert.deepEqual(valueNode(schema, 'origin')?.type, ['string', 'null'])
  assert.deepEqual(valueNode(schema, 'weight')?.type, ['number', 'null'])
  assert.deepEqual(valueNode(schema, 'maker')?.type, ['string', 'null'])
  assert.deepEqual(valueNode(schema, 'product')?.type, 'string')
  assert.deepEqual(valueNode(schema, 'uses')?.type, 'array')
  assert.deepEqual(valueNode(schema, 'uses')?.items, { type: 'string', enum: ['kitchen', 'garden', 'office'] })
})

test('the values of economic indicators are those of the codebook', () => {
  for (const { name, type } of askableFields(economic.codebook)) {
    if (type.kind !== 'values') continue
    assert.deepEqual(
      valueNode(schemaOf(economic), name)?.enum,
      type.values.map(({ value }) => value),
      name,
    )
  }
})

test('a nullable field of values can be null, a nullable list too, and whole numbers are integers', () => {
  const { codebook } = schemeOfText(`name: some
version: 1
title: Some
record: {name: r, plural: rs, description: A record., texts: [{name: name}]}
fields:
  - {name: mood, title: Mood, nullable: true, values: [{value: up, definition: U}, {value: down, definition: D}]}
  - {name: tags, title: Tags, nullable: true, multi: true, max: 2, values: [{value: x, definition: X}, {value: y, definition: Y}]}
  - {name: year, title: Year, number: {min: 1, max: 9, whole: true, definition: A year.}}`)
  const schema = buildAnswerSchema(codebook) as Node
  assert.deepEqual(valueNode(schema, 'mood'), { type: ['string', 'null'], enum: ['up', 'down', null] })
  assert.deepEqual(valueNode(schema, 'tags')?.type, ['array', 'null'])
  assert.equal(valueNode(schema, 'year')?.type, 'integer')
})

test('a codebook with one askable field needs no choice between forms', () => {
  const { codebook } = schemeOfText(`name: one
version: 1
title: One
record: {name: r, plural: rs, description: A record., texts: [{name: name}]}
fields: [{name: mood, title: Mood, values: [{value: up, definition: U}, {value: down, definition: D}]}]`)
  assert.equal(labelNodes(buildAnswerSchema(codebook) as Node).length, 1)
  assert.ok(!JSON.stringify(buildAnswerSchema(codebook)).includes('anyOf'))
})
