/** The example of a result in docs/http-api.md against what the service answers, and its tables against the codebook. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtInFile, loadCodebook, schemeOf } from '../../../src/catalogue/codebook-files.ts'
import { PROMPT_VERSION } from '../../../src/classification/prompt.ts'
import { buildClassification } from '../../../src/classification/result.ts'
import { type ResultBody, toResultBody } from '../../../src/classification/result-body.ts'
import { onlyQuoted, quotedIn, readPage, rowsOf } from './pages.ts'

const page = readPage('docs/http-api.md')
const scheme = schemeOf(await loadCodebook(builtInFile('economic-indicators') ?? ''))

/** The blocks of JSON on the page; the first one after the heading "Results" is the example. */
const [block = '{}'] = [...(page.text.split(/^## Results$/m)[1] ?? '').matchAll(/^```json\n(.*?)^```$/gms)].map(
  ([, json = '']) => json,
)
const example = JSON.parse(block) as ResultBody

test('the example of a result in docs/http-api.md is what the rules of today say, property by property', () => {
  const indicator = {
    indicator_id: 'FRA.GDP',
    name: 'GDP (current US$)',
    units: 'current US$',
    periodicity: 'Annual',
    sample_values: [],
  }
  const built = buildClassification({
    scheme,
    indicator,
    catalogue: 'world',
    reading: scheme.code?.read(indicator) ?? {},
    mode: 'hybrid',
    decisions: [],
    unanswered: {},
    promptVersion: PROMPT_VERSION,
    runId: example.run_id,
    classifiedAt: example.classified_at,
  })
  // The hash changes with every comment of the codebook's file, so that the page shows an earlier one.
  const body = { ...toResultBody(built, scheme), codebook_hash: example.codebook_hash }
  assert.deepEqual(example, body)
  assert.deepEqual(Object.keys(example), Object.keys(body))
})

test('docs/http-api.md has a row for every field of economic indicators, in the order of the codebook', () => {
  const documented = rowsOf(page, 'field').map((row) => onlyQuoted(row['field'] ?? ''))
  assert.deepEqual(documented, [...scheme.codebook.field.keys()])
})

test('docs/http-api.md explains every property of the envelope', () => {
  const explained = rowsOf(page, 'property').flatMap((row) => quotedIn(row['property'] ?? ''))
  const ofRecord = ['indicator_id', 'name', 'run_id', 'classified_at']
  const nested = ['unit', 'cumulative']
  const envelope = Object.keys(example).filter((name) => !scheme.codebook.field.has(name) && !nested.includes(name))
  assert.deepEqual(
    envelope.filter((name) => !ofRecord.includes(name) && !explained.includes(name)),
    [],
  )
  assert.ok(envelope.length > 12)
})

test('docs/http-api.md explains every constraint of economic indicators', () => {
  const explained = rowsOf(page, 'issue code').flatMap((row) => quotedIn(row['issue code'] ?? ''))
  const constraints = scheme.codebook.constraints.map(({ name }) => name)
  assert.deepEqual(
    constraints.filter((name) => !explained.includes(name)),
    [],
  )
  assert.ok(constraints.length > 10)
})
