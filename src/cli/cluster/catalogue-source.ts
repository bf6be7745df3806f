/** What `all-in-one` classifies where no file is named. */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Config } from '../../config/config.ts'
import { makeDataDir } from '../../embedded/data-dir.ts'
import { openDatabase } from '../../resources.ts'
import type { Store } from '../../store/types.ts'
import { createRunId } from '../classify/run-id.ts'
import { SAMPLE_FILE } from '../start/demo.ts'
import { createCliLog, formatCount } from '../ui/terminal.ts'
import { hostUrl } from './containers.ts'
import type { Cluster } from './up.ts'

export interface Source {
  readonly file: string
  /** For people: what it is and why. */
  readonly what: string
  /** Once the run is complete: what was written for it is not needed any more. */
  remove(): Promise<void>
}

/** The file that was named; else the indicators that the database knows, written to a file; else the shipped sample. */
export async function findSource(
  file: string | undefined,
  cluster: Cluster,
  config: Config,
  signal: AbortSignal,
): Promise<Source> {
  const remove = async () => undefined
  if (file !== undefined) return { file, what: file === '-' ? 'standard input' : file, remove }
  const pool = hostUrl(cluster.containers, 'pgbouncer', 6432)
  const port = pool === undefined ? undefined : Number(new URL(pool).port)
  const sample = { file: SAMPLE_FILE, remove }
  if (port === undefined) return { ...sample, what: 'the shipped sample, since PgBouncer is not published' }
  const connection = { host: '127.0.0.1', port, ...config.cluster.database }
  const log = createCliLog(config)
  const database = openDatabase(connection, { poolSize: 1, applicationName: 'classify-cli', log })
  try {
    // A new name each time: a run that is cut off is resumed from its own.
    const path = join(await makeDataDir(config.dataDir, 'cluster'), `indicators-${createRunId('run')}.jsonl`)
    const count = await writeIndicators(database.store, path, signal)
    if (count === 0) {
      await rm(path, { force: true })
      return { ...sample, what: 'the shipped sample, since the table "indicators" is empty' }
    }
    const what = `the ${formatCount(count)} indicators of the table "indicators"`
    return { file: path, what, remove: () => rm(path, { force: true }) }
  } finally {
    await database.close()
  }
}

/** As JSON lines. Resolves with the count. */
async function writeIndicators(store: Store, path: string, signal: AbortSignal): Promise<number> {
  let count = 0
  async function* lines() {
    for await (const page of store.exportIndicators({})) {
      count += page.length
      yield page.map((indicator) => `${JSON.stringify(indicator)}\n`).join('')
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path, { flags: 'wx', mode: 0o600 }), { signal })
  return count
}
