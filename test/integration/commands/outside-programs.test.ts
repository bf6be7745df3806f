/** What programs outside the service meet: the OpenAPI document, the recipes and the packed client, all against one running service. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { Validator } from '@seriousme/openapi-schema-validator'
import { EXAMPLES } from '../../../src/openapi/examples.ts'
import { API_HANDLERS } from '../../../src/restate/api-handlers.ts'
import { assertMatches, DOCUMENT, propertiesOf } from '../../helpers/json-schemas.ts'
import { plainEnv, projectWithClient, ROOT } from '../../helpers/packed-client.ts'
import { callIngress, startTestStack, type TestStack } from '../../helpers/stack/stack.ts'

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

const RECIPES = join(ROOT, 'docs/recipes')
/** More than one batch of records, of which one has samples as they stand in a cell of CSV. */
const COUNT = 130
const records = Array.from({ length: COUNT }, (_, at) => ({
  indicator_id: `S.${String(at).padStart(3, '0')}`,
  name: `Exports of good number ${at}, "in quotes"`,
  units: 'USD Million',
  ...(at === 0 ? { sample_values: '[{"date":"2024","value":1},{"date":"2025","value":2}]' } : {}),
}))

let stack: TestStack
let project: string
let env: NodeJS.ProcessEnv

