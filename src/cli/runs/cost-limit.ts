/** The limit of a run's cost while the run goes on: people may set it anew, which the driver reads with its lease. */
import { messageOf } from '../../errors.ts'
import { noteCostLimit } from '../classify/run-cost.ts'
import type { RunJournal } from '../classify/run-journal.ts'
import type { RunHold } from './hold.ts'

export interface CostLimit {
  /** The limit for the next batch in US dollars; undefined for a run without one. */
  now(): Promise<number | undefined>
  /** Asks the service whether the limit is above `usedUsd` by now. */
  isRaisedAbove(usedUsd: number): Promise<boolean>
}

export interface CostLimitOptions {
  /** The limit that the run began with; undefined where it has none. */
  readonly usd: number | undefined
  readonly hold: Pick<RunHold, 'maxUsd' | 'look'>
  readonly journal: Pick<RunJournal, 'noteMaxCost'>
  /** Rejects with the reason where the service cannot keep a limit. */
  readonly check: () => Promise<void>
  readonly say: (line: string) => void
}

export function createCostLimit({ usd, hold, journal, check, say }: CostLimitOptions): CostLimit {
  let current = usd
  let refused: number | undefined
  let settling: Promise<void> | undefined
  const settle = async (next: number) => {
    try {
      if (current === undefined) await check()
    } catch (error) {
      say(`The run goes on without a limit of its cost: ${messageOf(error)}`)
      refused = next
      return
    }
    current = next
    say(`From now on the run may cost USD ${next} in all; batches in flight keep the limit that they began with`)
    // The service keeps it as well, so that a journal that cannot be written loses nothing.
    await journal.noteMaxCost(next).catch(() => undefined)
  }
  const now = async () => {
    const { maxUsd } = hold
    if (maxUsd !== undefined && maxUsd !== current && maxUsd !== refused) {
      settling ??= settle(maxUsd).finally(() => {
        settling = undefined
      })
      await settling
    }
    return current
  }
  return {
    now,
    isRaisedAbove: async (usedUsd) => {
      await hold.look()
      return ((await now()) ?? 0) > usedUsd
    },
  }
}

/** Begins a run with its limit: the one that somebody has set since an earlier process ended, else the one that was given. */
export async function openCostLimit({
  given,
  isNew,
  spentUsd,
  ...options
}: Omit<CostLimitOptions, 'usd' | 'journal'> & {
  /** The limit of the command, else that of the journal, which the service can keep. */
  readonly given: number | undefined
  readonly isNew: boolean
  readonly spentUsd: number | undefined
  readonly journal: Pick<RunJournal, 'maxCostUsd' | 'noteMaxCost'>
}): Promise<CostLimit> {
  const usd = options.hold.maxUsd ?? given
  if (usd !== undefined && given === undefined) await options.check()
  if (usd !== undefined) await noteCostLimit(options.journal, usd, { isNewLimit: isNew, spentUsd })
  return createCostLimit({ ...options, usd })
}
