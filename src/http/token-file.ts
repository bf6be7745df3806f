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
  const watched = watchTokens(await readTokens(file), file)
  if (watched.current().size === 0)
    throw new ServiceError('config-invalid', `${file} names no token: each line must be ${TOKEN_FORM}`)
  let fault = ''
  const reload = async () => {
    try {
      const now = await readTokens(file).catch((error: unknown) => {
        watched.see(null)
        throw error
      })
      if (watched.see(now)) log.info({ callers: watched.current().size }, 'The tokens were read again')
      fault = ''
    } catch (error) {
      if (messageOf(error) !== fault) log.error({ reason: messageOf(error) }, 'The tokens stay as they were')
      fault = messageOf(error)
    }
  }
  const timer = setInterval(() => void reload(), reloadMs)
  timer.unref()
  return { current: watched.current, close: () => clearInterval(timer) }
}

export interface WatchedTokens {
  current(): Tokens
  /**
   * Takes in what a look at the file found, null where it could not be read. Returns whether the tokens are others now, and throws
   * `ServiceError` config-invalid where the text is wrong.
   */
  see(text: string | null): boolean
}

/** The tokens of a file from look to look. Throws like `parseTokens`. */
export function watchTokens(first: string, file: string): WatchedTokens {
  let text = first
  let tokens = parseTokens(text, file)
  /** Whether the look before found nobody in the file, which an editor may be in the middle of writing. */
  let wasEmpty = false
  return {
    current: () => tokens,
    see: (now) => {
      const isSecondTime = wasEmpty
      wasEmpty = false
      if (now === null || now === text) return false
      const read = parseTokens(now, file)
      wasEmpty = read.size === 0
      if (wasEmpty && !isSecondTime) return false
      text = now
      tokens = read
      return true
    },
  }
}

async function readTokens(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const message = `API_TOKENS_FILE ${file} cannot be read: ${messageOf(error)}`
    throw new ServiceError('config-invalid', message, { cause: error })
  }
}
