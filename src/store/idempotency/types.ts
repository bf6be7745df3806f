/** The port of the store for idempotency keys: what the guard asks before it lets a call with a key through. */

/** A use of an idempotency key, as hashes in hexadecimal digits. */
export interface KeyUse {
  /** The hash of the handler that is called and of the key. */
  readonly scope: string
  /** The hash of the bytes of the body. */
  readonly body: string
}

/** Every method rejects with `ServiceError`: database-unavailable where a retry may help, database-failed for a defect. */
export interface IdempotencyKeys {
  /** Notes the use, and resolves with false where the key was used with another body before. */
  note(use: KeyUse): Promise<boolean>
  /** Deletes rows whose keys Restate has forgotten, at most some thousands; resolves with their number. */
  deleteOld(): Promise<number>
}
