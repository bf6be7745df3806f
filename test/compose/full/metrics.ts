/** Tests of monitoring: Prometheus finds every replica and node, and every query of the dashboard finds its metrics. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { dashboardQueries, metricNames } from '../../helpers/promql.ts'
import type { Cluster } from '../cluster.ts'

const PATIENCE_MS = 60_000

interface Answer {
  readonly status: string
  readonly error?: string
  readonly data: { readonly result: readonly { readonly metric: { job?: string }; readonly value: [number, string] }[] }
}

export function metricsTests(getCluster: () => Cluster): void {
  test('promtool finds nothing wrong with the configuration', async () => {
    const output = await getCluster().compose(
      'exec',
      '-T',
      'prometheus',
      'promtool',
      'check',
      'config',
      '/etc/prometheus/prometheus.yml',
    )
    assert.match(output, /is valid prometheus config file syntax/)
  })

  test('five replicas and five nodes are up in Prometheus', async () => {
    let counts: Record<string, number> = {}
    for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; await sleep(1_000)) {
      const { data } = await ask(getCluster(), 'sum by (job) (up)')
      counts = Object.fromEntries(data.result.map(({ metric, value }) => [metric.job ?? '', Number(value[1])]))
      // Replicas that an earlier test has removed stay in the list of Prometheus for a few seconds.
      const { data: down } = await ask(getCluster(), 'up == 0')
      if (counts['classify-service'] === 5 && counts.restate === 5 && down.result.length === 0) return
    }
    assert.deepEqual(counts, { 'classify-service': 5, restate: 5 })
  })

  test('every query of the dashboard runs, and names metrics that exist', async () => {
    const response = await fetch(`${getCluster().prometheusUrl}/api/v1/label/__name__/values`)
    const known = new Set(((await response.json()) as { data: string[] }).data)
    const wrong: string[] = []
    for (const { panel, expression } of dashboardQueries()) {
      const { status, error, data } = await ask(getCluster(), expression)
      if (status !== 'success') wrong.push(`${panel}: ${error}: ${expression}`)
      const missing = metricNames(expression).filter((name) => !known.has(name))
      if (missing.length > 0) wrong.push(`${panel}: unknown metrics ${missing.join(', ')}`)
      // Only a query about an event that did not happen in this cluster may be empty.
      else if (status === 'success' && data.result.length === 0 && !/needs-review/.test(expression))
        wrong.push(`${panel}: empty: ${expression}`)
    }
    assert.deepEqual(wrong, [])
  })
}

async function ask(cluster: Cluster, query: string): Promise<Answer> {
  const response = await fetch(`${cluster.prometheusUrl}/api/v1/query?query=${encodeURIComponent(query)}`)
  return (await response.json()) as Answer
}
