/** Keeps the tokens of a file in memory, and reads the file again when it changes. */
import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { messageOf, ServiceError } from '../errors.ts'
import { parseTokens, TOKEN_FORM, type Tokens } from './tokens.ts'

/** The milliseconds between two looks at the file, by which a token that was taken out loses its rights. */
const RELOAD_MS = 2_000

export interface TokenFile {
  /** The tokens as they were read last. */
  current(): Tokens
  close(): void
}

/**
 * Reads the file. Rejects with `ServiceError` config-invalid where it cannot be read, is wrong or names nobody, which at the start
 * is a mistake. A later fault in the file leaves the tokens as they were, and stands in the log once; a file that names nobody any
 * more lets nobody in from the second look on.
 */
export async function openTokenFile(file: string, log: Logger, reloadMs = RELOAD_MS): Promise<TokenFile> {
  let text = await readTokens(file)
  let tokens = parseTokens(text, file)
  if (tokens.size === 0)
    throw new ServiceError('config-invalid', `${file} names no token: each line must be ${TOKEN_FORM}`)
  let fault = ''
  /** Whether the last look found nobody in the file, which an editor may be in the middle of writing. */
  let wasEmpty = false
  const reload = async () => {
    try {
      const now = await readTokens(file)
      if (now !== text) {
        const read = parseTokens(now, file)
        const isWritten = read.size > 0 || wasEmpty
        wasEmpty = read.size === 0
        if (!isWritten) return
        tokens = read
        text = now
        log.info({ callers: tokens.size }, 'The tokens were read again')
      }
      fault = ''
    } catch (error) {
      if (messageOf(error) !== fault) log.error({ reason: messageOf(error) }, 'The tokens stay as they were')
      fault = messageOf(error)
    }
  }
  const timer = setInterval(() => void reload(), reloadMs)
  timer.unref()
  return { current: () => tokens, close: () => clearInterval(timer) }
}

async function readTokens(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const message = `API_TOKENS_FILE ${file} cannot be read: ${messageOf(error)}`
    throw new ServiceError('config-invalid', message, { cause: error })
  }
}
