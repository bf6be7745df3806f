/** What a fault of the chaos checker is, and the world that it happens in. */
import type { Cluster, Container } from '../../compose/cluster.ts'
import type { FaultKind } from '../schedule.ts'

/** The parts of a running check that faults act on. */
export interface World {
  readonly cluster: Cluster
  /** Kills the command that drives a catalogue, as a closed laptop does; the check resumes its run. */
  killDriver(name: string): Promise<void>
  /** Sets the clock of a container ahead by so many milliseconds, or back. */
  skewClock(container: Container, ms: number): Promise<void>
}

/** Ends a fault. It is called once, also where the part has come back by itself. */
export type Heal = () => Promise<void>

export interface Fault extends FaultKind {
  /** A sentence for --list. */
  readonly what: string
  readonly inject: (world: World, target: string, holdS: number) => Promise<Heal>
}

export const NODE_PARTS: readonly string[] = ['restate-1', 'restate-2', 'restate-3', 'restate-4', 'restate-5']
export const REPLICA_PARTS: readonly string[] = [1, 2, 3, 4, 5].map((number) => `classify-service-${number}`)
export const EDGE_PARTS: readonly string[] = ['nginx', 'guard']
export const DATABASE_PARTS: readonly string[] = ['pgbouncer', 'timescaledb']

/** The container of a part such as "restate-3" or "classify-service-2". A replica that --scale took away is replaced by the first. */
export async function containerOf({ cluster }: World, part: string): Promise<Container> {
  const [, service, number] = /^(classify-service)-(\d+)$/.exec(part) ?? []
  if (service === undefined) return await cluster.container(part)
  return await cluster.container(service, Number(number)).catch(() => cluster.container(service))
}

export const nothingToHeal: Heal = async () => undefined
