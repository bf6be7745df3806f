/** Writes JSON Schemas as TypeScript types, for whoever calls the service from a typed program. Pure. */
import type { JsonSchema } from './json-schema.ts'

const REFERENCE = /^#\/components\/schemas\/([A-Za-z]+)$/
/** An object without comments that is no longer stands on one line. */
const MAX_LINE = 100
const NAME = /^[A-Za-z_$][A-Za-z0-9_$]*$/

/** One exported type for each schema, in their order. */
export function typesOf(schemas: Readonly<Record<string, JsonSchema>>): string {
  return Object.entries(schemas)
    .map(([name, schema]) => `${comment(schema, '')}export type ${name} = ${typeOf(schema, '')}\n`)
    .join('\n')
}

/** The type of one schema. What a schema says beyond types, such as bounds, is left out. */
function typeOf(schema: JsonSchema, indent: string): string {
  const { $ref, anyOf, type, enum: values } = schema
  if (typeof $ref === 'string') return REFERENCE.exec($ref)?.[1] ?? 'unknown'
  if ('const' in schema) return quoted(schema['const'])
  if (Array.isArray(values)) return values.map(quoted).join(' | ')
  if (Array.isArray(anyOf)) return union(anyOf.map((part: JsonSchema) => typeOf(part, indent)))
  if (Array.isArray(type)) return union(type.map((one) => typeOf({ ...schema, type: one }, indent)))
  if (type === 'array') return `readonly ${inBrackets(typeOf(partOf(schema['items']), indent))}[]`
  if (type === 'object') return objectOf(schema, indent)
  if (type === 'integer') return 'number'
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'null' ? type : 'unknown'
}

function objectOf(schema: JsonSchema, indent: string): string {
  const fields = Object.entries(partOf(schema['properties'])) as [string, JsonSchema][]
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  const others = schema['additionalProperties']
  if (fields.length === 0) {
    return typeof others === 'object'
      ? `Readonly<Record<string, ${typeOf(partOf(others), indent)}>>`
      : 'Readonly<Record<string, unknown>>'
  }
  const inner = `${indent}  `
  const propertyOf = ([name, field]: [string, JsonSchema]) => {
    const key = NAME.test(name) ? name : quoted(name)
    return `readonly ${key}${required.includes(name) ? '' : '?'}: ${typeOf(field, inner)}`
  }
  const line = `{ ${fields.map(propertyOf).join('; ')} }`
  const isPlain = fields.every(([, { description }]) => description === undefined)
  if (isPlain && line.length <= MAX_LINE && !line.includes('\n')) return line
  const lines = fields.map((field) => `${comment(field[1], inner)}${inner}${propertyOf(field)}\n`)
  return `{\n${lines.join('')}${indent}}`
}

function comment({ description }: JsonSchema, indent: string): string {
  return typeof description === 'string' ? `${indent}/** ${description.replaceAll('*/', '* /')} */\n` : ''
}

function union(types: readonly string[]): string {
  return [...new Set(types)].join(' | ')
}

function inBrackets(type: string): string {
  return type.includes(' | ') || type.startsWith('readonly ') ? `(${type})` : type
}

function partOf(value: unknown): JsonSchema {
  return typeof value === 'object' && value !== null ? (value as JsonSchema) : {}
}

/** A literal, in the quotes of this project. */
function quoted(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`
}
