/** Processes that a killed supervisor left running: each was recorded on disk, and the next start ends them first. */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isRecord, parseJson } from '../lib/json/json.ts'
import { endProcess, isOurProcess } from './pids.ts'
import { makePrivateFolder, writePrivateFile } from './private-files.ts'

/**
 * A leftover process gets this many milliseconds to end by SIGTERM. Restate runs the work again that a longer drain
 * would have finished.
 */
const END_TIMEOUT_MS = 10_000

function pidsDir(dataDir: string): string {
  return join(dataDir, 'pids')
}

/**
 * Records on disk that the process `name` runs as `pid`. `mark` is a part of its command line, so that a later program
 * with the same pid is not taken for it.
 */
export async function recordProcess(dataDir: string, name: string, pid: number, mark: string): Promise<void> {
  await makePrivateFolder(pidsDir(dataDir))
  await writePrivateFile(join(pidsDir(dataDir), name), JSON.stringify({ pid, mark }))
}

/** The pid of the process `name` of a stack that runs on `dataDir`; undefined where none was recorded, or it runs no more. */
export async function findProcess(dataDir: string, name: string): Promise<number | undefined> {
  const record = parseRecord(await readFile(join(pidsDir(dataDir), name), 'utf8').catch(() => ''))
  return record !== undefined && (await isOurProcess(record.pid, [record.mark])) ? record.pid : undefined
}

/** Ends every recorded process that still runs. The caller must hold the claim on `dataDir`. */
export async function endLeftovers(dataDir: string, say: (line: string) => void): Promise<void> {
  const names = await readdir(pidsDir(dataDir)).catch(() => [])
  const ending = names.map(async (name) => {
    const file = join(pidsDir(dataDir), name)
    const record = parseRecord(await readFile(file, 'utf8').catch(() => ''))
    if (record !== undefined && (await isOurProcess(record.pid, [record.mark]))) {
      say(`Stopping the ${name} of an earlier start (pid ${record.pid})`)
      await endProcess(record.pid, END_TIMEOUT_MS)
    }
    await rm(file, { force: true })
  })
  await Promise.all(ending)
}

/** Parses the record of a process; undefined for one that was half written when the supervisor was killed. */
function parseRecord(text: string): { readonly pid: number; readonly mark: string } | undefined {
  const record = parseJson(text)
  if (!isRecord(record)) return undefined
  const { pid, mark } = record
  return typeof pid === 'number' && pid > 0 && typeof mark === 'string' && mark !== '' ? { pid, mark } : undefined
}
