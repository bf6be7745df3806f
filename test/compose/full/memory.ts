/** Tests of the memory of the whole cluster, at rest and under load. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../cluster.ts'
import { noteFigures } from '../figures.ts'
import { formatMemory, type MemoryPart, readMemory, sumMemory } from '../memory.ts'
import { runUnderFault } from '../run-under-faults.ts'

const INDICATORS = 2_000
const MAX_IDLE_MIB = 1.2 * 1_024
const MAX_LOADED_MIB = 2 * 1_024
/** Milliseconds after the start until the cluster counts as at rest. */
const REST_MS = 15_000

export function memoryTests(getCluster: () => Cluster): void {
  test('the cluster takes less than 1.2 GiB at rest, and less than 2 GiB under load', async () => {
    await sleep(REST_MS)
    const idle = await readMemory(getCluster().project)
    let loaded: readonly MemoryPart[] = []
    await runUnderFault(getCluster(), INDICATORS, async (watch) => {
      while (watch.results < INDICATORS - 100) {
        const parts = await readMemory(getCluster().project)
        if (sumMemory(parts) > sumMemory(loaded)) loaded = parts
      }
    })
    console.log(`At rest:\n${formatMemory(idle)}\n\nUnder load:\n${formatMemory(loaded)}`)
    for (const { service, containers, mib } of idle) {
      const under = loaded.find((part) => part.service === service)?.mib ?? 0
      noteFigures(`${service} x${containers}`, {
        'at rest, MiB': Math.round(mib),
        'under load, MiB': Math.round(under),
      })
    }
    noteFigures('all but Prometheus', {
      'at rest, MiB': Math.round(sumMemory(idle)),
      'under load, MiB': Math.round(sumMemory(loaded)),
    })
    assert.ok(sumMemory(idle) < MAX_IDLE_MIB, `${sumMemory(idle)} MiB at rest`)
    assert.ok(sumMemory(loaded) < MAX_LOADED_MIB, `${sumMemory(loaded)} MiB under load`)
  })
}
