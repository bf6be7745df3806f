/** Who may look at the console: the tokens that open it, and the sessions that they opened, which a signed cookie carries. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { userInfo } from 'node:os'
import type { Logger } from 'pino'
import { oneLine } from '../classification/clean-text.ts'
import { openTokenFile } from '../http/token-file.ts'
import { type Caller, RIGHTS, type Right } from '../http/tokens.ts'
import { sha256 } from '../lib/sha256.ts'

/** A person whose session is open. */
export interface Visitor {
  readonly name: string
  readonly rights: ReadonlySet<Right>
  /** SHA-256 of the token that opened the session, by which the session ends with its token. */
  readonly tokenHash: string
  /** Whether the person may choose the name under which decisions are stored, because many share one token. */
  readonly mayRename: boolean
}

export interface Access {
  /** The visitor whom a token lets in; undefined for a token that nobody has. */
  admit(token: string): Visitor | undefined
  /** The visitor of a session whose cookie has passed the check of its signature; undefined where it has ended. */
  resume(session: string): Visitor | undefined
  /** The text of the session's cookie; `name` is the one that the person chose. */
  sessionOf(visitor: Visitor, name?: string): string
  /** The token of the console's own, which the printed link carries; undefined where the tokens of a file count. */
  readonly ownToken: string | undefined
  /** What signs cookies and forms. */
  readonly key: Buffer
  close(): void
}

export interface AccessOptions {
  /** The file of all tokens of the service; undefined where callers need none. */
  readonly tokensFile: string | undefined
  /** The token of the console's own. */
  readonly token: string
  readonly log: Logger
}

/** A session ends so many milliseconds after it was opened. */
const SESSION_MS = 7 * 24 * 60 * 60_000
export const SESSION_SECONDS = SESSION_MS / 1_000
const MAX_NAME_LENGTH = 100
const KEY_BYTES = 32

/** With a file of tokens it alone says who comes in; else the console's own token does. Rejects like `openTokenFile`. */
export async function openAccess({ tokensFile, token, log }: AccessOptions): Promise<Access> {
  const file = tokensFile === undefined ? undefined : await openTokenFile(tokensFile, log)
  const own: Caller = { name: systemName(), rights: new Set(RIGHTS) }
  const ownHash = sha256(token)
  const callerOf = (hash: string) => {
    if (file !== undefined) return file.current().get(hash)
    return isSame(hash, ownHash) ? own : undefined
  }
  const visitorOf = (hash: string): Visitor | undefined => {
    const caller = callerOf(hash)
    // A token that may only submit has nothing to look at.
    if (caller === undefined || !caller.rights.has('read')) return undefined
    return { ...caller, tokenHash: hash, mayRename: file === undefined }
  }
  return {
    admit: (given) => visitorOf(sha256(given)),
    resume: (session) => {
      const read = readSession(session)
      if (read === undefined || read.until <= Date.now()) return undefined
      const visitor = visitorOf(read.hash)
      return visitor === undefined || !visitor.mayRename || read.name === '' ? visitor : { ...visitor, name: read.name }
    },
    sessionOf: ({ tokenHash }, name = '') => {
      const chosen = oneLine(name).slice(0, MAX_NAME_LENGTH).toWellFormed()
      return Buffer.from(JSON.stringify([tokenHash, Date.now() + SESSION_MS, chosen])).toString('base64url')
    },
    ownToken: file === undefined ? token : undefined,
    // Sessions outlive a restart where the token does. A file of tokens can be read by others than this process, so that a key
    // from it would be known to them.
    key: file === undefined ? createHmac('sha256', token).update('console').digest() : randomBytes(KEY_BYTES),
    close: () => file?.close(),
  }
}

function readSession(text: string): { hash: string; until: number; name: string } | undefined {
  try {
    const [hash, until, name]: unknown[] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
    const isWhole = typeof hash === 'string' && typeof until === 'number' && typeof name === 'string'
    return isWhole ? { hash, until, name } : undefined
  } catch {
    return undefined
  }
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

/** The name under which decisions are stored unless the person chooses another. */
function systemName(): string {
  try {
    return userInfo().username
  } catch {
    return 'operator'
  }
}