before(async () => {
  ;[project, stack] = await Promise.all([projectWithClient(), startTestStack({ RATE_RPM: '100000' })])
  env = plainEnv({ RESTATE_INGRESS_URL: stack.ingressUrl, DATABASE_URL: stack.databaseUrl })
  await writeFile(join(project, 'series.jsonl'), records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`
  const rows = records.map((one) => [one.indicator_id, one.name, one.units, one.sample_values ?? ''].map(cell).join())
  await writeFile(join(project, 'series.csv'), ['indicator_id,name,units,sample_values', ...rows].join('\r\n'))
})

after(async () => {
  await stack?.stop()
  await rm(project, { recursive: true, force: true })
})

interface ResultLine {
  readonly indicator_id: string
  readonly catalogue: string
  readonly run_id: string
}

/** Runs a recipe in the project. Rejects with its stderr where it fails. */
async function recipe(command: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  return await run(command, args, { cwd: project, env: { ...env, ...more }, maxBuffer: 64 * 1024 * 1024 })
}

/** The results that a recipe wrote are those of all records in their order, under its run and its catalogue. */
function assertAll(text: string, run: string, catalogue: string): void {
  const results = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as ResultLine)
  assert.deepEqual(
    results.map(({ indicator_id }) => indicator_id),
    records.map(({ indicator_id }) => indicator_id),
  )
  for (const result of results) assert.deepEqual([result.run_id, result.catalogue], [run, catalogue])
  assertMatches('Result', results[0])
}

async function totalsOf(run: string) {
  const answer = await callIngress(stack, 'classify-api/status', { run_id: run })
  assert.equal(answer.status, 200, answer.text)
  // What the model has answered is counted about a second behind.
  const { answered, ...totals } = answer.json() as {
    readonly answered: number
    readonly indicators: number
    readonly batches: number
    readonly model_requests: number
  }
  return totals
}

test('the guard serves the document, and every example in it is answered as its schema says', async () => {
  const served = await fetch(`${stack.ingressUrl}/openapi.json`)
  assert.deepEqual([served.status, served.headers.get('content-type')], [200, 'application/json; charset=utf-8'])
  assert.deepEqual(await served.json(), DOCUMENT)
  for (const name of API_HANDLERS.keys()) {
    const answer = await callIngress(stack, `classify-api/${name}`, EXAMPLES[name]?.request ?? '')
    assert.equal(answer.status, 200, `${name}: ${answer.text}`)
    const body = answer.json() as Readonly<Record<string, unknown>>
    const operation = DOCUMENT.paths[`/classify-api/${name}`]?.['post'] as {
      responses: { 200: { content: { 'application/json': { schema: { $ref: string } } } } }
    }
    const schema = operation.responses[200].content['application/json'].schema.$ref.split('/').at(-1) ?? ''
    assertMatches(schema, body)
    // The document names every property that an answer has.
    const known = propertiesOf(schema)
    if (known.length > 0)
      assert.deepEqual(
        Object.keys(body).filter((property) => !known.includes(property)),
        [],
        name,
      )
    assert.deepEqual(Object.keys(EXAMPLES[name]?.response as object).toSorted(), Object.keys(body).toSorted(), name)
  }
})

test('a call that is sent is attached to and fetched by key and by id, and failures have the form that the document says', async () => {
  const key = 'sent.2026-11-29_1'
  const path = '/classify-api/batch'
  const body = EXAMPLES['batch']?.request
  const sent = await callIngress(stack, 'classify-api/batch/send', body, { 'idempotency-key': key })
  assert.equal(sent.status, 202, sent.text)
  const { invocationId } = sent.json() as { readonly invocationId: string }
  const places = [invocationId, `classify-api/batch/${key}`]
  for (const place of places) {
    for (const way of ['attach', 'output']) {
      const answer = await fetch(`${stack.ingressUrl}/restate/invocation/${place}/${way}`)
      assert.equal(answer.status, 200, `${place}/${way}`)
      assertMatches('BatchResponse', await answer.json())
    }
  }
  const again = { ...(body as object), force: true }
  const failing = [
    await callIngress(stack, 'classify-api/batch', again, { 'idempotency-key': key }),
    await callIngress(stack, 'classify-api/batch', { indicators: [] }),
    await callIngress(stack, 'classify-api/batch', { indicators: records.slice(0, 1) }, { 'x-run-id': 'no run' }),
    await callIngress(stack, 'classify-api/status', { run_id: 'unknown' }),
    await callIngress(stack, 'classify-api/budget', {}, { origin: 'http://evil.example' }),
  ]
  assert.deepEqual(
    failing.map(({ status }) => status),
    [409, 400, 400, 404, 403],
  )
  const { responses } = (DOCUMENT.paths[path]?.['post'] ?? {}) as { readonly responses?: object }
  const documented = Object.keys(responses ?? {})
  for (const answer of failing) {
    assertMatches('Failure', answer.json())
    assert.ok(documented.includes(String(answer.status)))
  }
  assert.match(failing[2]?.text ?? '', /x-run-id must be 1 to 100 characters .* got \\"no run\\"/)
})

test('Restate describes every handler with the schemas of its body and its answer', async () => {
  const answer = await fetch(`${stack.adminUrl}/services/classify-api/openapi`)
  const described = (await answer.json()) as {
    readonly paths: Readonly<Record<string, { readonly post: Described }>>
    readonly components: {
      readonly schemas: Readonly<Record<string, { readonly properties?: object; readonly anyOf?: object }>>
    }
  }
  interface Described {
    readonly description?: string
    readonly requestBody?: { readonly content: Content }
    readonly responses: { readonly 200: { readonly content: Content } }
  }
  type Content = Readonly<Record<string, { readonly schema?: { readonly $ref?: string } }>>
  // Restate 1.7 writes null where a tag has no description of its link.
  const copy = { ...structuredClone(described), tags: [] } as unknown as Record<string, unknown>
  const { valid, errors } = await new Validator().validate(copy)
  assert.ok(valid, JSON.stringify(errors))
  for (const [name, { input, description }] of API_HANDLERS) {
    const call = described.paths[`/restate/call/classify-api/${name}`]?.post
    assert.ok(call, name)
    assert.equal(call.description, description)
    const hasSchema = (content: Content | undefined) => {
      const { $ref = '' } = content?.['application/json']?.schema ?? {}
      const schema = described.components.schemas[$ref.split('/').at(-1) ?? '']
      return schema?.properties !== undefined || schema?.anyOf !== undefined
    }
    assert.ok(hasSchema(call.responses[200].content), `${name} has no answer schema`)
    assert.equal(hasSchema(call.requestBody?.content), input !== null, `body of ${name}`)
  }
})

test('the Python client classifies a CSV file, and begun again it asks and pays nothing', async () => {
  const args = [join(RECIPES, 'classifyclient.py'), 'series.csv', '--run', 'python-1', '--catalogue', 'python']
  assertAll((await recipe('python3', args)).stdout, 'python-1', 'python')
  const first = await totalsOf('python-1')
  assert.deepEqual([first.indicators, first.batches], [COUNT, 2])
  assertAll((await recipe('python3', args)).stdout, 'python-1', 'python')
  assert.deepEqual(await totalsOf('python-1'), first)
})

test('the Python client says why a call was refused', async () => {
  const args = [join(RECIPES, 'classifyclient.py'), 'series.csv', '--codebook', 'nowhere', '--run', 'python-2']
  await assert.rejects(recipe('python3', args), ({ code, stderr }: { code: number; stderr: string }) => {
    assert.equal(code, 1)
    assert.match(stderr, /^run python-2: input-invalid: .*nowhere/)
    return true
  })
})

test('curl and jq classify a file of JSON lines as one run that the header names', async () => {
  const args = [join(RECIPES, 'classify.sh'), 'series.jsonl', 'curl-1', 'curl']
  assertAll((await recipe('bash', args)).stdout, 'curl-1', 'curl')
  const first = await totalsOf('curl-1')
  assert.deepEqual([first.indicators, first.batches], [COUNT, 2])
  assertAll((await recipe('bash', args)).stdout, 'curl-1', 'curl')
  assert.deepEqual(await totalsOf('curl-1'), first)
  await assert.rejects(recipe('bash', [...args, 'nowhere']))
})

test('a Node program classifies a file by the typed client', async () => {
  await copyFile(join(RECIPES, 'classify.mjs'), join(project, 'classify.mjs'))
  const { stdout, stderr } = await recipe(process.execPath, ['classify.mjs', 'series.jsonl', 'node-1', 'node'])
  assertAll(stdout, 'node-1', 'node')
  assert.match(stderr, new RegExp(`^${COUNT} indicators, \\d+ for review, USD`))
})

test('the Airflow operator, with a stand-in for its base class, writes the results of a file', async () => {
  await mkdir(join(project, 'stand-in/airflow'), { recursive: true })
  const base =
    'import logging\n\n\nclass BaseOperator:\n    log = logging.getLogger()\n\n    def __init__(self, *, task_id):\n        self.task_id = task_id\n'
  await writeFile(join(project, 'stand-in/airflow/__init__.py'), '')
  await writeFile(join(project, 'stand-in/airflow/models.py'), base)
  const program = `import json
from classifyoperator import ClassifyOperator
operator = ClassifyOperator(task_id="t", input_file="series.csv", output_file="operator.jsonl", catalogue="airflow")
print(json.dumps(operator.execute({"run_id": "manual__2026-11-29T05:00:00+00:00"})))
`
  const { stdout } = await recipe('python3', ['-c', program], { PYTHONPATH: `${RECIPES}:${join(project, 'stand-in')}` })
  const name = 'manual__2026-11-29T05:00:00-00:00'
  const { run: named, ...counts } = JSON.parse(stdout) as { readonly run: string } & Record<string, number>
  assert.equal(named, name)
  assert.equal(
    Object.values(counts).reduce((sum, count) => sum + Number(count), 0),
    COUNT,
  )
  assertAll(await readFile(join(project, 'operator.jsonl'), 'utf8'), name, 'airflow')
})

/** Puts the names of tables where dbt would, and takes the settings of a model out. */
function rendered(
  model: string,
  tables: Readonly<Record<string, string>>,
): { readonly sql: string; readonly hook: string } {
  const hook = /post_hook="([^"]*)"/.exec(model)?.[1] ?? ''
  const named = (text: string) =>
    text.replaceAll(/\{\{\s*(.+?)\s*\}\}/g, (_all, expression: string) => {
      const table = tables[expression]
      assert.ok(table, `the model names ${expression}`)
      return table
    })
  return { sql: named(model.replace(/\{\{ config\([\s\S]*?\) \}\}/, '')), hook: named(hook) }
}

test("dbt's script classifies the rows of a model, and the model joins them with their labels", async () => {
  const psql = async (sql: string) => {
    const args = [
      stack.databaseUrl,
      '--no-psqlrc',
      '--quiet',
      '--tuples-only',
      '--no-align',
      '--set',
      'ON_ERROR_STOP=1',
    ]
    return (await recipe('psql', [...args, '--command', sql])).stdout.trim()
  }
  await psql(`create table series (indicator_id text, name text, description text);
    insert into series values ('N.1', 'Consumer prices rise, "again"', 'Inflation was 2 %'), ('N.2', 'Exports fall', null)`)
  await recipe('bash', [join(RECIPES, 'dbt/classify-series.sh')])
  await psql("insert into series values ('N.3', 'Too new to be classified', null)")
  const model = await readFile(join(RECIPES, 'dbt/models/labelled_series.sql'), 'utf8')
  const names = {
    "ref('series')": 'series',
    "source('classify', 'results')": 'public.results',
    this: 'labelled_series',
  }
  const { sql, hook } = rendered(model, names)
  await psql(`create table labelled_series as ${sql}`)
  await psql(hook)
  assert.equal(
    await psql('select indicator_id, kind is not null, status is not null from labelled_series order by 1'),
    'N.1|t|t\nN.2|t|t\nN.3|f|f',
  )
  assert.match(await psql("select indexdef from pg_indexes where tablename = 'labelled_series'"), /\(status\)/)
})

async function compile(file: string, text: string): Promise<string> {
  await writeFile(join(project, file), text)
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2024', '--exactOptionalPropertyTypes']
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const { stdout } = await run(tsc, [...options, '--types', '', join(project, file)], {
    cwd: project,
    env: plainEnv(),
  }).catch((error: unknown) => error as { readonly stdout: string })
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
