/** A renamed metric would leave a panel empty without a word. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMetrics } from '../../src/metrics.ts'
import { baseName, dashboardQueries, metricNames } from '../helpers/promql.ts'

test('names are read out of PromQL, and nothing else is', () => {
  const cases: [string, string[]][] = [
    ['up', ['up']],
    ['sum by (le, kind) (rate(a_total{kind="up", x!~"b_total|c"}[5m])) * 60', ['a_total']],
    ['histogram_quantile(0.95, sum by (le) (rate(a_seconds_bucket[1m])))', ['a_seconds_bucket']],
    ['sum(a) / on (job) group_left (name) b offset 5m or vector(0)', ['a', 'b']],
    ["a:rate5m{x='}'} - 1e3 > bool 2", ['a:rate5m']],
    ['sum(increase(a_total[1h])) by (job) and b unless c', ['a_total', 'b', 'c']],
  ]
  for (const [expression, names] of cases) assert.deepEqual(metricNames(expression), names, expression)
})

test('the dashboard asks for metrics that a replica has', async () => {
  const metrics = createMetrics()
  metrics.observe({
    limiter: () => assert.fail('nothing is read but names'),
    share: () => assert.fail('nothing is read but names'),
    pool: () => assert.fail('nothing is read but names'),
  })
  const known = new Set(metrics.registry.getMetricsAsArray().map(({ name }) => name))
  const asked = dashboardQueries().flatMap(({ panel, expression }) =>
    metricNames(expression).map((name) => ({ panel, name })),
  )
  // What Prometheus says itself, and what Restate's nodes say: tried against the real ones in test/integration and test/compose.
  const ours = asked.filter(({ name }) => name !== 'up' && !name.startsWith('restate_'))
  const missing = ours.filter(({ name }) => !known.has(name) && !known.has(baseName(name)))
  assert.deepEqual(missing, [])
  assert.ok(ours.length > 20, `${ours.length} names were found`)
})
