/** The metrics and alerts in the documentation against the registry of a replica and the rules of Prometheus. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCallBound } from '../../../src/guard/call-bound.ts'
import { createCounts } from '../../../src/guard/counts.ts'
import { createIdleMetrics } from '../../helpers/metrics.ts'
import { alertRules } from '../../helpers/promql.ts'
import { currentPages, onlyQuoted, quotedIn, readPage, rowsOf } from './pages.ts'

const OURS = /\bclassify_[a-z_]+/g
/** The rule of Prometheus by which the Helm chart scales. */
const RULES = ['classify_replicas_wanted']
const page = readPage('docs/cluster/monitoring.md')

test('the table of metrics has every metric of a replica with its type and labels, and no other', async () => {
  const { registry } = createIdleMetrics()
  const found = (await registry.getMetricsAsJSON())
    .filter(({ name }) => name.startsWith('classify_'))
    .map(({ name, type }) => [name, String(type), labelsOf(registry.getSingleMetric(name))] as const)
  const documented = rowsOf(page, 'metric').map((row) => {
    return [onlyQuoted(row['metric'] ?? ''), row['type'], quotedIn(row['labels'] ?? '')] as const
  })
  assert.deepEqual(documented.toSorted(byName), found.toSorted(byName))
})

/** prom-client keeps the names of the labels in a property that its types do not declare. */
function labelsOf(metric: unknown): readonly string[] {
  return typeof metric === 'object' && metric !== null && 'labelNames' in metric ? (metric.labelNames as string[]) : []
}

function byName([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1
}

function namesOfGuard(): readonly string[] {
  const counts = createCounts({ calls: createCallBound(1), bodies: { heldBytes: 0 }, keys: { unchecked: 0 } })
  return [...counts.text().matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name)
}

test('docs/operations/guard.md has every metric of the guard, and no other', () => {
  const documented = rowsOf(readPage('docs/operations/guard.md'), 'guard metric')
  assert.deepEqual(documented.map((row) => onlyQuoted(row['guard metric'] ?? '')).toSorted(), namesOfGuard().toSorted())
})

test('every metric that the documentation names exists', () => {
  const { registry } = createIdleMetrics()
  const ofGuard = namesOfGuard()
  const isKnown = (name: string) =>
    ofGuard.includes(name) ||
    RULES.includes(name) ||
    registry.getSingleMetric(name) !== undefined ||
    registry.getSingleMetric(name.replace(/_(?:count|sum|bucket)$/, '')) !== undefined
  const unknown = currentPages.flatMap(({ path, text }) =>
    [...text.matchAll(OURS)].filter(([name]) => !isKnown(name)).map(([name]) => `${path}: ${name}`),
  )
  assert.deepEqual(unknown, [])
})

test('the table of alerts has every alert rule with its severity, and no other', () => {
  assert.deepEqual(
    rowsOf(page, 'alert').map((row) => [onlyQuoted(row['alert'] ?? ''), row['severity']]),
    alertRules().map(({ name, severity }) => [name, severity]),
  )
})
