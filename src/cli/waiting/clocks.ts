/** Compares the clocks of nodes, replicas and database, as far as one look has seen them. Pure. */
import { SKEW_WARNING_MS } from '../../lib/reference-clock.ts'
import type { Observations } from './observations.ts'

export interface ClockReport {
  readonly name: string
  /** Seconds that the clock is ahead of the database's; negative where it is behind. */
  readonly ahead_s: number
}

/** The Date header of HTTP has whole seconds. */
const RESOLUTION_MS = 1_000

/** How far each clock is from the database's; without a replica that tells that one, from this machine's. */
export function compareClocks({ nodes, replica }: Pick<Observations, 'nodes' | 'replica'>): readonly ClockReport[] {
  const clocks = replica !== undefined && replica.state !== 'silent' ? replica.clocks : undefined
  const base = clocks?.databaseMs ?? 0
  const report = (name: string, ms: number): ClockReport => ({ name, ahead_s: Math.round((ms - base) / 100) / 10 })
  return [
    ...nodes.flatMap(({ url, clockMs }) => (clockMs === undefined ? [] : [report(`node ${url}`, clockMs)])),
    ...(clocks === undefined ? [] : [report('replica', clocks.replicaMs), report('this machine', 0)]),
  ]
}

/** A sentence for each clock that is further off than is harmless. */
export function skewWarnings(reports: readonly ClockReport[]): readonly string[] {
  const most = (SKEW_WARNING_MS + RESOLUTION_MS) / 1_000
  return reports
    .filter(({ ahead_s: ahead }) => Math.abs(ahead) > most)
    .map(({ name, ahead_s: ahead }) => {
      const way = `${Math.round(Math.abs(ahead))} s ${ahead > 0 ? 'ahead of' : 'behind'}`
      return `the clock of ${name} is ${way} the database's: set it (NTP)`
    })
}
