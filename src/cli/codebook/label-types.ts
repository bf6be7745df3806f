/** Writes the labels of codebooks as TypeScript types, by which the typed client knows what a result has. */
import type { Codebook } from '../../codebooks/codebook.ts'
import { labelsSchema } from '../../codebooks/label-schema.ts'
import { typesOf } from '../../lib/json/schema-types.ts'

/** The text of one type, under the name of the codebook in the form of types: economic-indicators is EconomicIndicators. */
export function labelTypes(codebook: Codebook): string {
  return typesOf({ [typeNameOf(codebook.name)]: labelsSchema(codebook) }).trimEnd()
}

function typeNameOf(name: string): string {
  return name
    .split('-')
    .map((word) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`)
    .join('')
}
