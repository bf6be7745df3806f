/** The rows and the port of runs: what they classified, which process submits one, and what people want of it. */
import type { RunOutcome, WantedState } from '../../lib/run-states.ts'
import type { RunTotals } from '../saved-types.ts'

/** A process that drives a run. */
export interface RunDriver {
  /** What the process alone knows, so that it alone renews its lease. */
  readonly token: string
  readonly host: string
  readonly pid: number
  /** The boot of the machine and its space of pids, by which another process there can tell whether this one still runs. */
  readonly machine?: string | undefined
}

/** What a driver says of its run when it takes the run. */
export interface DrivenRun {
  readonly catalogue: string
  /** Name and version of the codebook. */
  readonly codebook: string
  readonly command: string
  /** The number of indicators in the catalogue. */
  readonly size: number
}

export interface DriverState {
  readonly wanted: WantedState
  readonly outcome: RunOutcome | null
  /** The most that the run may cost in US dollars; null where nobody has told a limit. */
  readonly maxCostUsd: number | null
  /** The cheapest request that the limit has refused for good since it was set; null where it has refused none. */
  readonly refusal: CostLimitRefusal | null
  /** The last holder of the lease; null where it has let the run go, and where the run never had one. */
  readonly driver: (RunDriver & { readonly since: string; readonly expiresInMs: number }) | null
}

/** A request that a limit has refused: the limit, and what the request could have cost at the most, in US dollars. */
export interface CostLimitRefusal {
  readonly maxUsd: number
  readonly mostUsd: number
}

/** Leases runs to the processes that drive them. Rejects with the codes of `Store`. */
export interface DriverStore {
  /**
   * Gives the run to `driver` for `holdMs` milliseconds where nobody holds it, where its lease has run out, or where `replaces` is
   * the token of the holder; opens the run where no batch has. A run that was stopped is wanted running again.
   */
  take(
    runId: string,
    driver: RunDriver,
    options: { readonly run: DrivenRun; readonly holdMs: number; readonly replaces?: string | undefined },
  ): Promise<void>
  /** Lets the lease of the holder with this token last for another `holdMs` milliseconds. */
  renew(runId: string, token: string, holdMs: number): Promise<void>
  /** Ends the lease of the holder with this token. */
  release(runId: string, token: string, outcome: RunOutcome): Promise<void>
  want(runId: string, wanted: WantedState): Promise<void>
  /** Notes the most that the run may cost in all, which its driver reads. */
  limitCost(runId: string, maxUsd: number): Promise<void>
  /** Notes what the limit of a run has refused, unless a cheaper request was refused under the same limit. */
  noteRefusal(runId: string, refusal: CostLimitRefusal): Promise<void>
  /** Undefined for a run that nobody has opened. `spentUsd` is what it was billed, with requests in flight at the most. */
  find(runId: string): Promise<(DriverState & { readonly spentUsd: number }) | undefined>
}

/** A run as it is listed. The catalogue, the codebook and the command are null where nothing tells them. */
export interface ListedRun extends RunTotals, DriverState {
  readonly catalogue: string | null
  readonly codebook: string | null
  readonly command: string | null
  /** The number of indicators in the catalogue of the run; null where no driver has named it. */
  readonly size: number | null
  /** Indicators a minute, of the minutes before the last saved batch. */
  readonly perMinute: number
}

export interface RunsWanted {
  /** Only the runs that a driver has taken for this catalogue. */
  readonly catalogue?: string | undefined
  readonly limit: number
}
