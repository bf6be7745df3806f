/** JSON Schemas as TypeScript types: every form that schemas of this project have, and odd names and texts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { jsonSchemaOf, jsonSchemasOf } from '../../../src/lib/json/json-schema.ts'
import { typesOf } from '../../../src/lib/json/schema-types.ts'

const typeOf = (schema: z.ZodType) => typesOf({ T: jsonSchemaOf(schema) }).trimEnd()

test('every form of schema has its type', () => {
  const forms: readonly (readonly [z.ZodType, string])[] = [
    [z.int(), 'number'],
    [z.string().nullable(), 'string | null'],
    [z.array(z.enum(['a', 'b'])), "readonly ('a' | 'b')[]"],
    [z.array(z.array(z.number())), 'readonly (readonly number[])[]'],
    [z.record(z.string(), z.number()), 'Readonly<Record<string, number>>'],
    [z.object({}), 'Readonly<Record<string, unknown>>'],
    [z.union([z.literal(1), z.literal('it\'s "x"'), z.boolean()]), `1 | 'it\\'s "x"' | boolean`],
    [z.object({ a: z.string(), 'b-c': z.number().optional() }), "{ readonly a: string; readonly 'b-c'?: number }"],
    [z.unknown(), 'unknown'],
  ]
  for (const [schema, type] of forms) assert.equal(typeOf(schema), `export type T = ${type}`)
})

test('descriptions are comments that nothing in them can end', () => {
  const text = typeOf(z.object({ a: z.string().describe('one */ two') }).describe('what'))
  assert.equal(text, '/** what */\nexport type T = {\n  /** one * / two */\n  readonly a: string\n}')
})

test('a named schema stands in others by its name, and whole numbers have 64 bits', () => {
  const item = z.object({ count: z.int().min(0) })
  const schemas = jsonSchemasOf({ Item: item, List: z.array(item) }, (name) => `#/components/schemas/${name}`)
  assert.match(typesOf(schemas), /^export type List = readonly Item\[\]$/m)
  assert.deepEqual(schemas['Item']?.['properties'], { count: { type: 'integer', format: 'int64', minimum: 0 } })
})
