/** The data directory of the embedded PostgreSQL ("cluster" in PostgreSQL's words): its password and its initialisation. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { messageOf, ServiceError } from '../errors.ts'
import { findPostgresBinaries } from './postgres-binaries.ts'
import { buildCommandAs, chooseRunAs, giveToUser, type RunAs } from './postgres-user.ts'
import { makePrivateFolder, writePrivateFile } from './private-files.ts'

/** The superuser that initialisation makes and that owns everything in the cluster. */
export const CLUSTER_USER = 'classify'

export interface Cluster {
  /** PostgreSQL's PGDATA, an absolute path. */
  readonly directory: string
  readonly password: string
  readonly postgresBinary: string
  readonly runAs: RunAs
}

/** The beginning of the name of a cluster while it is initialised. A start removes such directories, because a killed initialisation left them. */
const UNFINISHED_PREFIX = 'cluster.new-'

/**
 * The whole environment of PostgreSQL's programs, so that neither this service's secrets nor the caller's PG* variables
 * reach them. LC_ALL keeps their messages in English, and PATH holds the program `unshare`.
 */
export const SERVER_ENV: Readonly<Record<string, string>> = {
  LC_ALL: 'C',
  TZ: 'UTC',
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
}

/**
 * Finds the cluster below `dataDir`, and initialises it on first use. `dataDir` then holds `cluster` (PGDATA) and
 * `password` (mode 0600). A directory beside `cluster` is initialised and then renamed, so that a killed initialisation
 * leaves no half cluster. Rejects with `ServiceError` embedded-failed.
 */
export async function prepareCluster(dataDir: string, log: Logger): Promise<Cluster> {
  const root = resolve(dataDir)
  const binaries = await findPostgresBinaries()
  await makeRoot(root)
  const runAs = await chooseRunAs([root, dirname(binaries.postgres)], dirname(root))
  await giveToUser(root, runAs)

  const directory = join(root, 'cluster')
  const passwordFile = join(root, 'password')
  const isInitialised = await exists(join(directory, 'PG_VERSION'))
  if (isInitialised && !(await exists(passwordFile))) {
    throw new ServiceError(
      'embedded-failed',
      `${passwordFile} is missing, without it the database in ${directory} cannot be opened: put it back, or remove ${root}`,
    )
  }
  const password = await readOrMakePassword(passwordFile, runAs)
  if (!isInitialised) await initialise(binaries.initdb, root, passwordFile, runAs, log)
  return { directory, password, postgresBinary: binaries.postgres, runAs }
}

async function makeRoot(root: string): Promise<void> {
  const parent = dirname(root)
  // A folder that is there already keeps its mode, because it may hold other things.
  await mkdir(parent, { recursive: true, mode: 0o700 }).catch(failAt(`make the directory ${parent}`))
  await makePrivateFolder(root).catch(failAt(`make the directory ${root}`))
}

async function initialise(
  initdb: string,
  root: string,
  passwordFile: string,
  runAs: RunAs,
  log: Logger,
): Promise<void> {
  for (const name of await readdir(root)) {
    if (name.startsWith(UNFINISHED_PREFIX)) await rm(join(root, name), { recursive: true, force: true })
  }
  const unfinished = join(root, `${UNFINISHED_PREFIX}${process.pid}`)
  const startedAt = performance.now()
  await runInitdb(initdb, unfinished, passwordFile, root, runAs)
  const directory = join(root, 'cluster')
  await rename(unfinished, directory)
  log.info({ directory, ms: Math.round(performance.now() - startedAt) }, 'PostgreSQL initialised')
}

function runInitdb(initdb: string, directory: string, passwordFile: string, cwd: string, runAs: RunAs): Promise<void> {
  const args = [
    `--pgdata=${directory}`,
    `--username=${CLUSTER_USER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's builtin C.UTF-8 sorts the same on every machine, whatever locales the machine has.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
  ]
  const { promise, resolve: done, reject } = Promise.withResolvers<void>()
  const command = buildCommandAs(runAs, initdb, args)
  const child = spawn(command.file, command.args, {
    cwd,
    env: SERVER_ENV,
    stdio: ['ignore', 'ignore', 'pipe'],
    ...command.ids,
  })
  let output = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-2_000)
  })
  child.on('error', (error) => reject(failure(`run ${initdb}`, error)))
  child.on('close', (code, signal) => {
    if (code === 0) return done()
    const said = `initdb ended with ${signal ?? code}: ${output.trim()}`
    reject(new ServiceError('embedded-failed', said.split('\n')))
  })
  return promise
}

/**
 * Reads the password, or makes one by writing a draft that is then renamed: half a password would lock the service out
 * of the cluster.
 */
async function readOrMakePassword(file: string, runAs: RunAs): Promise<string> {
  if (!(await exists(file))) {
    const draft = `${file}.new`
    await rm(draft, { force: true })
    await writePrivateFile(draft, randomBytes(24).toString('base64url'), 'wx').catch(failAt(`write ${draft}`))
    if (runAs.kind === 'user') await chown(draft, runAs.uid, runAs.gid)
    await rename(draft, file)
  }
  return (await readFile(file, 'utf8').catch(failAt(`read ${file}`))).trim()
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw failure(`look at ${path}`, error)
  }
}

function failure(action: string, error: unknown): ServiceError {
  return new ServiceError('embedded-failed', `Cannot ${action}: ${messageOf(error)}`, { cause: error })
}

/** A handler for `catch` that rethrows as `ServiceError` embedded-failed, with the action that failed. */
function failAt(action: string): (error: unknown) => never {
  return (error) => {
    throw failure(action, error)
  }
}
