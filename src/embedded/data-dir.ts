/** One supervisor for one data directory. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ServiceError } from '../errors.ts'
import { isOurProcess } from './pids.ts'

/** Words that stand in the command line of whoever may hold a claim: the CLI. */
const OUR_MARK = 'src/cli/main.ts'

/** Rejects with embedded-failed where another stack runs on `dataDir`. A claim whose process is gone is taken over. */
export async function claimDataDir(
  dataDir: string,
  say: (line: string) => void,
): Promise<{ release(): Promise<void> }> {
  const file = join(dataDir, 'supervisor.pid')
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' })
      return { release: () => rm(file, { force: true }) }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) {
        const reason = error instanceof Error ? error.message : String(error)
        throw new ServiceError('embedded-failed', `DATA_DIR is not writable: ${reason}`, { cause: error })
      }
    }
    const pid = Number(await readFile(file, 'utf8').catch(() => ''))
    if (Number.isInteger(pid) && pid > 0 && pid !== process.pid && isOurProcess(pid, OUR_MARK)) {
      throw new ServiceError(
        'embedded-failed',
        `The stack runs already on ${dataDir} (pid ${pid}): use it with "npm run classify -- FILE", stop it, or set DATA_DIR`,
      )
    }
    if (attempt === 0) say('The last start did not end in peace; going on from its data')
    await rm(file, { force: true })
  }
  throw new ServiceError('embedded-failed', `Another start is under way on ${dataDir}`)
}
