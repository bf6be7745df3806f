/** The queries of the dashboard read metrics that exist; a renamed metric would leave a panel silently empty. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registeredNames } from '../helpers/metrics.ts'
import { baseName, dashboardQueries, metricNames } from '../helpers/promql.ts'

test('metric names are read out of PromQL, and nothing else is', () => {
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

test('the dashboard asks for metrics that a replica has', () => {
  const known = registeredNames()
  const asked = dashboardQueries().flatMap(({ panel, expression }) =>
    metricNames(expression).map((name) => ({ panel, name })),
  )
  // `up` is a metric of Prometheus itself. The integration and Compose tests check the metrics of Restate on real nodes.
  const ours = asked.filter(({ name }) => name !== 'up' && !name.startsWith('restate_'))
  const missing = ours.filter(({ name }) => !known.has(name) && !known.has(baseName(name)))
  assert.deepEqual(missing, [])
  assert.ok(ours.length > 20, `${ours.length} names were found`)
})
