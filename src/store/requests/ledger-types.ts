/** The ports through which requests to a model are booked: the ledger of a replica, and the part of the store that it writes to. */
import type { AnswerUse } from '../purge/types.ts'
import type { AnswerToStore } from '../saved-types.ts'
import type { CostReservation, CostToReserve, RequestToBook } from './types.ts'

/** Books the requests of a replica. Many requests share a statement. */
export interface RequestLedger {
  /** Notes that a request starts, at the most that it can cost. The note is written a moment later, and no call fails. */
  start(sent: RequestToBook): void
  /**
   * Notes that a request starts where the run may spend what it can cost at the most; else the request must not start. Rejects with
   * ServiceError where the database fails.
   */
  reserve(sent: CostToReserve): Promise<CostReservation>
  /**
   * Books how a request ended, and keeps the answers that it brought. Resolves with true once that is written, and with false where it
   * takes longer, because the database is away; it is then written later. Never rejects.
   */
  book(ended: RequestToBook, answers: readonly AnswerToStore[]): Promise<boolean>
}

/** The part of the store that requests are booked in. */
export interface RequestStore {
  /**
   * Books requests and keeps answers, which were given at `answeredAt`, ISO 8601, with the runs that they were given in. A request
   * that has ended stays as it is.
   */
  book(
    requests: readonly RequestToBook[],
    answers: readonly AnswerToStore[],
    answeredAt: string,
    uses?: readonly AnswerUse[],
  ): Promise<void>
  /**
   * Books each request as sent, unless its run would then have cost more than its limit. Returns what became of each, by the id of the
   * request.
   */
  reserve(reservations: readonly CostToReserve[]): Promise<ReadonlyMap<string, CostReservation>>
}
