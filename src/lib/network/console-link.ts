/** The link that opens the console signed in. It is as secret as a password. */
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
