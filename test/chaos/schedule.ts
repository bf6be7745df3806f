/** The schedule of a chaos run: which fault hits which part when and for how long, the same for the same seed. */
import { createRandom } from '../../src/offline-model/random.ts'

/** Faults of one group never overlap, since the cluster outlives one loss in each. */
export type Group = 'nodes' | 'replicas' | 'edge' | 'database' | 'drivers'

/** What a schedule needs to know of a fault. */
export interface FaultKind {
  readonly name: string
  readonly group: Group
  readonly targets: readonly string[]
  /** The least and the most seconds for which it lasts; 0 where the part comes back by itself. */
  readonly holdS: readonly [least: number, most: number]
}

export interface Step {
  /** Seconds after the first run has begun. */
  readonly atS: number
  readonly fault: string
  readonly target: string
  readonly holdS: number
}

export interface ScheduleOptions {
  readonly seed: number
  readonly minutes: number
}

/** Results flow before the first fault. */
const FIRST_S: readonly [number, number] = [10, 20]
/** From the end of a fault to the beginning of the next. */
const GAP_S: readonly [number, number] = [8, 20]
/** From the beginning of a fault to the beginning of another that overlaps it. */
const OVERLAP_S: readonly [number, number] = [2, 6]
const OVERLAP_CHANCE = 0.25
/** What a group gets after a fault to be whole again, before the next fault hits it. */
const RECOVERY_S = 25
/** The end of a schedule without faults, in which what is under way ends. */
const CALM_S = 20

/** Draws the steps in the order of their beginnings. Each group rests between two of its faults. */
export function makeSchedule(kinds: readonly FaultKind[], { seed, minutes }: ScheduleOptions): Step[] {
  const random = createRandom(seed)
  const between = ([least, most]: readonly [number, number]) => Math.round(least + random() * (most - least))
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  const lastS = minutes * 60 - CALM_S
  const freeFrom = new Map<Group, number>()
  const steps: Step[] = []
  let nextS = between(FIRST_S)
  while (kinds.length > 0) {
    const kind = pick(kinds)
    const target = pick(kind?.targets ?? [])
    if (kind === undefined || target === undefined) break
    const holdS = between(kind.holdS)
    const atS = Math.max(nextS, freeFrom.get(kind.group) ?? 0)
    if (atS + holdS > lastS) break
    steps.push({ atS, fault: kind.name, target, holdS })
    freeFrom.set(kind.group, atS + holdS + RECOVERY_S)
    nextS = random() < OVERLAP_CHANCE ? atS + between(OVERLAP_S) : atS + holdS + between(GAP_S)
  }
  return steps.sort((a, b) => a.atS - b.atS)
}

/** A table of the steps, one a line. */
export function formatSchedule(steps: readonly Step[]): string {
  const rows = steps.map(({ atS, fault, target, holdS }) => {
    const lasts = holdS === 0 ? '' : `for ${holdS} s`
    return `  ${String(atS).padStart(5)} s  ${fault.padEnd(18)} ${target.padEnd(20)} ${lasts}`.trimEnd()
  })
  return rows.length === 0 ? '  (no fault fits into the time)' : rows.join('\n')
}
