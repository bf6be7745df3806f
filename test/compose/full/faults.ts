/** One run of 8,000 indicators in which the parts of the cluster die in turn, or are cut off from the network. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../cluster.ts'
import { countFalseAlarms, crash, cutOff, kill, restart, start, stop, waitUntilHealthy } from '../container-faults.ts'
import { noteFigures } from '../figures.ts'
import { runUnderFault, seconds } from '../run-under-faults.ts'
import type { Watch } from '../run-watch.ts'

const INDICATORS = 8_000
/** So many results have to come before the next part dies. */
const BETWEEN = 200
const OUTAGE_MS = 10_000
const CUT_MS = 15_000
/** Results flow again within this time, from the moment at which they can. */
const MOST_MS = 30_000
/** The node that is killed, by number. */
const KILLED_NODE = 2

interface Fault {
  readonly what: string
  /**
   * Brings the fault about, and resolves with the time (of `performance.now`) from which results can flow again. Calls
   * `noteInFlight` before every further moment at which calls may be cut off.
   */
  readonly inject: (cluster: Cluster, noteInFlight: () => Promise<void>) => Promise<number>
}

const killed = (what: string, service: string, index = 1): Fault => ({
  what,
  inject: async (cluster) => {
    const part = await cluster.container(service, index)
    const killedAt = performance.now()
    await crash(part)
    return killedAt
  },
})

const cut = (service: string, index = 1): Fault => ({
  what: `${service} cut off from the network for ${CUT_MS / 1_000} s`,
  inject: async (cluster) => {
    const join = await cutOff(await cluster.container(service, index))
    await sleep(CUT_MS)
    await join()
    return performance.now()
  },
})

const faults: readonly Fault[] = [
  {
    what: `kill -9 of a node, back after ${OUTAGE_MS / 1_000} s`,
    inject: async (cluster, noteInFlight) => {
      const node = await cluster.container(`restate-${KILLED_NODE}`)
      const killedAt = performance.now()
      await kill(node)
      await sleep(OUTAGE_MS)
      // The node takes the lead of some partitions back when it starts, which can cut off calls as well.
      await noteInFlight()
      await start(node)
      return killedAt
    },
  },
  killed('kill -9 of a replica', 'classify-service', 3),
  killed('kill -9 of NGINX', 'nginx'),
  killed('kill -9 of the guard', 'guard'),
  {
    what: 'restart of PgBouncer',
    inject: async (cluster) => {
      await restart(await cluster.container('pgbouncer'))
      return performance.now()
    },
  },
  {
    what: `the database stopped for ${OUTAGE_MS / 1_000} s`,
    inject: async (cluster) => {
      const database = await cluster.container('timescaledb')
      await stop(database)
      await sleep(OUTAGE_MS)
      await start(database)
      return performance.now()
    },
  },
  cut('pgbouncer'),
  cut('classify-service', 4),
  {
    what: 'MinIO stopped',
    inject: async (cluster) => {
      const stoppedAt = performance.now()
      await stop(await cluster.container('minio'))
      return stoppedAt
    },
  },
]

export function faultTests(getCluster: () => Cluster): void {
  test(`${INDICATORS} indicators while the parts die or are cut off in turn`, async () => {
    const cluster = getCluster()
    const since = new Date()
    let inFlight = 0
    const result = await runUnderFault(cluster, INDICATORS, async (watch) => {
      for (const fault of faults) {
        assert.ok(watch.results < INDICATORS - BETWEEN, `the run is over before "${fault.what}"`)
        inFlight += await bringAbout(cluster, watch, fault)
      }
    })
    const { paidTwice, calmGapMs, report } = result
    const alarms = await countFalseAlarms(cluster, since, KILLED_NODE)
    noteFigures(`the run of ${INDICATORS}`, {
      lost: INDICATORS - report.classified,
      'paid twice': paidTwice,
      'in flight': inFlight,
      'before, s': seconds(calmGapMs),
      'run, s': seconds(report.elapsed_ms),
      'false alarms': alarms,
    })
    if (alarms === 0) assert.ok(paidTwice <= inFlight, `${paidTwice} chunks were paid twice, ${inFlight} in flight`)
    else
      console.log(
        `Living nodes were declared dead ${alarms} times: the machine is short of CPU, and chunks paid twice say little`,
      )
    await cluster.compose('up', '-d', '--no-recreate')
    await waitUntilHealthy(cluster)
  })
}

/** Resolves once results have flowed for a while, with the chunks that were in flight when calls could be cut off. */
async function bringAbout(cluster: Cluster, watch: Watch, { what, inject }: Fault): Promise<number> {
  let inFlight = 0
  const noteInFlight = async () => {
    inFlight += await watch.chunksInFlight()
  }
  await noteInFlight()
  const faultAt = performance.now()
  const recoverableAt = await inject(cluster, noteInFlight)
  await watch.waitForResults(Math.min(INDICATORS, watch.results + BETWEEN))
  const resumedMs = watch.resumedAfter(recoverableAt)
  noteFigures(what, {
    'in flight': inFlight,
    'flows again after, s': seconds(resumedMs),
    'longest pause, s': seconds(watch.longestGap(faultAt)),
  })
  assert.ok((resumedMs ?? Number.POSITIVE_INFINITY) < MOST_MS, `${what}: no results for ${seconds(resumedMs)} s`)
  return inFlight
}
