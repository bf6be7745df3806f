/** Backs up and restores the data of the embedded stack, which must not run meanwhile. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../config/config.ts'
import { claimDataDir, makeDataDir } from '../../embedded/data-dir.ts'
import { endLeftovers } from '../../embedded/leftovers.ts'
import { ServiceError } from '../../errors.ts'
import { say } from '../ui/terminal.ts'
import { checkBackup, dataOf, type Manifest, writeBackup } from './manifest.ts'
import { copyTree } from './tree.ts'

/**
 * What of DATA_DIR is data: the database, Restate's log and partitions, the signing key, the journals of runs, and of the console the
 * certificates and the files that resumed runs read again.
 */
const FOLDERS = ['postgres', 'restate', 'identity', 'runs', 'console'] as const

/** The file that names the process of a database that runs, or was killed. */
const isOfProcess = (name: string) => name === 'postmaster.pid'

/** Copies the data of the stack to `directory`. Rejects with ServiceError where the stack runs, or nothing is there. */
export async function backUpEmbedded(config: Config, directory: string, signal: AbortSignal): Promise<Manifest> {
  return await withClaim(config, async (dataDir) => {
    const present = await presentFolders(dataDir)
    if (!present.includes('restate'))
      throw new ServiceError('config-invalid', `DATA_DIR (${dataDir}) holds no data of a stack: nothing was backed up`)
    const copyAll = async (folder: string) => {
      for (const name of present)
        await copyTree(join(dataDir, name), join(folder, name), { signal, leavesOut: isOfProcess })
    }
    return await writeBackup(directory, 'embedded', copyAll, signal)
  })
}

/** Copies a backup into DATA_DIR, which must hold no data. */
export async function restoreEmbedded(config: Config, directory: string, signal: AbortSignal): Promise<Manifest> {
  return await withClaim(config, async (dataDir) => {
    const [present] = await presentFolders(dataDir)
    if (present !== undefined)
      throw new ServiceError(
        'config-invalid',
        `DATA_DIR (${dataDir}) holds ${present} already: set DATA_DIR to a new folder, or move the old data away`,
      )
    const manifest = await checkBackup(directory, 'embedded', signal)
    try {
      for (const name of await readdir(dataOf(directory)))
        await copyTree(join(dataOf(directory), name), join(dataDir, name), { signal })
      return manifest
    } catch (error) {
      // Half of the data would be taken for the whole of it at the next start.
      for (const name of FOLDERS) await rm(join(dataDir, name), { recursive: true, force: true })
      throw error
    }
  })
}

async function presentFolders(dataDir: string): Promise<string[]> {
  const names = new Set(await readdir(dataDir))
  return FOLDERS.filter((name) => names.has(name))
}

/** Runs `work` while no stack runs on DATA_DIR, and none can start. */
async function withClaim<T>(config: Config, work: (dataDir: string) => Promise<T>): Promise<T> {
  const dataDir = await makeDataDir(config.dataDir)
  const claim = await claimDataDir(dataDir, say)
  try {
    await endLeftovers(dataDir, say)
    return await work(dataDir)
  } finally {
    await claim.release()
  }
}
