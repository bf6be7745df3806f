/** More replicas and fewer, under load and with health asked all the while. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../cluster.ts'
import { untilHealthy } from '../container-faults.ts'
import { noteFigures } from '../figures.ts'
import { runThrough, seconds } from '../run-under-faults.ts'

const INDICATORS = 3_000
const PATIENCE_MS = 180_000

export function scalingTests(the: () => Cluster): void {
  for (const [from, to] of [
    [5, 8],
    [8, 2],
  ] as const) {
    test(`scaled from ${from} to ${to} under load: no health request and no batch fails`, async () => {
      const cluster = the()
      await scale(cluster, from)
      await untilHealthy(cluster)
      const health = askHealth(cluster)
      let tookMs = 0
      const { report } = await runThrough(cluster, INDICATORS, async () => {
        const startedAt = performance.now()
        await scale(cluster, to)
        tookMs = (await health.untilNames(to, startedAt)) - startedAt
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
    await scale(the(), 5)
    await untilHealthy(the())
  })
}

async function scale(cluster: Cluster, replicas: number): Promise<void> {
  await cluster.compose('up', '-d', '--no-recreate', '--scale', `classify-service=${replicas}`)
}

/** Asks all the while, and keeps what went wrong. */
function askHealth(cluster: Cluster) {
  const answers: { readonly at: number; readonly name: string }[] = []
  const failures: string[] = []
  let busy = 0
  const stopped = new AbortController()
  const asking = (async () => {
    while (!stopped.signal.aborted) {
      try {
        const response = await fetch(`${cluster.nginxUrl}/classify-api/health`, { signal: AbortSignal.timeout(10_000) })
        const body = (await response.json()) as { service?: string; failing?: string }
        // A replica that says of itself what it lacks is short of CPU: it was reached, and scaling had no part in it.
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
    /** The moment at which as many names in a row as there are replicas were seen, and no other name since. */
    untilNames: async (count: number, since: number): Promise<number> => {
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
