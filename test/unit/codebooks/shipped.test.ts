import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { builtInFile, loadCodebook, schemeOf } from '../../../src/catalogue/codebook-files.ts'
import { BUILT_IN_NAMES } from '../../../src/codebooks/built-in.ts'
import { codebookJsonSchema } from '../../../src/codebooks/format.ts'
import { parseCodebook } from '../../../src/codebooks/parse.ts'
import { isServiceError } from '../../../src/errors.ts'
import { isModelSource } from '../../../src/evidence/confidence.ts'
import { ALL_RULES, MODEL_SOURCE } from '../../../src/evidence/gate/field-gates.ts'

const folder = new URL('../../../src/codebooks/', import.meta.url)

for (const name of BUILT_IN_NAMES) {
  test(`the built-in codebook ${name} is sound and bears its name`, async () => {
    const { codebook } = await loadCodebook(builtInFile(name) ?? '')
    assert.equal(codebook.name, name)
  })
}

test('no rule has the name of another source of labels, by which evidence is counted', async () => {
  const { code } = schemeOf(await loadCodebook(builtInFile('economic-indicators') ?? ''))
  assert.ok(code)
  const gold = readFileSync(new URL('economic-indicators/gold.jsonl', folder), 'utf8').trim().split('\n')
  const names = new Set(
    gold.flatMap((line) => {
      const record = { sample_values: [], ...JSON.parse(line) }
      return Object.values(code.read(record)).map(({ rule }) => rule)
    }),
  )
  assert.ok(names.size > 50, `${names.size} rules`)
  for (const name of names) assert.ok(![ALL_RULES, MODEL_SOURCE, 'person'].includes(name) && !isModelSource(name), name)
})

test('the template to start from is sound', async () => {
  const { codebook } = await loadCodebook(fileURLToPath(new URL('template.yaml', folder)))
  assert.deepEqual([...codebook.field.keys()], ['subject', 'concerns'])
})

test('the published JSON Schema is that of the format (npm run codebook -- schema)', () => {
  const published: unknown = JSON.parse(readFileSync(new URL('codebook.schema.json', folder), 'utf8'))
  assert.deepEqual(published, JSON.parse(JSON.stringify(codebookJsonSchema())))
})

test('a codebook that is not there is refused with its path', async () => {
  await assert.rejects(loadCodebook('/nowhere/at-all.yaml'), (error: unknown) => {
    return isServiceError(error) && error.code === 'input-invalid' && error.message.includes('/nowhere/at-all.yaml')
  })
})

test('the kinds of fields that the template shows in comments are sound once they are no comments', () => {
  const template = readFileSync(new URL('template.yaml', folder), 'utf8')
  const shown = template.replace(/^ {2}# ((?:- name: | {2}\w+:| {4}\w+: ).*)$/gm, '  $1')
  const lists = new Map([['products.csv', 'code,title\n1,Bread\n']])
  const parsed = parseCodebook(shown, lists)
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.problems.map(({ line, message }) => `${line}: ${message}`).join('\n'))
  assert.deepEqual(
    parsed.codebook.fields.map(({ type }) => type.kind),
    ['values', 'values', 'codes', 'pattern', 'number', 'text', 'derived'],
  )
})
