/** The data directory of the embedded stack: made where it is missing, and claimed by one supervisor at a time. */
import { constants } from 'node:fs'
import { access, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { messageOf, ServiceError } from '../errors.ts'
import { isOurProcess } from './pids.ts'

/**
 * A pid in a claim counts as ours where the command line contains one of these parts: the first of an npm script, the
 * second of npx classify.
 */
const OUR_MARKS = ['src/cli/', '.bin/classify']

/**
 * Makes the directory `parts` below DATA_DIR and resolves with its absolute path. Rejects with `ServiceError`
 * config-invalid, which names the variable DATA_DIR, where this user may not write to the directory.
 */
export async function makeDataDir(dataDir: string, ...parts: readonly string[]): Promise<string> {
  const directory = join(resolve(dataDir), ...parts)
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 })
    await access(directory, constants.W_OK | constants.X_OK)
    return directory
  } catch (error) {
    throw unusable(dataDir, error)
  }
}

function unusable(dataDir: string, error: unknown): ServiceError {
  const allowed = 'it must be a directory that this user may write to'
  return new ServiceError('config-invalid', `DATA_DIR is "${dataDir}": ${allowed} (${messageOf(error)})`, {
    cause: error,
  })
}

/**
 * Claims `dataDir` for this process by a file with its pid; `release` removes the file. A claim of a process that is
 * gone is taken over. Rejects with `ServiceError` embedded-failed where another stack runs on `dataDir`.
 */
export async function claimDataDir(
  dataDir: string,
  say: (line: string) => void,
): Promise<{ release(): Promise<void> }> {
  const file = join(dataDir, 'supervisor.pid')
  // The second attempt follows the removal of a stale claim.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      return { release: () => rm(file, { force: true }) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
        throw unusable(dataDir, error)
      }
    }
    const pid = Number(await readFile(file, 'utf8').catch(() => ''))
    if (Number.isInteger(pid) && pid > 0 && pid !== process.pid && (await isOurProcess(pid, OUR_MARKS))) {
      throw new ServiceError(
        'embedded-failed',
        `A stack already runs on ${dataDir} (pid ${pid}): use it with "npm run classify -- FILE", stop it, or set DATA_DIR`,
      )
    }
    if (attempt === 0) say('The last start did not end cleanly; continuing with its data')
    await rm(file, { force: true })
  }
  throw new ServiceError('embedded-failed', `Another start is under way on ${dataDir}`)
}
