/** The JSON Schema of the labels of a codebook, as they stand in a result: what typed programs make their types from. */
import type { Codebook, Field } from './codebook.ts'

type LabelSchema = Readonly<Record<string, unknown>>

/** The most codes that become values of a type; with more, a compiler would do nothing else. */
const MOST_LISTED = 500

/** One property for each field, all of which every result has. A field that does not apply has null. */
export function labelsSchema({ title, fields }: Codebook): LabelSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    description: `The labels of ${title.replace(/\.$/, '')}.`,
    properties: Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])),
    required: fields.map(({ name }) => name),
  }
}

/** A result has null also in a field that nothing decided. */
function fieldSchema(field: Field): LabelSchema {
  const { multi, title } = field
  const single = singleSchema(field)
  const label = multi === null ? single : { type: 'array', maxItems: multi, items: single }
  return { description: title, anyOf: [label, { type: 'null' }] }
}

function singleSchema({ type }: Field): LabelSchema {
  switch (type.kind) {
    case 'values':
      return { enum: type.values.map(({ value }) => value) }
    case 'derived':
      return { enum: [...new Set(type.valueOf.values())] }
    case 'codes': {
      const codes = type.onlyLeaves ? [...type.list.leaves] : type.list.codes.map(({ code }) => code)
      return codes.length > MOST_LISTED ? { type: 'string' } : { enum: codes }
    }
    case 'number':
      return { type: type.whole ? 'integer' : 'number', minimum: type.min, maximum: type.max }
    case 'pattern':
      return { type: 'string', pattern: type.matches.source }
    case 'text':
      return { type: 'string', maxLength: type.maxLength }
  }
}
