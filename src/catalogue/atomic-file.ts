/** Files that commands write by `--out`. */
import { open, rename, rm } from 'node:fs/promises'
import { messageOf, ServiceError } from '../errors.ts'

/**
 * Half a file must never look like a whole one, so it takes its name at the end. `write` is given what appends a text, and
 * its result is given back. Rejects with ServiceError input-invalid where `path` cannot be written.
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
