/** A PostgreSQL that was initialised and migrated once, of which every test file takes a copy: both take seconds of CPU time. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, appendFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { pino } from 'pino'
import { startPostgres } from '../../../src/embedded/postgres.ts'
import { findPostgresBinaries } from '../../../src/embedded/postgres-binaries.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { createPool } from '../../../src/store/pool.ts'
import { temporaryDirectory } from '../temporary-directory.ts'

/** The database in the copy that has all migrations and that nobody is connected to. */
export const MIGRATED = 'migrated'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
const CACHE = join(ROOT, 'node_modules/.cache')
const MIGRATIONS = join(ROOT, 'src/store/migrations')
/** What decides how a server is initialised, beside its program. */
const INITIALISATION = join(ROOT, 'src/embedded/postgres-cluster.ts')

/** Settings of the copies. Tests kill PostgreSQL and never the machine, which alone loses what is not on the disk yet. */
const SETTINGS = 'fsync = off\nfull_page_writes = off\n'

const KEPT = /^postgres-[0-9a-f]{16}$/

const silent = pino({ level: 'silent' })
const run = promisify(execFile)

/** Copies the server's data directory to `to`, with the password and the database of a first start; one that is there stays. */
export async function copyPostgres(to: string): Promise<void> {
  if (await exists(to)) return
  const kept = join(CACHE, `postgres-${await keyOf()}`)
  if (!(await exists(kept))) await makeTemplate(kept)
  await mkdir(dirname(to), { recursive: true, mode: 0o700 })
  await copy(kept, to)
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

/** The owner of the files stays, because PostgreSQL opens no others. */
async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-a', from, to])
}

async function keyOf(): Promise<string> {
  const hash = createHash('sha256')
  const entries = await readdir(MIGRATIONS, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  for (const file of [...files.sort(), INITIALISATION]) hash.update(await readFile(file))
  hash.update(SETTINGS)
  // The files belong to the user of the server, which is another one where the tests run as root.
  hash.update(`${(await findPostgresBinaries()).postgres} ${process.getuid?.()}`)
  return hash.digest('hex').slice(0, 16)
}

async function makeTemplate(kept: string): Promise<void> {
  const directory = await temporaryDirectory()
  try {
    const dataDir = join(directory, 'postgres')
    const server = await startPostgres({ dataDir, log: silent })
    try {
      const pool = createPool({ connectionString: server.url, log: silent })
      await migrate(pool, silent).finally(() => pool.end())
      const others = new URL(server.url)
      others.pathname = 'postgres'
      const administration = createPool({ connectionString: others.href, max: 1, log: silent })
      const clone = administration.query(`create database ${MIGRATED} template ${server.database}`)
      await clone.finally(() => administration.end())
    } finally {
      await server.stop()
    }
    await rm(join(dataDir, 'owner.pid'), { force: true })
    await appendFile(join(dataDir, 'cluster', 'postgresql.conf'), SETTINGS)
    await mkdir(CACHE, { recursive: true })
    // Those of other migrations take tens of megabytes each.
    const earlier = (await readdir(CACHE)).filter((name) => KEPT.test(name) && name !== basename(kept))
    for (const name of earlier) await rm(join(CACHE, name), { recursive: true, force: true })
    // Another test file may make it at the same time; one of the two stays.
    const draft = `${kept}.${process.pid}`
    await copy(dataDir, draft)
    await rename(draft, kept).catch(() => rm(draft, { recursive: true, force: true }))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
