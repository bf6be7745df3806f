/** Loads `.env` of the working directory into this process, or says which of its lines cannot be read. */
import { readFileSync } from 'node:fs'
import { messageOf, ServiceError } from '../errors.ts'
import { parseDotEnv } from './dot-env.ts'
import { addFromDotEnv } from './environment.ts'

/**
 * Adds the variables of `.env` to this process; a variable that is set already keeps its value. A missing file is no error.
 * Throws `ServiceError` config-invalid where the file cannot be read, or Docker Compose would read it differently.
 */
export function loadDotEnv(file = '.env'): void {
  const text = readText(file)
  if (text === undefined) return
  const { values, problems } = parseDotEnv(text)
  if (problems.length > 0) {
    throw new ServiceError('config-invalid', [`${file} cannot be read:`, ...problems.map((problem) => `  ${problem}`)])
  }
  addFromDotEnv(values)
}

function readText(file: string): string | undefined {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw new ServiceError('config-invalid', `${file} cannot be read: ${messageOf(error)}`, { cause: error })
  }
  try {
    // The mark at the beginning is left in, because the parser knows of it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    const isUtf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)
    const kind = isUtf16 ? 'it is UTF-16, as PowerShell writes it' : 'it is no UTF-8 text'
    throw new ServiceError('config-invalid', `${file} cannot be read: ${kind}. Save it as UTF-8`, { cause: error })
  }
}
