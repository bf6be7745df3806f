/** How the console is started, and the link that opens it signed in, which is as secret as a password. */
import { randomBytes } from 'node:crypto'

const TOKEN_BYTES = 32

/** A token that nobody can guess. */
export function createToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

/** The address of the console; with its own token, where it has one, it opens signed in. */
export function consoleLink(url: string, token: string | undefined): string {
  const base = url.replace(/\/$/, '')
  return token === undefined ? base : `${base}/sign-in?token=${token}`
}

/** Options of Node.js for the process: it serves few at once, so that memory counts more than speed. */
export const CONSOLE_NODE_OPTIONS = [
  ...['--max-semi-space-size=1', '--optimize-for-size', '--max-old-space-size=384'],
  // The stripping of types is called experimental; a test holds the console to the Node.js of this release.
  '--disable-warning=ExperimentalWarning',
] as const
