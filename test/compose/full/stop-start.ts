/** The whole cluster stopped and started under a run, and taken away at the end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cluster, isKept, leftovers } from '../cluster.ts'
import { untilHealthy } from '../container-faults.ts'
import { noteFigures } from '../figures.ts'
import { runThrough, seconds } from '../run-under-faults.ts'

const INDICATORS = 3_000

export function stopStartTests(the: () => Cluster): void {
  test('stopped and started in the middle of a run: the client waits, and the run ends complete', async () => {
    const cluster = the()
    let stopMs = 0
    let startedAt = 0
    const { report, watch } = await runThrough(
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
      { forgetsCounts: true },
    )
    noteFigures('stop and start of everything', {
      lost: INDICATORS - report.classified,
      'to stop, s': seconds(stopMs),
      'from start to results, s': seconds(watch.resumedAfter(startedAt)),
      'run, s': seconds(report.elapsed_ms),
    })
    await untilHealthy(cluster)
  })

  test('down -v leaves no container, volume or network', { skip: isKept }, async () => {
    await the().compose('down', '-v')
    assert.deepEqual(await leftovers(the().project), [])
  })
}
