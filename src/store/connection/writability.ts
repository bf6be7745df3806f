/** Remembers whether the database takes writes: a server that answers may be a standby, set read-only, or have a full disk. */
import { isServiceError, messageOf } from '../../errors.ts'

/** What was refused is believed for this many milliseconds, because steps that fail are tried again within ten seconds. */
const BELIEVED_MS = 30_000

/** The SQLSTATEs by which a server refuses writes and goes on answering: read-only, its disk is full, out of memory. */
const REFUSES_WRITES = /SQLSTATE (?:25006|53100|53200)\b/

export interface Writability {
  /** Passes the outcome of a write on, and remembers whether the database refused to write at all. */
  watch<T>(writing: Promise<T>): Promise<T>
  /** The message of the last write, where the database refused it and has taken none since; else undefined. */
  refusal(): string | undefined
}

export function createWritability(now: () => number = () => performance.now()): Writability {
  let refused: { readonly message: string; readonly at: number } | undefined
  return {
    async watch(writing) {
      try {
        const written = await writing
        refused = undefined
        return written
      } catch (error) {
        const message = messageOf(error)
        if (isServiceError(error) && REFUSES_WRITES.test(message)) refused = { message, at: now() }
        throw error
      }
    },
    refusal: () => (refused !== undefined && now() - refused.at < BELIEVED_MS ? refused.message : undefined),
  }
}
