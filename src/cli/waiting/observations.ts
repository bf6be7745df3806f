/** What one look around tells of a stack in which nothing moves. Every part may be missing, where it could not be seen in time. */

export interface Observations {
  readonly nodes: readonly SeenNode[]
  /** Whether Restate knows the service. */
  readonly isRegistered?: boolean
  readonly replica?: SeenReplica
  readonly pause?: { readonly leftMs: number; readonly reason: string }
  /** Requests to the model that the replicas have in flight. */
  readonly inFlight?: number
  /** Invocations that Restate tries no more until a person says so. */
  readonly paused?: Held
  /** Invocations that belong to a deployment which Restate does not know any more. */
  readonly orphaned?: Held
  /** Why attempts fail and are made again, the most frequent reason first. */
  readonly retrying?: readonly { readonly reason: string; readonly count: number }[]
  /** Attempts that have run for a while without a sign. */
  readonly running?: { readonly count: number; readonly silentMs: number }
  /** Invocations that have not ended. */
  readonly open?: number
}

export interface SeenNode {
  readonly url: string
  /** `silent`: a connection stands or waits, and nothing is said. `away`: there is no connection. `failing`: an error came. */
  readonly state: 'answers' | 'silent' | 'away' | 'failing'
  readonly message?: string
  /** The node's clock minus this machine's, in milliseconds. */
  readonly clockMs?: number
}

export type SeenReplica =
  | {
      readonly state: 'ok' | 'unavailable'
      readonly failing?: string
      readonly message?: string
      readonly clocks?: Clocks
    }
  /** Restate took the question, and no replica answered it in time. */
  | { readonly state: 'silent' }

/** Clocks minus that of this machine, in milliseconds. */
export interface Clocks {
  readonly databaseMs: number
  readonly replicaMs: number
}

export interface Held {
  readonly count: number
  /** One of them, by its id. */
  readonly id: string
  readonly reason?: string
}
