/** A release with another prompt takes the place of the replica in the middle of a run: each result names the prompt that was asked. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { RunReport } from '../../../src/cli/classify/run-report.ts'
import { createPool, type DatabasePool } from '../../../src/store/pool.ts'
import { startCli } from '../../helpers/cli/cli.ts'
import { silent } from '../../helpers/database/postgres.ts'
import { type ScriptedModel, startScriptedModel } from '../../helpers/servers/model.ts'
import { startTestStack, type TestStack } from '../../helpers/stack/stack.ts'
import { waitUntil } from '../../helpers/wait.ts'

const INDICATORS = 60
const PACK = 5
const BATCH = 10
/** The requests of the first release that are answered before the next takes its place: at least one batch has all of its answers then. */
const ANSWERED = INDICATORS / BATCH + 1

let model: ScriptedModel
let stack: TestStack
let directory: string
let releaseFile: string
let pool: DatabasePool
/** The requests that the model answers at once; it holds back its answers to later ones until `held` resolves. */
let free = 0
let held: Promise<void> = Promise.resolve()

/** The release that asked, by the prompt that the model got. */
const releaseOf = (system: string) => /^Release (\S+)\. /.exec(system)?.[1]

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-rollout-'))
  releaseFile = join(directory, 'release')
  await writeFile(releaseFile, 'p-one')
  model = await startScriptedModel((_asked, index) => (index < free ? {} : { after: held }))
  const helper = new URL('../../helpers/stack/prompt-release.mjs', import.meta.url).href
  stack = await startTestStack(
    { OPENAI_BASE_URL: model.url, RATE_RPM: '100000', DRAIN_TIMEOUT_MS: '5000' },
    { NODE_OPTIONS: `--import ${helper}`, PROMPT_RELEASE_FILE: releaseFile },
  )
  pool = createPool({ connectionString: stack.databaseUrl, max: 1, log: silent })
})

after(async () => {
  await pool?.end()
  await stack?.stop()
  await model?.close()
  await rm(directory, { recursive: true, force: true })
})

/** Puts the release `next` in the place of the replica: as a rollout does, or as a crash does. */
async function replaceReplica(next: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  await writeFile(releaseFile, next)
  const pid = stack.pids().replica ?? 0
  process.kill(pid, signal)
  await waitUntil('another process has taken its place', () => stack.pids().replica !== pid)
}

/** The results so far of the run whose indicators begin with `prefix`. */
async function resultsOf(prefix: string): Promise<{ indicator_id: string; prompt_version: string }[]> {
  const { rows } = await pool.query<{ indicator_id: string; prompt_version: string }>(
    `select indicator_id, prompt_version from run_results where starts_with(indicator_id, $1)`,
    [`${prefix}.`],
  )
  return rows
}

async function runThrough(prefix: string, next: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const first = model.asked.length
  const release = Promise.withResolvers<void>()
  free = first + ANSWERED
  held = release.promise
  const path = join(directory, `${prefix}.jsonl`)
  const lines = Array.from({ length: INDICATORS }, (_, index) => {
    return JSON.stringify({ indicator_id: `${prefix}.${index}`, name: `Zorbic attainment ${prefix} ${index}` })
  })
  await writeFile(path, lines.join('\n'))
  const args = [
    'classify',
    path,
    '--mode',
    'model',
    '--pack',
    String(PACK),
    '--batch-size',
    String(BATCH),
    '--trust',
    'shipped',
    '--json',
  ]
  const cli = startCli(args, { env: { ...stack.env } })
  let keptByFirst: readonly string[] = []
  try {
    // Some results of the first release are kept before the next takes over, and some questions of it are still open then.
    await waitUntil('the first release has results', async () => (await resultsOf(prefix)).length > 0)
    await waitUntil('the first release has open questions', () => model.asked.length - first > ANSWERED)
    keptByFirst = (await resultsOf(prefix)).map(({ indicator_id: id }) => id)
    const replacing = replaceReplica(next, signal)
    release.resolve()
    await replacing
  } finally {
    release.resolve()
  }
  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  const { classified } = JSON.parse(stdout) as RunReport
  assert.equal(classified, INDICATORS)

  const askedBy = new Map<string, Set<string>>()
  for (const { ids, system } of model.asked.slice(first)) {
    const by = releaseOf(system)
    assert.ok(by !== undefined)
    for (const id of ids) askedBy.set(id, (askedBy.get(id) ?? new Set()).add(by))
  }
  const rows = await resultsOf(prefix)
  assert.equal(rows.length, INDICATORS)
  const certain = rows.filter(({ indicator_id: id }) => askedBy.get(id)?.size === 1)
  for (const { indicator_id: id, prompt_version: version } of certain) {
    assert.deepEqual([...(askedBy.get(id) ?? [])], [version], id)
  }
  // What both were asked, because the first was killed before it could keep its answer, has one of the two.
  for (const { indicator_id: id, prompt_version: version } of rows) assert.ok(askedBy.get(id)?.has(version), id)
  const isCertain = new Set(certain.map(({ indicator_id: id }) => id))
  for (const id of keptByFirst) assert.ok(isCertain.has(id), `${id} was kept, and asked again`)
  // An answer is kept under a shape that names the prompt under which it was given.
  const kept = await pool.query<{ answers: number; mislabelled: number }>(
    `select count(*)::int as answers, (count(*) filter (where position(prompt_version in shape) = 0))::int as mislabelled
     from shape_answers`,
  )
  assert.ok((kept.rows[0]?.answers ?? 0) > 0)
  assert.equal(kept.rows[0]?.mislabelled, 0)
}

test('a replica that drains and one of the next release: each result names the prompt under which it was asked', async () => {
  await runThrough('D', 'p-two', 'SIGTERM')
})

test('a replica that is killed and one of the next release: the same', async () => {
  await runThrough('K', 'p-three', 'SIGKILL')
})
