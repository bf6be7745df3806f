/** A release with another prompt takes the place of the replica in the middle of a run: each result names the prompt that was asked. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { RunReport } from '../../src/cli/classify/run-report.ts'
import { createPool, type DatabasePool } from '../../src/store/pool.ts'
import { startCli } from '../helpers/cli.ts'
import { type ScriptedModel, startScriptedModel } from '../helpers/model.ts'
import { silent } from '../helpers/postgres.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitUntil } from '../helpers/wait.ts'

const INDICATORS = 60

let model: ScriptedModel
let stack: TestStack
let directory: string
let releaseFile: string
let pool: DatabasePool
/** The model holds back its answers until this resolves; undefined lets them through. */
let held: Promise<void> | undefined

/** The release that asked, by the prompt that the model got. */
const releaseOf = (system: string) => /^Release (\S+)\. /.exec(system)?.[1]

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'classify-rollout-'))
  releaseFile = join(directory, 'release')
  await writeFile(releaseFile, 'p-one')
  model = await startScriptedModel(() => (held === undefined ? {} : { after: held }))
  const helper = new URL('../helpers/prompt-release.mjs', import.meta.url).href
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

async function runThrough(prefix: string, next: string, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const first = model.asked.length
  const release = Promise.withResolvers<void>()
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
    '5',
    '--batch-size',
    '10',
    '--trust',
    'shipped',
    '--json',
  ]
  const cli = startCli(args, { env: { ...stack.env } })
  // Some answers of the first release come before the next takes over, and some questions of it are still open then.
  await waitUntil('the first release has answers', () => model.asked.length - first >= 4)
  held = release.promise
  await waitUntil('the first release has open questions', () => model.asked.length - first >= 6)
  const replacing = replaceReplica(next, signal)
  held = undefined
  release.resolve()
  await replacing
  const { code, stdout, stderr } = await cli.result
  assert.equal(code, 0, stderr)
  const { run_id: runId, classified } = JSON.parse(stdout) as RunReport
  assert.equal(classified, INDICATORS)

  const askedBy = new Map<string, Set<string>>()
  for (const { ids, system } of model.asked.slice(first)) {
    const by = releaseOf(system)
    assert.ok(by !== undefined)
    for (const id of ids) askedBy.set(id, (askedBy.get(id) ?? new Set()).add(by))
  }
  const { rows } = await pool.query<{ indicator_id: string; prompt_version: string }>(
    `select h.indicator_id, h.prompt_version from result_history h where h.run_id = $1`,
    [runId],
  )
  assert.equal(rows.length, INDICATORS)
  const certain = rows.filter(({ indicator_id: id }) => askedBy.get(id)?.size === 1)
  for (const { indicator_id: id, prompt_version: version } of certain) {
    assert.deepEqual([...(askedBy.get(id) ?? [])], [version], id)
  }
  // What both were asked, because the first was killed before it could keep its answer, has one of the two.
  for (const { indicator_id: id, prompt_version: version } of rows) assert.ok(askedBy.get(id)?.has(version), id)
  assert.ok(certain.length >= INDICATORS / 2)
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
