/** How a database gets its schema: every migration once, in order, all or none. */
import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { pino } from 'pino'
import { migrate } from '../../../src/store/migrate.ts'
import { createPool } from '../../../src/store/pool.ts'
import { sharedPostgres, silent, type TestDatabase } from '../../helpers/database/postgres.ts'

const MIGRATIONS = new URL('../../../src/store/migrations/', import.meta.url)
const ALL_FILES = (await readdir(MIGRATIONS, { recursive: true })).filter((file) => file.endsWith('.sql'))
const ALL_NAMES = ALL_FILES.map((file) => basename(file)).sort()
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
    for (const [name, sql] of Object.entries(files)) {
      await mkdir(dirname(join(dir, name)), { recursive: true })
      await writeFile(join(dir, name), sql)
    }
    await use(pathToFileURL(`${dir}/`))
  } finally {
    await rm(dir, { recursive: true })
  }
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

  it('has each file in the folder of its twenty, and no number twice', () => {
    const numbers = ALL_FILES.map((file) => Number(basename(file).slice(0, 3)))
    assert.equal(new Set(numbers).size, numbers.length)
    const pad = (number: number) => String(number).padStart(3, '0')
    const roomOf = (number: number) => {
      const first = number - ((number - 1) % 20)
      return `${pad(first)}-${pad(first + 19)}`
    }
    assert.deepEqual(
      ALL_FILES.map((file) => dirname(file)),
      numbers.map(roomOf),
    )
  })

  it('applies files in the order of their numbers, whichever folder they stand in, and knows them by their names', () =>
    onEmpty(async ({ pool }) => {
      const first = { 'b/001_a.sql': 'create table a ()' }
      await withFiles(first, async (directory) => {
        assert.deepEqual(await migrate(pool, silent, directory), { applied: ['001_a.sql'] })
      })
      const moved = {
        '001-020/001_a.sql': 'create table a ()',
        '001-020/003_c.sql': 'alter table b add column c int',
        '000/002_b.sql': 'create table b ()',
      }
      await withFiles(moved, async (directory) => {
        assert.deepEqual(await migrate(pool, silent, directory), { applied: ['002_b.sql', '003_c.sql'] })
      })
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
})
