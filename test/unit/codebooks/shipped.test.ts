import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { builtInFile, loadCodebook } from '../../../src/catalogue/codebook-files.ts'
import { BUILT_IN_NAMES } from '../../../src/codebooks/built-in.ts'
import { codebookJsonSchema } from '../../../src/codebooks/json-schema.ts'
import { isServiceError } from '../../../src/errors.ts'

const folder = new URL('../../../src/codebooks/', import.meta.url)

for (const name of BUILT_IN_NAMES) {
  test(`the built-in codebook ${name} is sound and bears its name`, async () => {
    const { codebook } = await loadCodebook(builtInFile(name) ?? '')
    assert.equal(codebook.name, name)
  })
}

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

test('a code list outside the folder of the codebook is not read', async (t) => {
  const { mkdtemp, rm, writeFile } = await import('node:fs/promises')
  const { tmpdir } = await import('node:os')
  const { join } = await import('node:path')
  const directory = await mkdtemp(join(tmpdir(), 'classify-codebook-'))
  t.after(() => rm(directory, { recursive: true, force: true }))
  const template = readFileSync(new URL('template.yaml', folder), 'utf8')
  const codes = '  - name: product\n    title: Product\n    codes: { file: ../../etc/passwd }\n'
  await writeFile(join(directory, 'my.yaml'), template.replace('\nconstraints:', `\n${codes}\nconstraints:`))
  await assert.rejects(loadCodebook(join(directory, 'my.yaml')), /the code list \.\.\/\.\.\/etc\/passwd is not there/)
})
