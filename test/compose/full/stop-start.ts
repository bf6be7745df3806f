/** Tests that stop and start the whole cluster under a run, and remove it at the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cluster, isKept } from '../cluster.ts'
import { waitUntilHealthy } from '../container-faults.ts'
import { noteFigures } from '../figures.ts'
import { findLeftovers } from '../project.ts'
import { runUnderFault, seconds } from '../run-under-faults.ts'

const INDICATORS = 3_000

export function stopStartTests(getCluster: () => Cluster): void {
  test('stopped and started in the middle of a run: the client waits, and the run ends complete', async () => {
    const cluster = getCluster()
    let stopMs = 0
    let startedAt = 0
    const { report, watch } = await runUnderFault(
      cluster,
      INDICATORS,
      async () => {
        const stoppingAt = performance.now()
        await cluster.compose('stop')
        stopMs = performance.now() - stoppingAt
        await sleep(5_000)
        startedAt = performance.now()
        await cluster.compose('start')
      },
      { isModelRestarted: true },
    )
    noteFigures('stop and start of everything', {
      lost: INDICATORS - report.classified,
      'to stop, s': seconds(stopMs),
      'from start to results, s': seconds(watch.resumedAfter(startedAt)),
      'run, s': seconds(report.elapsed_ms),
    })
    await waitUntilHealthy(cluster)
  })

  test('down -v leaves no container, volume or network', { skip: isKept }, async () => {
    await getCluster().compose('down', '-v')
    assert.deepEqual(await findLeftovers(getCluster().project), [])
  })
}
