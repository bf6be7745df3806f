/** A run of 3,000 indicators for each fault of a single part of the cluster. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../cluster.ts'
import { countFalseAlarms, crash, kill, restart, start, stop, waitUntilHealthy } from '../container-faults.ts'
import { noteFigures } from '../figures.ts'
import { runUnderFault, seconds } from '../run-under-faults.ts'
import type { Watch } from '../run-watch.ts'

const INDICATORS = 3_000
const OUTAGE_MS = 20_000

interface Fault {
  readonly what: string
  /** The node that is killed, by number. */
  readonly killed?: number
  /**
   * Brings the fault about, and resolves with the time (of `performance.now`) from which results can flow again. Calls
   * `noteInFlight` before every further moment at which calls may be cut off.
   */
  readonly inject: (cluster: Cluster, watch: Watch, noteInFlight: () => Promise<void>) => Promise<number>
}

const faults: readonly Fault[] = [
  {
    what: 'kill -9 of a node, back after 20 s',
    killed: 2,
    inject: async (cluster, _watch, noteInFlight) => {
      const node = await cluster.container('restate-2')
      const killedAt = performance.now()
      await kill(node)
      await sleep(OUTAGE_MS)
      // The node takes the lead of some partitions back when it starts, which can cut off calls as well.
      await noteInFlight()
      await start(node)
      return killedAt
    },
  },
  {
    what: 'kill -9 of a replica',
    inject: async (cluster) => {
      const replica = await cluster.container('classify-service', 3)
      const killedAt = performance.now()
      await crash(replica)
      return killedAt
    },
  },
  {
    what: 'kill -9 of NGINX',
    inject: async (cluster) => {
      const nginx = await cluster.container('nginx')
      const killedAt = performance.now()
      await crash(nginx)
      return killedAt
    },
  },
  {
    what: 'kill -9 of the guard',
    inject: async (cluster) => {
      const guard = await cluster.container('guard')
      const killedAt = performance.now()
      await crash(guard)
      return killedAt
    },
  },
  {
    what: 'restart of PgBouncer',
    inject: async (cluster) => {
      await restart(await cluster.container('pgbouncer'))
      return performance.now()
    },
  },
  {
    what: 'the database stopped for 20 s',
    inject: async (cluster) => {
      const database = await cluster.container('timescaledb')
      await stop(database)
      await sleep(OUTAGE_MS)
      await start(database)
      return performance.now()
    },
  },
  {
    what: 'MinIO stopped',
    inject: async (cluster) => {
      const stoppedAt = performance.now()
      await stop(await cluster.container('minio'))
      return stoppedAt
    },
  },
  {
    what: 'scaled 5, 8, 3',
    inject: async (cluster, watch) => {
      const startedAt = performance.now()
      await cluster.compose('up', '-d', '--no-recreate', '--scale', 'classify-service=8')
      await watch.waitForResults(INDICATORS * 0.5)
      await cluster.compose('up', '-d', '--no-recreate', '--scale', 'classify-service=3')
      return startedAt
    },
  },
]

export function faultTests(getCluster: () => Cluster): void {
  for (const { what, inject, killed } of faults) {
    test(`3,000 indicators: ${what}`, async () => {
      const cluster = getCluster()
      const since = new Date()
      let faultAt = 0
      let recoverableAt = 0
      const inFlightCounts: number[] = []
      const atModel: Promise<number>[] = []
      const result = await runUnderFault(cluster, INDICATORS, async (watch) => {
        const noteInFlight = async () => {
          inFlightCounts.push(await watch.chunksInFlight())
          atModel.push(peakAround(watch))
        }
        await noteInFlight()
        faultAt = performance.now()
        recoverableAt = await inject(cluster, watch, noteInFlight)
        await Promise.all(atModel)
      })
      const { watch, paidTwice, calmGapMs, report } = result
      const inFlight = inFlightCounts.reduce((sum, chunks) => sum + chunks, 0)
      const alarms = await countFalseAlarms(cluster, since, killed)
      noteFigures(what, {
        lost: INDICATORS - report.classified,
        'paid twice': paidTwice,
        'at the model': (await Promise.all(atModel)).reduce((sum, peak) => sum + peak, 0),
        'in flight': inFlight,
        'flows again after, s': seconds(watch.resumedAfter(recoverableAt)),
        'longest pause, s': seconds(watch.longestGap(faultAt, watch.lastResultAt)),
        'before, s': seconds(calmGapMs),
        'run, s': seconds(report.elapsed_ms),
        'false alarms': alarms,
      })
      if (alarms === 0) assert.ok(paidTwice <= inFlight, `${paidTwice} chunks were paid twice, ${inFlight} in flight`)
      else
        console.log(
          `Living nodes were declared dead ${alarms} times: the machine is short of CPU, and chunks paid twice say little`,
        )
      await restoreCluster(cluster)
    })
  }
}

/** The most requests at the model from one second ago to two seconds from now, within which the part dies. */
async function peakAround(watch: Watch): Promise<number> {
  await sleep(2_000)
  return watch.peakAtModel(3_000)
}

async function restoreCluster(cluster: Cluster): Promise<void> {
  await cluster.compose('up', '-d', '--no-recreate', '--scale', 'classify-service=5')
  await waitUntilHealthy(cluster)
}
