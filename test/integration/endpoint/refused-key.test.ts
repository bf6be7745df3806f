/** An endpoint that refuses the key and echoes it: the run stops early with one clear message, and the key appears nowhere. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import pg from 'pg'
import { runCli } from '../../helpers/cli/cli.ts'
import { startTestStack, type TestStack } from '../../helpers/stack/stack.ts'

const KEY = 'sk-test-123'
const INDICATORS = 3_000

let endpoint: Server
let stack: TestStack
let directory: string
let requests = 0

before(async () => {
  endpoint = createServer((request, response) => {
    requests += 1
    request.resume()
    const said = `Incorrect API key provided: ${request.headers.authorization}`
    response.writeHead(401, { 'content-type': 'application/json', 'www-authenticate': `Bearer ${KEY}` })
    response.end(JSON.stringify({ error: { message: said, type: 'invalid_request_error', code: 'invalid_api_key' } }))
  })
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve))
  const { port } = endpoint.address() as AddressInfo
  stack = await startTestStack({
    OPENAI_API_KEY: KEY,
    OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
    LOG_LEVEL: 'trace',
    RATE_RPM: '100000',
  })
  directory = await mkdtemp(join(tmpdir(), 'classify-catalogue-'))
})

after(async () => {
  await stack?.stop()
  await rm(directory, { recursive: true, force: true })
  await new Promise((resolve) => endpoint.close(resolve))
})

test('the run stops within its first batches, says why once, and never shows the key', async () => {
  const file = join(directory, 'catalogue.jsonl')
  const lines = Array.from({ length: INDICATORS }, (_, n) =>
    JSON.stringify({ indicator_id: `E.${n}`, name: `Thing ${n}` }),
  )
  await writeFile(file, lines.join('\n'))
  const env = { ...stack.env, RESTATE_INGRESS_URL: stack.ingressUrl, OPENAI_API_KEY: KEY, LOG_LEVEL: 'trace' }
  let said = ''
  // A run in mode hybrid meets the refusal in its audits, before any batch of the file.
  for (const args of [['--mode', 'model', '--no-reuse'], []]) {
    requests = 0
    const cli = await runCli(['classify', file, ...args, '--json'], { env })
    said += cli.stdout + cli.stderr

    assert.equal(cli.code, 1, cli.stderr)
    const report = JSON.parse(cli.stdout) as {
      indicators: number
      failed: number
      classified: number
      failures: { code: string; reason: string; indicator_ids: string[] }[]
    }
    assert.deepEqual([report.indicators, report.failed, report.classified], [INDICATORS, INDICATORS, 0])
    const ids = report.failures.flatMap(({ indicator_ids }) => indicator_ids)
    assert.deepEqual([ids.length, new Set(ids).size], [INDICATORS, INDICATORS], 'each indicator fails for one reason')
    const reasons = report.failures.filter(({ code }) => code === 'model-auth')
    assert.equal(reasons.length, 1)
    assert.match(reasons[0]?.reason ?? '', /401.*OPENAI_API_KEY/)
    assert.equal(cli.stderr.split('OPENAI_API_KEY').length - 1, 1, cli.stderr)
    assert.ok(requests > 0 && requests < INDICATORS / 10, `${requests} requests, though every one is refused`)
  }

  const exported = await runCli(['export', '--format', 'jsonl'], { env })
  const metrics = await (await fetch(`${stack.replicaUrl}/metrics`)).text()
  const query = { query: 'select id, last_failure, completion_failure from sys_invocation' }
  const invocations = await fetch(`${stack.adminUrl}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(query),
  })
  const places: Record<string, string> = {
    'the CLI': said,
    'the export': exported.stdout + exported.stderr,
    'the metrics': metrics,
    'the invocations': await invocations.text(),
    'the terminal': stack.said.join('\n'),
    'the database': await everythingStored(),
  }
  for (const name of await readdir(stack.logsDir)) {
    places[`the log ${name}`] = await readFile(join(stack.logsDir, name), 'utf8')
  }
  for (const [place, text] of Object.entries(places)) assert.ok(!text.includes(KEY), `the key stands in ${place}`)
  assert.match(places['the log replica.log'] ?? '', /Server listening/)
})

async function everythingStored(): Promise<string> {
  const client = new pg.Client({ connectionString: stack.databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query(
      'select (select json_agg(r) from llm_requests r) as requests, (select json_agg(c) from results c) as results',
    )
    return JSON.stringify(rows)
  } finally {
    await client.end()
  }
}
