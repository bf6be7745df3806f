/** Reads the public keys of the Restate clusters whose signed requests a replica accepts. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, ServiceError } from '../errors.ts'

const KEY = /^publickeyv1_[1-9A-HJ-NP-Za-km-z]{20,80}$/

/**
 * Reads the configured `keys` and those in the `.pub` files of `directory`, one key a line. Without any key the replica
 * accepts every caller. Rejects with ServiceError config-invalid where the directory cannot be read or a file holds
 * something other than keys, because a replica that should refuse strangers must not start open to them.
 */
export async function readIdentityKeys(keys: readonly string[], directory: string | undefined): Promise<string[]> {
  if (directory === undefined) return [...keys]
  const refuse = (why: string, cause?: unknown) =>
    new ServiceError('config-invalid', `RESTATE_IDENTITY_KEYS_DIR is "${directory}": ${why}`, { cause })
  const names = await readdir(directory).catch((error: unknown) => {
    throw refuse(`it must be a directory that can be read (${messageOf(error)})`, error)
  })
  const found = new Set(keys)
  for (const name of names.filter((one) => one.endsWith('.pub')).sort()) {
    const text = await readFile(join(directory, name), 'utf8').catch((error: unknown) => {
      throw refuse(`${name} cannot be read (${messageOf(error)})`, error)
    })
    const lines = text.split('\n').map((line) => line.trim())
    const wrong = lines.findIndex((line) => line !== '' && !KEY.test(line))
    if (wrong >= 0) throw refuse(`line ${wrong + 1} of ${name} is no public key (publickeyv1_…)`)
    const listed = lines.filter((line) => line !== '')
    if (listed.length === 0) throw refuse(`${name} is empty; remove it, or give it a public key (publickeyv1_…)`)
    for (const line of listed) found.add(line)
  }
  return [...found]
}
