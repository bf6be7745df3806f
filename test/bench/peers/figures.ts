/** The table of the comparison: what a run of one system gives as a line, and in what this service is worse than the best peer. */
import type { ModelStats } from '../measure.ts'
import { round } from '../scenario.ts'
import type { System } from './queue.ts'

/** One way in which every system is run. */
export interface SetUp {
  readonly processes: number
  /** Whether a process is killed in the middle and started again. */
  readonly isKilled: boolean
}

/** What one run of one system gave. */
export interface PeerRun {
  readonly records: number
  /** The pace over the limit of the provider. */
  readonly share: number
  readonly stats: Pick<ModelStats, 'requests' | 'requests_by_indicator'>
  /** CPU time of all processes but the model's, milliseconds. */
  readonly cpuMs: number
  /** Records with a result, and records with more than one. */
  readonly stored: number
  readonly doubled: number
  /** Seconds from the first request to the last result. */
  readonly seconds: number
  /** Seconds from the kill until the pace was there again; null where it never was, and without a kill. */
  readonly secondsUntilPace: number | null
}

/** One line of the table. A null stands for what does not apply or could not be measured, for a reason that `note` gives. */
export type Line = {
  readonly system: System
  readonly processes: number
  readonly fault: 'none' | 'kill -9'
  readonly share_of_budget: number | null
  readonly refused_429: number | null
  readonly cpu_ms_a_record: number | null
  readonly lost: number | null
  readonly doubled: number | null
  /** Requests that the provider took and would have billed, beyond one for each record that was asked about. */
  readonly paid_twice: number | null
  /** Seconds from the kill until 95 % of the pace was reached again. */
  readonly pace_again_s: number | null
  /** Seconds from the first request to the last result, less those of the same system without the kill. */
  readonly kill_cost_s: number | null
  readonly note: string
}

/** The line of a run. `undisturbed` is the run of the same system without the kill, where there was one. */
export function lineOf(system: System, setUp: SetUp, run: PeerRun, undisturbed: PeerRun | undefined): Line {
  const { accepted, refused } = run.stats.requests
  const lost = run.records - run.stored
  const cost = setUp.isKilled && undisturbed !== undefined ? run.seconds - undisturbed.seconds : null
  return {
    system,
    processes: setUp.processes,
    fault: setUp.isKilled ? 'kill -9' : 'none',
    share_of_budget: round(run.share, 4),
    refused_429: refused,
    cpu_ms_a_record: round(run.cpuMs / run.records, 2),
    lost,
    doubled: run.doubled,
    paid_twice: accepted - Object.keys(run.stats.requests_by_indicator).length,
    pace_again_s: setUp.isKilled && run.secondsUntilPace !== null ? round(run.secondsUntilPace, 1) : null,
    kill_cost_s: cost === null ? null : round(cost, 1),
    note: lost > 0 ? `gave up after ${round(run.seconds)} s` : '',
  }
}

/** The line of a run that could not be made or measured. */
export function lineWithout(system: System, setUp: SetUp, note: string): Line {
  return {
    system,
    processes: setUp.processes,
    fault: setUp.isKilled ? 'kill -9' : 'none',
    share_of_budget: null,
    refused_429: null,
    cpu_ms_a_record: null,
    lost: null,
    doubled: null,
    paid_twice: null,
    pace_again_s: null,
    kill_cost_s: null,
    note,
  }
}

/** The figures that are compared, whether more is better, and the difference that two runs of one system show by themselves. */
const COMPARED = [
  { name: 'share_of_budget', isMoreBetter: true, noise: 0.005 },
  { name: 'refused_429', isMoreBetter: false, noise: 0 },
  { name: 'cpu_ms_a_record', isMoreBetter: false, noise: 0.1 },
  { name: 'lost', isMoreBetter: false, noise: 0 },
  { name: 'doubled', isMoreBetter: false, noise: 0 },
  { name: 'paid_twice', isMoreBetter: false, noise: 0 },
  { name: 'pace_again_s', isMoreBetter: false, noise: 0.5 },
  { name: 'kill_cost_s', isMoreBetter: false, noise: 0.5 },
] as const

/** One sentence for each figure in which this service is worse than the best peer with the same processes and fault. */
export function worseThanPeers(lines: readonly Line[]): string[] {
  return lines
    .filter(({ system }) => system === 'ours')
    .flatMap((ours) => {
      const peers = lines.filter(
        ({ system, processes, fault }) => system !== 'ours' && processes === ours.processes && fault === ours.fault,
      )
      return COMPARED.flatMap(({ name, isMoreBetter, noise }) => {
        const sign = isMoreBetter ? 1 : -1
        const measured = peers.filter((peer) => peer[name] !== null)
        const best = measured.toSorted((a, b) => sign * (Number(b[name]) - Number(a[name])))[0]
        if (best === undefined || ours[name] === null) return []
        if (sign * (Number(best[name]) - ours[name]) <= noise) return []
        const where = `${ours.processes} processes, ${ours.fault}`
        return [`${name} (${where}): ${ours[name]}, and ${best[name]} of ${best.system}`]
      })
    })
}
