/** What a supervisor that was killed left running: found by the pids it wrote down, and ended before a new start. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { endProcess, isOurProcess } from './pids.ts'

/** A drain that takes longer is cut off: Restate runs its work again. */
const END_TIMEOUT_MS = 10_000

function pidsDir(dataDir: string): string {
  return join(dataDir, 'pids')
}

/** Writes down that `name` runs as `pid`. `mark` stands in its command line and tells it from a later owner of the pid. */
export async function recordProcess(dataDir: string, name: string, pid: number, mark: string): Promise<void> {
  await mkdir(pidsDir(dataDir), { recursive: true })
  await writeFile(join(pidsDir(dataDir), name), JSON.stringify({ pid, mark }))
}

/** Ends every recorded process that still runs. Call it only while holding the claim on `dataDir`. */
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

function parseRecord(text: string): { readonly pid: number; readonly mark: string } | undefined {
  try {
    const { pid, mark } = JSON.parse(text) as { pid?: unknown; mark?: unknown }
    return typeof pid === 'number' && pid > 0 && typeof mark === 'string' && mark !== '' ? { pid, mark } : undefined
  } catch {
    // Torn by the kill: nothing can be known from it.
    return undefined
  }
}
