/** Words what zod finds wrong with a codebook: one sentence for each fault, with the value and what is allowed. */
import { z } from 'zod'
import { codebookSchema } from './format.ts'
import { listed, suggestion } from './suggest.ts'
import { shown } from './value-fault.ts'

/** A fault of a codebook with its place. */
export interface Fault {
  readonly path: readonly (string | number)[]
  readonly message: string
}

/** The faults that one issue of the format means for `input`, the whole codebook as plain values. */
export function wordIssue(issue: z.core.$ZodIssue, input: unknown): Fault[] {
  const path = issue.path.filter((part): part is string | number => typeof part !== 'symbol')
  if (issue.code === 'unrecognized_keys') {
    const known = keysOf(schemaAt(path))
    return issue.keys.map((key) => {
      return { path: [...path, key], message: `is no key of the format${suggestion(key, known)}` }
    })
  }
  if (issue.code === 'invalid_key') {
    return [{ path, message: `${shown(path.at(-1))} ${issue.issues[0]?.message ?? 'is no name of a field'}` }]
  }
  const value = valueAt(input, path)
  if (value === undefined) return [{ path, message: 'is missing' }]
  if (issue.code === 'invalid_value') {
    const known = keysOf(schemaAt(path))
    return [{ path, message: `${shown(value)} is not allowed here${suggestion(String(value), known)}` }]
  }
  const must = ruleOf(issue, schemaAt(path))
  if (value === null) return [{ path, message: `is empty; it ${must}` }]
  if (Array.isArray(value) && (issue.code === 'too_small' || issue.code === 'too_big')) {
    return [{ path, message: `${must}; there ${value.length === 1 ? 'is' : 'are'} ${value.length}` }]
  }
  return [{ path, message: `${shown(value)} ${must}${quotesHint(value, must)}` }]
}

/** What must hold of the value, as the end of a sentence. The format brings its own words for what needs them. */
function ruleOf(issue: z.core.$ZodIssue, schema: unknown): string {
  if (issue.message.startsWith('must ')) return issue.message
  if (issue.code === 'too_small' && issue.origin === 'array') return `must have at least ${issue.minimum} entries`
  if (issue.code === 'too_big' && issue.origin === 'array') return `must have at most ${issue.maximum} entries`
  if (schema instanceof z.ZodString) return 'must be a text'
  if (schema instanceof z.ZodBoolean) return 'must be true or false'
  if (schema instanceof z.ZodNumber) return `must be ${numberOf(schema)}`
  if (schema instanceof z.ZodArray) return 'must be a list, whose entries begin with "- "'
  if (schema instanceof z.ZodObject) return `must be a map of the keys ${listed(keysOf(schema))}`
  if (schema instanceof z.ZodRecord) return 'must be a map of keys and values'
  return `is not allowed: ${issue.message}`
}

function numberOf({ minValue, maxValue, format }: z.ZodNumber): string {
  const kind = format?.includes('int') === true ? 'a whole number' : 'a number'
  const isBounded = [minValue, maxValue].every((bound) => bound !== null && Number.isFinite(bound))
  return isBounded ? `${kind} from ${minValue} to ${maxValue}` : kind
}

function quotesHint(value: unknown, must: string): string {
  const isPlain = typeof value === 'number' || typeof value === 'boolean'
  return isPlain && must.startsWith('must be a text') ? `: put it into quotes, "${value}"` : ''
}

/** The names that may stand at a place of the format. */
function keysOf(schema: unknown): string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape)
  if (schema instanceof z.ZodEnum) return schema.options.map(String)
  return schema instanceof z.ZodRecord ? keysOf(schema.keyType) : []
}

/** The schema of the place at `path`; undefined where the format has no such place. */
function schemaAt(path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((schema, part) => {
    if (schema instanceof z.ZodObject) return unwrapped(schema.shape[part])
    if (schema instanceof z.ZodArray) return unwrapped(schema.element)
    return schema instanceof z.ZodRecord ? unwrapped(schema.valueType) : undefined
  }, codebookSchema)
}

function unwrapped(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? unwrapped(schema.unwrap()) : schema
}

function valueAt(input: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((value, part) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined
    return Reflect.get(value, part)
  }, input)
}
