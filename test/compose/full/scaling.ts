/** Tests of scaling the replicas up and down under load, while health is asked all the time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../cluster.ts'
import { waitUntilHealthy } from '../container-faults.ts'
import { noteFigures } from '../figures.ts'
import { runUnderFault, seconds } from '../run-under-faults.ts'

const INDICATORS = 3_000
const PATIENCE_MS = 180_000

export function scalingTests(getCluster: () => Cluster): void {
  for (const [from, to] of [
    [5, 8],
    [8, 2],
  ] as const) {
    test(`scaled from ${from} to ${to} under load: no health request and no batch fails`, async () => {
      const cluster = getCluster()
      await scale(cluster, from)
      await waitUntilHealthy(cluster)
      const health = watchHealth(cluster)
      let tookMs = 0
      const { report } = await runUnderFault(cluster, INDICATORS, async () => {
        const startedAt = performance.now()
        await scale(cluster, to)
        tookMs = (await health.waitForNames(to, startedAt)) - startedAt
      })
      const { asked, failures, busy } = await health.stop()
      noteFigures(`scaled ${from} to ${to}`, {
        'names seen after, s': seconds(tookMs),
        'health requests': asked,
        'failed ones': failures.length,
        'too busy': busy,
        'failed batches': report.failures.length,
        'tries that went on': Object.values(report.nodes).reduce((sum, { failed }) => sum + failed, 0),
      })
      assert.deepEqual(failures, [])
    })
  }
  test('scaled back to five', async () => {
    await scale(getCluster(), 5)
    await waitUntilHealthy(getCluster())
  })
}

/** Scales the replicas, of which those that stay are left as they are. */
export async function scale(cluster: Cluster, replicas: number): Promise<void> {
  await cluster.compose('up', '-d', '--no-recreate', '--scale', `classify-service=${replicas}`)
}

/** Asks for health all the time, and collects the names of the replicas and the failures. */
function watchHealth(cluster: Cluster) {
  const answers: { readonly at: number; readonly name: string }[] = []
  const failures: string[] = []
  let busy = 0
  const stopped = new AbortController()
  const asking = (async () => {
    while (!stopped.signal.aborted) {
      try {
        const response = await fetch(`${cluster.nginxUrl}/classify-api/health`, { signal: AbortSignal.timeout(10_000) })
        const body = (await response.json()) as { service?: string; failing?: string }
        // A replica that answers 503 with a reason is short of CPU. It was reached, so the scaling has not failed.
        if (response.status === 503 && body.failing !== undefined) busy += 1
        else if (response.status === 200 && body.service !== undefined)
          answers.push({ at: performance.now(), name: body.service })
        else failures.push(`${response.status} ${JSON.stringify(body)}`)
      } catch (error) {
        failures.push(String(error))
      }
      await sleep(50)
    }
  })()
  return {
    /** Resolves with the time at which the names of exactly `count` replicas began to come in turn. */
    waitForNames: async (count: number, since: number): Promise<number> => {
      for (const deadline = performance.now() + PATIENCE_MS; performance.now() < deadline; await sleep(50)) {
        const latest = answers.filter(({ at }) => at > since).slice(-2 * count)
        const names = new Set(latest.map(({ name }) => name))
        if (latest.length === 2 * count && names.size === count) return latest[count - 1]?.at ?? performance.now()
      }
      const names = [...new Set(answers.slice(-40).map(({ name }) => name))].sort()
      throw new Error(`Not ${count} names within ${PATIENCE_MS / 1_000} s: ${names.join(', ')}`)
    },
    stop: async () => {
      stopped.abort()
      await asking
      return { asked: answers.length + failures.length + busy, failures, busy }
    },
  }
}
