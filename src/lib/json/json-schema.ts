/** The JSON Schema (draft 2020-12) of a zod schema, as callers from other languages and the tools that make clients read it. */
import { z } from 'zod'

/**
 * What goes over the wire is described by what a sender may write: defaults may be left out, and objects of answers may have
 * more properties in a later release.
 */
const OPTIONS: Parameters<typeof z.toJSONSchema>[1] = {
  io: 'input',
  unrepresentable: 'any',
  override: ({ jsonSchema }) => {
    if (jsonSchema.type !== 'integer') return
    // Without a format, generated clients take a whole number for one of 32 bits.
    jsonSchema.format = 'int64'
    if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  },
}

export type JsonSchema = Readonly<Record<string, unknown>>

/** The schema as one document without references. Whoever embeds it says of which dialect it is. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema, ...own } = z.toJSONSchema(schema, OPTIONS)
  return own
}

/** The schemas under their names, each of which stands in for itself in the others by the reference that `uri` gives. */
export function jsonSchemasOf(
  named: Readonly<Record<string, z.ZodType>>,
  uri: (name: string) => string,
): Readonly<Record<string, JsonSchema>> {
  const registry = z.registry<{ id: string }>()
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id })
  return z.toJSONSchema(registry, { ...OPTIONS, uri }).schemas
}
