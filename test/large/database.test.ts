/** 100,000 rows of a database become labels in another table, through PgBouncer in transaction mode, with a kill -9 in the middle. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { runCli, startCli } from '../helpers/cli/cli.ts'
import { startUserDatabase, type UserDatabase } from '../helpers/database/outside-database.ts'
import { pgBouncerSkip } from '../helpers/database/postgres.ts'
import { startTestStack, type TestStack } from '../helpers/stack/stack.ts'
import { waitUntil } from '../helpers/wait.ts'

const ROWS = 100_000
const skip = await pgBouncerSkip()
const FOREVER = { patienceMs: 3_600_000, pollMs: 500 }

let stack: TestStack
let user: UserDatabase
let folder: string

before(async () => {
  if (skip !== false) return
  stack = await startTestStack({ RATE_RPM: '100000', OFFLINE_MODEL_LATENCY_MS: '20' })
  user = await startUserDatabase(stack, 'stats')
  folder = await mkdtemp(join(tmpdir(), 'classify-database-'))
  await user.pool.query(
    `create table series (id bigint primary key, series_name text, unit text, region text, weight float8)`,
  )
  await user.pool.query(
    `insert into series select n, (array['Imports of goods', 'Unemployment rate', 'Consumer prices', 'Bank deposits'])[1 + n % 4]
      || (array['', ', total', ', seasonally adjusted', ', annual'])[1 + n % 5 % 4], (array['USD million', '%', 'index'])[1 + n % 3],
      'R' || n, n / 8.0 from generate_series(1, $1::int) n`,
    [ROWS],
  )
})

after(async () => {
  await user?.stop()
  await stack?.stop()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

interface Counts {
  readonly rows: number
  readonly ids: number
  readonly right: number
  /** Changes with every write of a row. */
  readonly writers: string
}

async function counts(): Promise<Counts> {
  const { rows } = await user.pool.query<Counts>(
    `select count(*) as rows, count(distinct l.indicator_id) as ids,
       count(*) filter (where l.region = s.region and l.weight = s.weight and l.status is not null) as right,
       md5(string_agg(l.ctid::text || l.xmin::text || l.xmax::text, ',' order by l.indicator_id)) as writers
     from labels l join series s on s.id::text = l.indicator_id`,
  )
  const [found] = rows
  assert.ok(found !== undefined)
  return found
}

async function written(): Promise<number> {
  const { rows } = await user.pool.query<{ rows: number }>(
    `select coalesce((select n_live_tup from pg_stat_user_tables where relname = 'labels'), 0) as rows`,
  )
  return rows[0]?.rows ?? 0
}

test('counts are equal, a kill -9 loses and doubles nothing, and a second run asks and writes nothing', {
  skip,
}, async () => {
  const env = { ...stack.env }
  const options = { env, cwd: folder }
  const args = ['classify', '--from', user.url, '--table', 'series', '--map', 'name=series_name']
  const to = ['--to', user.url, '--table', 'labels', '--keep', 'region,weight', '--trust', 'shipped']
  const out = join(folder, 'labelled.parquet')
  const cli = startCli([...args, ...to, '--out', out], options)
  await cli.untilSaid(/To resume it/)
  const runId = /--resume (run-\S+)/.exec(cli.said())?.[1] ?? ''
  await waitUntil('a third of the rows is written', async () => (await written()) > ROWS / 3, FOREVER)
  cli.child.kill('SIGKILL')
  await cli.result
  assert.ok((await counts()).rows < ROWS, 'the run was killed in the middle')

  const resumed = await runCli(['classify', '--resume', runId, '--json'], {
    ...options,
    env: { ...env, PGPASSWORD: user.password },
  })
  assert.equal(resumed.code, 0, resumed.stderr)
  const first = await counts()
  assert.deepEqual([first.rows, first.ids, first.right], [ROWS, ROWS, ROWS])
  assert.equal(JSON.parse(resumed.stdout).out.rows, ROWS)
  assert.equal((await readFile(out)).subarray(0, 4).toString(), 'PAR1')

  const again = await runCli([...args, ...to, '--json'], options)
  assert.equal(again.code, 0, again.stderr)
  const report = JSON.parse(again.stdout)
  assert.deepEqual([report.unchanged, report.model_requests, report.to.rows_written], [ROWS, 0, 0])
  assert.deepEqual(await counts(), first)
})
