/** Keeps the tokens of a file in memory, and reads the file again when it changes. */
import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { messageOf, ServiceError } from '../errors.ts'
import { parseTokens, type Tokens } from './tokens.ts'

/** The milliseconds between two looks at the file, by which a token that was taken out loses its rights. */
const RELOAD_MS = 2_000

export interface TokenFile {
  /** The tokens as they were read last. */
  current(): Tokens
  close(): void
}

/**
 * Reads the file. Rejects with `ServiceError` config-invalid where it cannot be read or is wrong. A later fault in the file
 * leaves the tokens as they were, and stands in the log once.
 */
export async function openTokenFile(file: string, log: Logger, reloadMs = RELOAD_MS): Promise<TokenFile> {
  let text = await readTokens(file)
  let tokens = parseTokens(text, file)
  let fault = ''
  const reload = async () => {
    try {
      const now = await readTokens(file)
      if (now !== text) {
        tokens = parseTokens(now, file)
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
