/** A run of 3,000 for each way in which one part can die. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../cluster.ts'
import { crash, falseAlarms, kill, restart, start, stop, untilHealthy } from '../container-faults.ts'
import { noteFigures } from '../figures.ts'
import { runThrough, seconds } from '../run-under-faults.ts'
import type { Watch } from '../run-watch.ts'

const INDICATORS = 3_000
const OUTAGE_MS = 20_000

interface Fault {
  readonly what: string
  /** The node that is killed, by number. */
  readonly killed?: number
  /** Resolves with the moment from which results could flow again. Calls `cut` where calls may be cut off. */
  readonly harm: (cluster: Cluster, watch: Watch, cut: () => Promise<void>) => Promise<number>
}

const faults: readonly Fault[] = [
  {
    what: 'kill -9 of a node, back after 20 s',
    killed: 2,
    harm: async (cluster, _watch, cut) => {
      const node = await cluster.container('restate-2')
      const killedAt = performance.now()
      await kill(node)
      await sleep(OUTAGE_MS)
      // Partitions that it leads again change hands.
      await cut()
      await start(node)
      return killedAt
    },
  },
  {
    what: 'kill -9 of a replica',
    harm: async (cluster) => {
      const replica = await cluster.container('classify-service', 3)
      const killedAt = performance.now()
      await crash(replica)
      return killedAt
    },
  },
  {
    what: 'kill -9 of NGINX',
    harm: async (cluster) => {
      const nginx = await cluster.container('nginx')
      const killedAt = performance.now()
      await crash(nginx)
      return killedAt
    },
  },
  {
    what: 'restart of PgBouncer',
    harm: async (cluster) => {
      await restart(await cluster.container('pgbouncer'))
      return performance.now()
    },
  },
  {
    what: 'the database stopped for 20 s',
    harm: async (cluster) => {
      const database = await cluster.container('timescaledb')
      await stop(database)
      await sleep(OUTAGE_MS)
      await start(database)
      return performance.now()
    },
  },
  {
    what: 'MinIO stopped',
    harm: async (cluster) => {
      const stoppedAt = performance.now()
      await stop(await cluster.container('minio'))
      return stoppedAt
    },
  },
  {
    what: 'scaled 5, 8, 3',
    harm: async (cluster, watch) => {
      const startedAt = performance.now()
      await cluster.compose('up', '-d', '--no-recreate', '--scale', 'classify-service=8')
      await watch.untilResults(INDICATORS * 0.5)
      await cluster.compose('up', '-d', '--no-recreate', '--scale', 'classify-service=3')
      return startedAt
    },
  },
]

export function faultTests(the: () => Cluster): void {
  for (const { what, harm, killed } of faults) {
    test(`3,000 indicators: ${what}`, async () => {
      const cluster = the()
      const since = new Date()
      let faultAt = 0
      let possibleAt = 0
      const flights: number[] = []
      const atModel: Promise<number>[] = []
      const result = await runThrough(cluster, INDICATORS, async (watch) => {
        const cut = async () => {
          flights.push(await watch.chunksInFlight())
          atModel.push(peakAround(watch))
        }
        await cut()
        faultAt = performance.now()
        possibleAt = await harm(cluster, watch, cut)
        await Promise.all(atModel)
      })
      const { watch, paidTwice, calmGapMs, report } = result
      const inFlight = flights.reduce((sum, chunks) => sum + chunks, 0)
      const alarms = await falseAlarms(cluster, since, killed)
      noteFigures(what, {
        lost: INDICATORS - report.classified,
        'paid twice': paidTwice,
        'at the model': (await Promise.all(atModel)).reduce((sum, peak) => sum + peak, 0),
        'in flight': inFlight,
        'flows again after, s': seconds(watch.resumedAfter(possibleAt)),
        'longest pause, s': seconds(watch.longestGap(faultAt, watch.lastResultAt)),
        'before, s': seconds(calmGapMs),
        'run, s': seconds(report.elapsed_ms),
        'false alarms': alarms,
      })
      if (alarms === 0) assert.ok(paidTwice <= inFlight, `${paidTwice} chunks were paid twice, ${inFlight} in flight`)
      else
        console.log(
          `Nodes that lived were given up ${alarms} times: the machine is short of CPU; what was paid twice says little`,
        )
      await makeWhole(cluster)
    })
  }
}

/** Most requests at the model from a second before now until two seconds after: the part dies within that time. */
async function peakAround(watch: Watch): Promise<number> {
  await sleep(2_000)
  return watch.peakAtModel(3_000)
}

async function makeWhole(cluster: Cluster): Promise<void> {
  await cluster.compose('up', '-d', '--no-recreate', '--scale', 'classify-service=5')
  await untilHealthy(cluster)
}
