/** Chooses the catalogue that `all-in-one` classifies: the named file, the indicators in the database, or the sample. */
import { createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Config } from '../../config/config.ts'
import { readConnectionUrl } from '../../config/database-connection.ts'
import { openDatabase } from '../../database-resources.ts'
import { DEFAULT_CATALOGUE } from '../../restate/contract.ts'
import type { Store } from '../../store/types.ts'
import { SAMPLE_FILE } from '../start/demo.ts'
import { createCliLog } from '../ui/log.ts'
import { withoutUrlCredentials } from '../ui/process-title.ts'
import { formatCount } from '../ui/terminal.ts'
import { newCataloguePath } from './catalogue-copy.ts'
import type { Compose } from './compose.ts'
import { readDatabaseUrl } from './secrets.ts'
import type { Cluster } from './up.ts'

export interface CatalogueSource {
  /** The path of the catalogue, or "-" for standard input. */
  readonly file: string
  /** The name of the catalogue; undefined where the file gives it. */
  readonly name?: string
  /** A description of the catalogue for people. */
  readonly description: string
}

export interface ClusterAccess {
  readonly compose: Compose
  readonly cluster: Cluster
  readonly config: Config
  readonly signal: AbortSignal
}

/**
 * Chooses `file` where the user named one. Otherwise writes the indicators that the cluster's database has in the catalogue
 * `name` to a file, or chooses the sample catalogue where there are none or the database cannot be reached from this machine.
 */
export async function findCatalogue(
  { file, name = DEFAULT_CATALOGUE }: { readonly file: string | undefined; readonly name?: string | undefined },
  { compose, cluster, config, signal }: ClusterAccess,
): Promise<CatalogueSource> {
  if (file !== undefined) return { file, description: file === '-' ? 'standard input' : withoutUrlCredentials(file) }
  const url = await readDatabaseUrl(compose, cluster.containers, config, signal)
  if (url === undefined) {
    return { file: SAMPLE_FILE, description: 'the sample catalogue, because PgBouncer has no published port' }
  }
  const log = createCliLog(config)
  const database = openDatabase(readConnectionUrl(url), { poolSize: 1, applicationName: 'classify-cli', log })
  try {
    const path = await newCataloguePath(config.dataDir)
    const count = await writeIndicators(database.store, { name, path }, signal)
    if (count === 0) {
      await rm(path, { force: true })
      return {
        file: SAMPLE_FILE,
        description: `the sample catalogue, because the database has no indicators in the catalogue ${name}`,
      }
    }
    const description = `the ${formatCount(count)} indicators of the catalogue ${name} in the database`
    return { file: path, name, description }
  } finally {
    await database.close()
  }
}

/** Writes the indicators of a catalogue of the database to `path` as JSON lines, and resolves with their number. */
async function writeIndicators(
  store: Store,
  { name, path }: { readonly name: string; readonly path: string },
  signal: AbortSignal,
): Promise<number> {
  let count = 0
  async function* lines() {
    for await (const page of store.exportIndicators({ catalogue: name })) {
      count += page.length
      yield page.map((indicator) => `${JSON.stringify(indicator)}\n`).join('')
    }
  }
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  try {
    await pipeline(Readable.from(lines()), file, { signal })
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
  return count
}
