/** Holds values to the schemas of the OpenAPI document, as a validator of another make than that of the service reads them. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { OpenApi } from '../../src/openapi/document.ts'

/** The document as it is shipped. */
export const DOCUMENT = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')) as OpenApi

const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true })
ajv.addSchema(DOCUMENT, 'openapi')

/** Fails where `value` is not what the schema `name` of the document says. */
export function assertMatches(name: string, value: unknown, message = name): void {
  const validate = ajv.getSchema(`openapi#/components/schemas/${name}`)
  assert.ok(validate, `the document has no schema ${name}`)
  const isValid = validate(value)
  assert.ok(isValid, `${message}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value).slice(0, 1_000)}`)
}

/** The properties that the schema `name` names, by which a test sees that it names all that an answer has. */
export function propertiesOf(name: string): readonly string[] {
  const { properties } = DOCUMENT.components.schemas[name] as { readonly properties?: object }
  return Object.keys(properties ?? {})
}
