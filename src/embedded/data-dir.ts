/** The data directory of the embedded stack: made where it is missing, and claimed by one supervisor at a time. */
import { constants } from 'node:fs'
import { access, readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { messageOf, ServiceError } from '../errors.ts'
import { isOurProcess } from './pids.ts'
import { makePrivateFolder, tighten, tightenFolder, writePrivateFile } from './private-files.ts'

/**
 * A pid in a claim counts as ours where the command line contains one of these parts: the first of an npm script, the
 * second of npx classify.
 */
const OUR_MARKS = ['src/cli/', '.bin/classify']

/**
 * Makes the directory `parts` below DATA_DIR and resolves with its absolute path. Only its owner may enter DATA_DIR, unless it also
 * holds other things, and what is below it. Rejects with `ServiceError` config-invalid, which names the variable DATA_DIR, where this user may not write to the
 * directory.
 */
export async function makeDataDir(dataDir: string, ...parts: readonly string[]): Promise<string> {
  let directory = resolve(dataDir)
  try {
    const isShared = (await foreignEntries(directory).catch(() => [])).length > 0
    if (!isShared) await makePrivateFolder(directory)
    for (const part of parts) {
      directory = join(directory, part)
      await makePrivateFolder(directory)
    }
    await access(directory, constants.W_OK | constants.X_OK)
    return directory
  } catch (error) {
    throw unusable(dataDir, error)
  }
}

/**
 * Takes the rights of others from what an earlier release left in DATA_DIR, and warns of what they can still read. The caller must hold
 * the claim on `dataDir`.
 */
export async function tightenDataDir(dataDir: string, say: (line: string) => void): Promise<void> {
  const failed: string[] = []
  const others = await foreignEntries(dataDir)
  if (others.length === 0 && !(await makePrivateFolder(dataDir))) failed.push(dataDir)
  for (const name of [...OWN_FOLDERS, 'postgres', 'supervisor.pid', 'embedded.json']) {
    if (!(await tighten(join(dataDir, name)))) failed.push(join(dataDir, name))
  }
  for (const name of OWN_FOLDERS) failed.push(...(await tightenFolder(join(dataDir, name))))
  const [foreign] = others
  if (foreign !== undefined) {
    const advice = 'give DATA_DIR a folder of its own, which its owner alone may enter'
    say(`Warning: ${dataDir} also holds ${foreign}, so that its rights stay as they are: ${advice}`)
  }
  const [first] = failed
  if (first === undefined) return
  const more = failed.length === 1 ? '' : ` and ${failed.length - 1} more`
  say(`Warning: other users of this machine can read ${first}${more}: give it to this user alone (chmod -R go-rwx)`)
}

/** Folders in DATA_DIR whose files are of the stack and of commands alone. PostgreSQL looks after the rights of its own files. */
const OWN_FOLDERS = ['logs', 'pids', 'runs', 'restate', 'console'] as const
/** What this program makes in DATA_DIR, and what a disk of its own has at its root. */
const OWN_ENTRIES: ReadonlySet<string> = new Set([
  ...OWN_FOLDERS,
  ...['postgres', 'cluster', 'identity', 'restate.sockets', 'supervisor.pid', 'embedded.json', 'lost+found'],
])

/** What is in DATA_DIR and not of this program, as where somebody has set DATA_DIR to /srv, whose rights other programs need. */
async function foreignEntries(dataDir: string): Promise<string[]> {
  return (await readdir(dataDir)).filter((name) => !OWN_ENTRIES.has(name))
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
      await writePrivateFile(file, String(process.pid), 'wx')
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
