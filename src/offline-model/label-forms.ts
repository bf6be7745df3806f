/** Learns from the answer schema of a request which labels each field can have, so that the offline model serves any codebook. */
import { z } from 'zod'

/** What the schema of a request says about the labels of one field. */
export interface LabelForm {
  /** The values that the field can have, without null; null where the schema lists none. */
  readonly values: readonly (string | number)[] | null
  readonly isNumber: boolean
  /** Whether a number has to be a whole one. */
  readonly isWhole: boolean
  readonly isNullable: boolean
  /** Whether a label is a list of values. */
  readonly isMulti: boolean
}

/** The parts of a request's answer schema that the offline model follows. */
export interface AnswerForm {
  /** The properties that the answer for each record has, in the order of the schema. */
  readonly properties: readonly string[]
  /** The form of each field's labels, by the name of the field. */
  readonly labels: ReadonlyMap<string, LabelForm>
}

const KNOWN_PROPERTIES: ReadonlySet<string> = new Set(['key', 'reason', 'labels'])

const singleSchema = z.object({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.union([z.string(), z.number(), z.null()])).optional(),
})
const labelSchema = z.object({
  properties: z.object({
    field: z.object({ enum: z.tuple([z.string()]) }),
    value: singleSchema.extend({ items: singleSchema.optional() }),
  }),
})
const propertiesSchema = z.looseObject({
  labels: z.object({ items: z.union([z.object({ anyOf: z.array(labelSchema) }), labelSchema]) }),
})
const answerSchema = z.object({
  properties: z.object({ answers: z.object({ items: z.object({ properties: propertiesSchema }) }) }),
})

/** Reads the answer schema of a request. Returns null where the classify service cannot have built the schema. */
export function readAnswerForm(schema: unknown): AnswerForm | null {
  const parsed = answerSchema.safeParse(schema)
  if (!parsed.success) return null
  const found = parsed.data.properties.answers.items.properties
  // The order of the parsed properties is that of the zod schema, so the order is taken from the request itself.
  const properties = Object.keys(itemProperties(schema))
  if (properties.some((name) => !KNOWN_PROPERTIES.has(name))) return null
  const { items } = found.labels
  const labels = 'anyOf' in items ? items.anyOf : [items]
  return {
    properties,
    labels: new Map(labels.map(({ properties: { field, value } }) => [field.enum[0], formOf(value)])),
  }
}

/** Returns the properties that a schema, which was checked before, gives the answer for each record. */
function itemProperties(schema: unknown): object {
  const checked = schema as { properties: { answers: { items: { properties: object } } } }
  return checked.properties.answers.items.properties
}

function formOf({
  items,
  ...value
}: z.output<typeof singleSchema> & { items?: z.output<typeof singleSchema> | undefined }): LabelForm {
  const single = items ?? value
  const types = [single.type ?? []].flat()
  const values = single.enum?.filter((one) => one !== null) ?? null
  return {
    values,
    isNumber: types.includes('number') || types.includes('integer'),
    isWhole: types.includes('integer'),
    isNullable: [value.type ?? []].flat().includes('null') || value.enum?.includes(null) === true,
    isMulti: items !== undefined,
  }
}
