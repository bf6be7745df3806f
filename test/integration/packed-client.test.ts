/** The package that npm pack makes: a user's program compiles against it and runs in plain Node, without any other package. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { plainEnv, projectWithClient, ROOT } from '../helpers/packed-client.ts'

const run = promisify(execFile)

/** A program of a user, each marked line of which the compiler has to refuse. */
const PROGRAM = `import { ClassifyError, createClassifyClient, type Indicator } from 'classify-service'
import type { EconomicIndicators, ReleaseTopics } from 'classify-service/codebooks'

const client = createClassifyClient<ReleaseTopics>({ url: 'http://127.0.0.1:1', patienceMs: 0, codebook: 'release-topics' })
const records: Indicator[] = [{ indicator_id: 'r', name: 'Prices rise', sample_values: '[]' }]
export async function main(): Promise<string> {
  try {
    const { results, summary } = await client.classify(records, { options: { mode: 'model' } })
    const kind: 'notice' | 'revision' | 'figures' | 'analysis' | null | undefined = results[0]?.kind
    const topics: readonly string[] | null | undefined = results[0]?.topics
    const status: 'accepted' | 'unverified' | 'needs-review' | undefined = results[0]?.status
    return [kind, topics, status, summary.cost_usd.toFixed(2)].join()
  } catch (error) {
    return error instanceof ClassifyError ? \`\${error.status} \${error.code}\` : 'another error'
  }
}
export const frequency = (labels: EconomicIndicators): string | null => labels.frequency
console.log(await main())
`
const WRONG = [
  "import { createClassifyClient as create } from 'classify-service'",
  "import type { ReleaseTopics as Topics } from 'classify-service/codebooks'",
  'const other = create<Topics>()',
  "void other.classify([{ indicator_id: 'a' }])",
  "void other.classify([], { options: { mode: 'magic' } })",
  "void other.result('a').then((found) => found?.kind === 'poem')",
  'void other.result("a").then((found) => found?.colour)',
]

let project: string

before(async () => {
  project = await projectWithClient()
})

after(async () => {
  await rm(project, { recursive: true, force: true })
})

async function compile(file: string, text: string): Promise<string> {
  await writeFile(join(project, file), text)
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--exactOptionalPropertyTypes']
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const { stdout } = await run(tsc, [...options, '--types', '', join(project, file)], { cwd: project, env: plainEnv() }).catch(
    (error: unknown) => error as { readonly stdout: string },
  )
  return stdout
}

test('a program of a user compiles, with libraries checked too, and runs in Node', async () => {
  assert.equal(await compile('program.mts', PROGRAM), '')
  const { stdout } = await run(process.execPath, ['program.mts'], { cwd: project, env: plainEnv() })
  assert.equal(stdout.trim(), '0 null')
})

test('the compiler refuses wrong records, options and labels', async () => {
  const said = await compile('wrong.mts', WRONG.join('\n'))
  const lines = [...said.matchAll(/^wrong\.mts\((\d+),/gm)].map(([, line]) => Number(line))
  assert.deepEqual([...new Set(lines)], [4, 5, 6, 7], said)
})

test('the package has the client, its types and the OpenAPI document, and no test', async () => {
  const home = join(project, 'node_modules/classify-service')
  assert.deepEqual(JSON.parse(await readFile(join(home, 'docs/openapi.json'), 'utf8')).openapi, '3.1.0')
  assert.ok(!(await readdir(home)).includes('test'))
  for (const file of await readdir(join(home, 'dist'))) {
    const text = await readFile(join(home, 'dist', file), 'utf8')
    assert.doesNotMatch(text, /from '(?!\.\/)/, `${file} needs something else`)
  }
})
