/** A simulation of the leases of many replicas, in virtual time and with the service's own decisions: what no machine here can run. */
import { createRandom } from '../../src/offline-model/random.ts'
import { decideLease } from '../../src/rate/lease/lease-decision.ts'
import { createWorld, plainBudget, type Replica } from '../helpers/lease-world.ts'
import { round, type Scenario, type TableLine } from './scenario.ts'

const RPM = 1_000_000
const SAFETY = 0.99
/** The budget counts as used where the replicas that live may start this part of it. */
const USED = 0.95
/** A message takes 3 to 15 ms, and clocks are apart by up to half a second. */
const [LEAST_WAY_MS, MORE_WAY_MS, SKEW_MS] = [3, 12, 500]
/** More work than any replica can start. */
const DEMAND = 1_000_000
const [BEGIN_MS, STEADY_MS, CHANGE_MS] = [20_000, 60_000, 15_000]
const DECISIONS = 300

export function leasesScenario(most: number): Scenario {
  return {
    id: 'leases',
    isQuick: false,
    run: async () => {
      const counts = [...new Set([1, 2, 5, 50, most])].filter((count) => count <= most).sort((a, b) => a - b)
      const table = counts.map(simulate)
      return {
        id: 'leases',
        what: `a simulation: replicas with more work than they can start share ${RPM.toLocaleString('en-US')} RPM, a tenth more join, as many are killed`,
        figures: {},
        table,
        target: 'the leases never add up to more than the budget',
        met: table.every((line) => Number(line['most_of_budget']) <= 1),
        bound_by: 'nothing: time is virtual, and only a decision takes real time',
      }
    },
  }
}

function simulate(count: number): TableLine {
  const random = createRandom(count)
  const delay = () => LEAST_WAY_MS + random() * MORE_WAY_MS
  const world = createWorld({ delay }, plainBudget({ rpm: RPM, safety: SAFETY }))
  const budget = RPM * SAFETY
  let most = 0
  /** Lets time pass, and returns the milliseconds until the living replicas may start nearly all of the budget; null where they never do. */
  const run = (ms: number): number | null => {
    const beganAt = world.now()
    let usedAt: number | null = null
    world.run(ms, () => {
      most = Math.max(most, world.total().rpm)
      const isUsed = usedAt !== null || living(world).reduce((sum, rpm) => sum + rpm, 0) >= USED * budget
      if (isUsed) usedAt ??= world.now() - beganAt
    })
    return usedAt
  }
  const join = (more: number) => Array.from({ length: more }, () => world.join((random() - 0.5) * SKEW_MS, DEMAND))
  const renewalsASecond = (ms: number, step: () => void) => {
    const before = world.decisions.length
    step()
    return round(((world.decisions.length - before) / ms) * 1_000, 1)
  }

  join(count)
  const usedMs = run(BEGIN_MS)
  const renewals = renewalsASecond(STEADY_MS, () => run(STEADY_MS))
  const tenth = Math.ceil(count / 10)
  const renewalsAtJoin = renewalsASecond(CHANGE_MS, () => {
    join(tenth)
    run(CHANGE_MS)
  })
  for (const replica of world.replicas.slice(0, tenth)) world.kill(replica)
  const backMs = run(CHANGE_MS)
  return {
    replicas: count,
    renewals_a_second: renewals,
    renewals_a_second_after_joins: renewalsAtJoin,
    used_after_ms: usedMs,
    used_again_after_a_tenth_died_ms: backMs,
    most_of_budget: round(most / budget, 6),
    decision_cpu_ms: round(decisionCpuMs(world), 3),
  }
}

type World = ReturnType<typeof createWorld>

function living(world: World): number[] {
  const isLiving = ({ isAlive }: Replica) => isAlive
  return world.replicas.filter(isLiving).map((replica) => world.pace(replica).requestsPerMinute)
}

/** CPU milliseconds of one decision with the replicas that the world has. */
function decisionCpuMs(world: World): number {
  const request = {
    ...{ replicaId: 'measured', name: 'measured', number: 1, heldNumber: null, demand: 1_000, inFlight: 0 },
    ...{ pauseMs: 0, pauseReason: '', account: null, knownAccount: null },
  }
  const before = process.cpuUsage()
  for (let n = 0; n < DECISIONS; n += 1) decideLease(world.state(), request, world.now())
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000 / DECISIONS
}
