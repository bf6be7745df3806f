/** Writes the files that commands create with `--out`, whole or not at all. */
import { open, rename, rm } from 'node:fs/promises'
import { messageOf, ServiceError } from '../errors.ts'

/**
 * Writes a file under a temporary name and renames it to `path` once it is complete. The callback `write` gets a function
 * that appends text, and the result of `write` is returned. Rejects with ServiceError `input-invalid` where `path` cannot be
 * written.
 */
export async function writeFileAtomically<T>(
  path: string,
  write: (append: (text: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const partial = `${path}.partial-${process.pid}`
  const refuse = (error: unknown): never => {
    throw new ServiceError('input-invalid', `--out ${path} cannot be written: ${messageOf(error)}`, { cause: error })
  }
  const file = await open(partial, 'w').catch(refuse)
  try {
    const result = await write((text) => file.appendFile(text).catch(refuse))
    await file.close()
    await rename(partial, path).catch(refuse)
    return result
  } catch (error) {
    await file.close()
    await rm(partial, { force: true })
    throw error
  }
}
