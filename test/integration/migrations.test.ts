/** How a database gets its schema, and that a newer schema still reads what an older release saved. */
import assert from 'node:assert/strict'
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { pino } from 'pino'
import { migrate } from '../../src/store/migrate.ts'
import { createPool } from '../../src/store/pool.ts'
import { createStore } from '../../src/store/store.ts'
import { answer, classification, totals } from '../helpers/batches.ts'
import { sharedPostgres, silent, type TestDatabase } from '../helpers/postgres.ts'

const MIGRATIONS = new URL('../../src/store/migrations/', import.meta.url)
const ALL_NAMES = (await readdir(MIGRATIONS)).sort()
const postgres = sharedPostgres()

async function onEmpty(use: (database: TestDatabase) => Promise<void>): Promise<void> {
  const database = await postgres.fresh({ empty: true })
  try {
    await use(database)
  } finally {
    await database.drop()
  }
}

async function withFiles(
  files: Readonly<Record<string, string>>,
  use: (directory: URL) => Promise<void>,
): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'classify-migrations-'))
  try {
    for (const [name, sql] of Object.entries(files)) await writeFile(join(dir, name), sql)
    await use(pathToFileURL(`${dir}/`))
  } finally {
    await rm(dir, { recursive: true })
  }
}

async function allOf<Row>(pages: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = []
  for await (const page of pages) rows.push(...page)
  return rows
}

