/** The OpenAPI document: fresh, valid by two validators that share no code, whole, and with examples that it permits itself. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createConfig, lintFromString } from '@redocly/openapi-core'
import { Validator } from '@seriousme/openapi-schema-validator'
import { REFUSALS } from '../../../src/guard/refusals.ts'
import { EXAMPLES } from '../../../src/openapi/examples.ts'
import { generatedFiles } from '../../../src/openapi/generated-files.ts'
import { API_HANDLERS } from '../../../src/restate/api-handlers.ts'
import { assertMatches, DOCUMENT } from '../../helpers/json-schemas.ts'

const ROOT = new URL('../../../', import.meta.url)
const config = await createConfig({ extends: ['spec'] })

async function faultsOf(document: object): Promise<{ readonly schema: boolean; readonly spec: number }> {
  const { valid } = await new Validator().validate(structuredClone(document) as Record<string, unknown>)
  const found = await lintFromString({ source: JSON.stringify(document), absoluteRef: 'openapi.json', config })
  return { schema: valid, spec: found.filter(({ severity }) => severity === 'error').length }
}

interface Operation {
  readonly operationId: string
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content; readonly $ref?: string }>>
}
type Content = Readonly<Record<string, { readonly schema: { readonly $ref?: string }; readonly example?: unknown }>>

const operations = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => [path, method, operation as Operation] as const),
)

test('the files that are made from the schemas are those that npm run openapi makes', () => {
  for (const [file, text] of generatedFiles(readFileSync(new URL('package.json', ROOT), 'utf8'))) {
    assert.equal(readFileSync(new URL(file, ROOT), 'utf8'), text, `${file} is old: run npm run openapi`)
  }
})

test('two validators find no fault in the document, and each finds one that is planted', async () => {
  assert.deepEqual(await faultsOf(DOCUMENT), { schema: true, spec: 0 })
  const [first = ''] = Object.keys(DOCUMENT.paths)
  const broken = { ...DOCUMENT, paths: { [first]: { post: { responses: { 200: { content: {} } }, tags: 'one' } } } }
  const { schema, spec } = await faultsOf(broken)
  assert.ok(!schema && spec > 0)
})

test('every handler has a call with the schemas of its body and answer, and an example of both', () => {
  for (const [name, { input, summary, description }] of API_HANDLERS) {
    const call = DOCUMENT.paths[`/classify-api/${name}`]?.['post'] as (Operation & { description: string }) | undefined
    assert.ok(call, name)
    assert.ok(summary.length > 5 && call.description.startsWith(description), name)
    const answer = call.responses['200']?.content?.['application/json']
    const nameOf = (content: typeof answer) => content?.schema.$ref?.split('/').at(-1) ?? ''
    assertMatches(nameOf(answer), answer?.example, `${name}: answer`)
    const body = call.requestBody?.content['application/json']
    assert.equal(body === undefined, input === null, name)
    if (body !== undefined) assertMatches(nameOf(body), body.example, `${name}: body`)
    assert.ok(name in EXAMPLES, name)
  }
})

test('it has attach and output by id and by key, health, liveness, and a name for each operation', () => {
  const paths = operations.map(([path, method]) => `${method} ${path}`)
  for (const way of ['attach', 'output']) {
    assert.ok(paths.includes(`get /restate/invocation/{invocationId}/${way}`))
    assert.ok(paths.includes(`get /restate/invocation/classify-api/batch/{idempotencyKey}/${way}`))
  }
  for (const path of [
    '/classify-api/health',
    '/classify-api/live',
    '/guard/health',
    '/restate/health',
    '/openapi.json',
  ])
    assert.ok(paths.includes(`get ${path}`), path)
  assert.ok(paths.includes('post /classify-api/batch/send'))
  const ids = operations.map(([, , { operationId }]) => operationId)
  assert.equal(new Set(ids).size, ids.length)
})

test('every refusal of the guard stands in a response, and 429 names Retry-After', () => {
  const responses = (DOCUMENT.components as unknown as { responses: Record<string, { description: string }> }).responses
  for (const [code, status] of Object.entries(REFUSALS))
    assert.ok(responses[`Failure${status}`]?.description.includes(`\`${code}\``), code)
  const batch = DOCUMENT.paths['/classify-api/batch']?.['post'] as Operation
  for (const status of [400, 401, 403, 404, 409, 413, 429, 500, 502, 503])
    assert.equal(batch.responses[status]?.$ref, `#/components/responses/Failure${status}`)
  assert.deepEqual(Object.keys((responses['Failure429'] as unknown as { headers: object }).headers), ['Retry-After'])
})

test('a body with a wrong field, and an answer without one, are no match', () => {
  const indicator = { indicator_id: 'a', name: 'A', sample_values: '[{"date":"2024","value":1}]' }
  assertMatches('BatchRequest', { indicators: [indicator] })
  assert.throws(() => assertMatches('BatchRequest', { indicators: [indicator], mode: 'model' }))
  assert.throws(() => assertMatches('BatchRequest', { indicators: [{ indicator_id: 'a' }] }))
  assert.throws(() => assertMatches('BatchResponse', { run_id: 'r', results: [] }))
})

test('the image has the document that the guard serves', () => {
  assert.match(readFileSync(new URL('Dockerfile', ROOT), 'utf8'), /^COPY docs\/openapi\.json docs\/openapi\.json$/m)
  assert.match(readFileSync(new URL('.dockerignore', ROOT), 'utf8'), /^!docs\/openapi\.json$/m)
})
