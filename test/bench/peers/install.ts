/** Installs the peers' npm packages, and Redis, where this machine lacks them: when they are asked for, and outside the repository. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { messageOf } from '../../../src/errors.ts'

const PACKAGES = fileURLToPath(new URL('./packages', import.meta.url))
const CACHE = join(homedir(), '.cache', 'classify-bench-peers')
/** Milliseconds that one call of a package manager may take. */
const INSTALL_TIMEOUT_MS = 180_000
/** Programs that speak the protocol of Redis, the first that is found being taken. */
const REDIS_PROGRAMS = ['redis-server', 'valkey-server']

const run = promisify(execFile)

interface InstallOptions {
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * Gives the directory whose node_modules has the peers in the versions and with the hashes of packages/package-lock.json. They
 * are installed without scripts of their own on first use, and again where the lock file has changed. Rejects with a sentence
 * that says what npm said.
 */
export async function installPackages({ say, signal }: InstallOptions): Promise<string> {
  const lock = await readFile(join(PACKAGES, 'package-lock.json'))
  const directory = join(CACHE, createHash('sha256').update(lock).digest('hex').slice(0, 16))
  if (existsSync(directory)) return directory
  say(`installing bullmq, pg-boss and graphile-worker into ${directory} …`)
  await mkdir(CACHE, { recursive: true })
  // Installed beside its place and then moved there, so that an install that was broken off never looks complete.
  const making = await mkdtemp(join(CACHE, 'making-'))
  try {
    for (const file of ['package.json', 'package-lock.json']) await copyFile(join(PACKAGES, file), join(making, file))
    const options = { cwd: making, signal, timeout: INSTALL_TIMEOUT_MS }
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], options)
    await rename(making, directory)
  } catch (error) {
    signal.throwIfAborted()
    throw new Error(`npm could not install the peers: ${messageOf(error)}`)
  } finally {
    await rm(making, { recursive: true, force: true })
  }
  return directory
}

/**
 * Gives the name of a Redis or Valkey server that this machine has, after an install by apt-get where it has none. Rejects with
 * a sentence that says what is missing.
 */
export async function installRedis({ say, signal }: InstallOptions): Promise<string> {
  const found = await findRedis()
  if (found !== undefined) return found
  const hint = 'install redis-server or valkey-server'
  if (process.getuid?.() !== 0) throw new Error(`this machine has no Redis, and apt-get needs root: ${hint}`)
  say('installing redis-server by apt-get …')
  // The run level keeps Debian from starting the server as a service of the machine.
  const env = { PATH: process.env['PATH'], DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' }
  const options = { env, signal, timeout: INSTALL_TIMEOUT_MS }
  const install = () => run('apt-get', ['install', '--yes', '--no-install-recommends', 'redis-server'], options)
  try {
    await install().catch(async () => {
      await run('apt-get', ['update'], options)
      await install()
    })
  } catch (error) {
    signal.throwIfAborted()
    throw new Error(`apt-get could not install redis-server, so ${hint}: ${messageOf(error).split('\n')[0]}`)
  }
  const installed = await findRedis()
  if (installed === undefined) throw new Error(`apt-get installed no redis-server on the PATH: ${hint}`)
  return installed
}

async function findRedis(): Promise<string | undefined> {
  for (const program of REDIS_PROGRAMS) {
    const isThere = await run(program, ['--version']).then(
      () => true,
      () => false,
    )
    if (isThere) return program
  }
  return undefined
}
