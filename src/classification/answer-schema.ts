/** Builds the JSON schema of a model's answer from a codebook, in the strict subset that OpenAI accepts. The subset has no bounds for numbers, so `answers.ts` checks them. */
import type { Codebook, Field } from '../codebooks/codebook.ts'
import type { JsonObject, JsonValue } from '../lib/json/json.ts'
import { askableFields } from './fields.ts'

type JsonSchema = JsonObject

/** Returns the name that requests give the schema, of letters, digits, _ and - alone. */
export function answerSchemaName(codebook: Codebook): string {
  return `${codebook.name.replaceAll('-', '_')}_labels`.slice(0, 64)
}

const PERCENT_SURE = { type: 'integer', description: 'How sure, a whole number of 0 to 100.' } as const

/**
 * Builds the answer schema, which is the same for every request of a codebook, because a provider caches it together with the
 * prompt: it holds all askable fields, and an answer lists a label for each field that its record asks for. The property
 * `reason` stands before the labels, because a model writes properties in this order and so explains before it decides.
 */
export function buildAnswerSchema(codebook: Codebook): JsonSchema {
  const labels = askableFields(codebook).map(labelSchema)
  return object({
    answers: {
      type: 'array',
      description: `Exactly one element for every ${codebook.record.name} asked, in the order asked.`,
      items: object({
        key: { type: 'string', description: `The key of the ${codebook.record.name}, copied exactly.` },
        reason: { type: 'string', description: 'What decides it, at most 15 words.' },
        labels: {
          type: 'array',
          description: 'One label for each field that the line asks for, in that order.',
          items: labels.length === 1 && labels[0] !== undefined ? labels[0] : { anyOf: labels },
        },
      }),
    },
  })
}

function labelSchema(field: Field): JsonSchema {
  return object({
    field: { type: 'string', enum: [field.name] },
    value: valueSchema(field),
    confidence: PERCENT_SURE,
  })
}

function valueSchema(field: Field): JsonSchema {
  const single = singleSchema(field)
  if (field.multi !== null) {
    const type = field.nullable ? ['array', 'null'] : 'array'
    return { type, items: single, description: `At most ${field.multi} values.` }
  }
  if (!field.nullable) return single
  const { type, enum: values, ...rest } = single as { type: string; enum?: readonly JsonValue[] }
  return { type: [type, 'null'], ...(values === undefined ? {} : { enum: [...values, null] }), ...rest }
}

function singleSchema({ type }: Field): JsonSchema {
  switch (type.kind) {
    case 'values': {
      const values = type.values.map(({ value }) => value)
      return { type: typeof values[0] === 'number' ? 'number' : 'string', enum: values }
    }
    case 'number':
      return { type: type.whole ? 'integer' : 'number' }
    default:
      return { type: 'string' }
  }
}

function object(properties: JsonObject): JsonSchema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false }
}