describe('migrate', () => {
  it('applies everything once when five replicas start at once', () =>
    onEmpty(async ({ url, pool }) => {
      const replicas = Array.from({ length: 5 }, () => createPool({ connectionString: url, log: silent }))
      try {
        const done = await Promise.all(replicas.map((replica) => migrate(replica, silent)))
        assert.deepEqual(done.flatMap(({ applied }) => applied).sort(), ALL_NAMES)
      } finally {
        await Promise.all(replicas.map((replica) => replica.end()))
      }
      assert.deepEqual(await migrate(pool, silent), { applied: [] })
      const { rows } = await pool.query('select name from schema_migrations order by name')
      assert.deepEqual(
        rows,
        ALL_NAMES.map((name) => ({ name })),
      )
    }))

  it('names the file that was changed after it had been applied', () =>
    onEmpty(async ({ pool }) => {
      await withFiles({ '001_a.sql': 'create table a ()' }, (directory) =>
        migrate(pool, silent, directory).then(() => {}),
      )
      await withFiles(
        { '001_a.sql': 'create table a (b int)', '002_b.sql': 'create table b ()' },
        async (directory) => {
          await assert.rejects(migrate(pool, silent, directory), {
            code: 'database-failed',
            message: /001_a\.sql was changed/,
          })
        },
      )
      const { rows } = await pool.query(`select to_regclass('b') as b`)
      assert.deepEqual(rows, [{ b: null }])
    }))

  it('takes line ends of another system for the same file', () =>
    onEmpty(async ({ pool }) => {
      for (const sql of ['create table a (\n)\n', 'create table a (\r\n)\r\n']) {
        await withFiles({ '001_a.sql': sql }, (directory) => migrate(pool, silent, directory).then(() => {}))
      }
    }))

  it('leaves a database alone that is newer than the code, and says so', () =>
    onEmpty(async ({ pool }) => {
      await migrate(pool, silent)
      await pool.query(`insert into schema_migrations (name, checksum) values ('999_later.sql', 'x')`)
      const lines: string[] = []
      const log = pino({ level: 'info' }, { write: (line) => lines.push(line) })
      assert.deepEqual(await migrate(pool, log), { applied: [] })
      assert.match(lines.join(''), /999_later\.sql.*newer than this code/)
    }))

  it('applies nothing at all when one file fails, and names that file', () =>
    onEmpty(async ({ pool }) => {
      const files = { '001_a.sql': 'create table a ()', '002_b.sql': 'create table b (c no_such_type)' }
      await withFiles(files, async (directory) => {
        await assert.rejects(migrate(pool, silent, directory), {
          code: 'database-failed',
          message: /002_b\.sql: SQLSTATE 42704/,
        })
      })
      const { rows } = await pool.query(`select to_regclass('a') as a, to_regclass('schema_migrations') as b`)
      assert.deepEqual(rows, [{ a: null, b: null }])
    }))

  it('needs no right to create tables where nothing is missing', () =>
    onEmpty(async ({ pool, url }) => {
      await migrate(pool, silent)
      const role = `reader_${new URL(url).pathname.slice(-12)}`
      await pool.query(`create role ${role} login password 'x'`)
      await pool.query(`grant select on schema_migrations to ${role}`)
      const { hostname, port, pathname } = new URL(url)
      const address = { host: hostname, port: Number(port), user: role, password: 'x', database: pathname.slice(1) }
      const limited = createPool({ ...address, log: silent })
      try {
        assert.deepEqual(await migrate(limited, silent), { applied: [] })
      } finally {
        await limited.end()
        await pool.query(`drop owned by ${role}`)
        await pool.query(`drop role ${role}`)
      }
    }))

  it('ignores files that are not migrations', () =>
    onEmpty(async ({ pool }) => {
      await withFiles(
        { 'README.md': 'no sql', '001_a.sql~': 'no sql', '001_a.sql': 'create table a ()' },
        async (directory) => {
          await copyFile(new URL('README.md', directory), new URL('notes.sql', directory))
          assert.deepEqual(await migrate(pool, silent, directory), { applied: ['001_a.sql'] })
        },
      )
    }))

  it('reads what the release before this schema saved, and lets that release save on', () =>
    onEmpty(async ({ pool }) => {
      const earlier = ALL_NAMES.filter((name) => name < '006')
      const files = await Promise.all(earlier.map((name) => readFile(new URL(name, MIGRATIONS), 'utf8')))
      await withFiles(Object.fromEntries(earlier.map((name, index) => [name, files[index] ?? ''])), (directory) =>
        migrate(pool, silent, directory).then(() => {}),
      )
      // As commit d053d5d wrote a batch: the columns that it named, and no others.
      const labels = `'price', 'price-value', 'period-average', 'per-period', 'neutral', 'currency', 1000000, 'EUR', 'barrel',
        'monthly', 'year-to-date', 4, 0.87, 'model', 'needs-review',
        '[{"code":"low-confidence","message":"The model was not sure."}]', 'It says price.', 'offline-rules', 'v1', 'p7'`
      const names = `type, family, temporal_aggregation, time_basis, orientation, unit_kind, unit_scale, unit_currency, unit_per,
        frequency, cumulative_pattern, cumulative_reset_month, confidence, source, status, issues, reason, model,
        codebook_version, prompt_version, run_id, classified_at, input_hash, mode, asked_model, unanswered`
      const rest = `'run-1', '2026-01-02T03:04:05.678Z', 'hash', 'hybrid', 'gpt-6-luna', false`
      const saveAnswer = (hash: string) =>
        pool.query(
          `insert into answers (shape_hash, shape, type, temporal_aggregation, orientation, confidence_type,
             confidence_temporal_aggregation, confidence_orientation, reason, source, model, codebook_version,
             prompt_version, answered_at)
           values ($1, 'shape of ' || $1, 'price', 'period-average', 'neutral', 0.9, 0.8, 0.7, 'It says price.', 'model',
             'offline-rules', 'v1', 'p7', '2026-01-02T03:04:05.678Z')`,
          [hash],
        )
      await pool.query(`insert into runs values ('run-1', '2026-01-02T03:00:00.000Z')`)
      await pool.query(`insert into indicators
        values ('a', 'Name of a', '{"indicator_id":"a","name":"Name of a"}', 'hash', 'run-1', '2026-01-02T03:04:05.678Z')`)
      await pool.query(
        `insert into classifications (indicator_id, name, ${names}) values ('a', 'Name of a', ${labels}, ${rest})`,
      )
      await pool.query(`insert into classification_history (run_started_at, indicator_id, name, ${names})
        values ('2026-01-02T03:00:00.000Z', 'a', 'Name of a', ${labels}, ${rest})`)
      await pool.query(
        `insert into run_batches values ('run-1', 'inv_1', now(), 1, 1, 0, 1, 1, 2, 3, 4, 5, 6, 7000, 800, 90, 0.1)`,
      )
      await saveAnswer('before')

      assert.deepEqual((await migrate(pool, silent)).applied, ALL_NAMES.slice(earlier.length))
      await saveAnswer('after')
      const store = createStore(pool)
      const saved = classification('a')
      assert.deepEqual((await store.findLatest(['a'])).get('a')?.classification, saved)
      assert.deepEqual(await allOf(store.exportClassifications({})), [saved])
      assert.deepEqual(await allOf(store.exportClassifications({ runId: 'run-1' })), [saved])
      const [open, ...more] = await allOf(store.listNeedingReview({ codebookVersion: 'v1' }))
      assert.deepEqual(more, [])
      assert.deepEqual(open?.indicator, { indicator_id: 'a', name: 'Name of a' })
      assert.deepEqual(open?.latest.classification, saved)
      const run = await store.findRun('run-1')
      assert.deepEqual({ ...run, ...totals(1) }, run)
      assert.equal(run?.startedAt, '2026-01-02T03:00:00.000Z')
      const answers = await store.findAnswers(['before', 'after'])
      assert.deepEqual([...answers.values()], [answer('before'), answer('after')])
    }))
})
