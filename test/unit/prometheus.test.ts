/** Our metrics, the alert rules and the configuration of Prometheus, checked by promtool where it is installed. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createIdleMetrics, registeredNames } from '../helpers/metrics.ts'
import { skipWithout } from '../helpers/programs.ts'
import { alertRules, baseName, metricNames } from '../helpers/promql.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const RULE_TESTS = 'test/fixtures/prometheus/alerts.test.yml'
const skip = await skipWithout('promtool', 'prometheus')

/** Rejects with everything that promtool printed where it finds something wrong. */
function promtool(args: readonly string[], input = ''): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile('promtool', args, { cwd: ROOT }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout + stderr)
      else reject(new Error(`promtool ${args.join(' ')}: ${stdout}${stderr}`))
    })
    child.stdin?.end(input)
  })
}

test('promtool finds nothing wrong with the metrics', { skip }, async () => {
  assert.equal(await promtool(['check', 'metrics'], await createIdleMetrics().registry.metrics()), '')
})

test('no gauge is named _total, which Prometheus reserves for counters', async () => {
  const metrics = await createIdleMetrics().registry.getMetricsAsJSON()
  const misnamed = metrics.filter(({ name, type }) => name.endsWith('_total') && String(type) !== 'counter')
  assert.deepEqual(misnamed, [])
})

test('promtool finds nothing wrong with the configuration and the alert rules', { skip }, async () => {
  const printed = await promtool(['check', 'config', 'docker/prometheus/prometheus.yml'])
  assert.match(printed, new RegExp(`${alertRules().length} rules found`))
})

test('each alert fires in its case, and none in a cluster that is well', { skip }, async () => {
  await promtool(['test', 'rules', RULE_TESTS])
})

test('each alert has a case in which it fires and one in which it does not', () => {
  const text = readFileSync(new URL(RULE_TESTS, `file://${ROOT}`), 'utf8')
  const cases = [...text.matchAll(/alertname: (\w+)\s+eval_time: \w+\s+exp_alerts:( \[\])?/g)]
  for (const { name } of alertRules()) {
    const own = cases.filter(([, alert]) => alert === name)
    assert.ok(
      own.some(([, , silent]) => silent === undefined),
      `${name} fires in no case`,
    )
    assert.ok(
      own.some(([, , silent]) => silent !== undefined),
      `${name} is silent in no case`,
    )
  }
})

test('each alert has a severity, a summary and a command that exists', () => {
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', `file://${ROOT}`), 'utf8')) as {
    scripts: Record<string, string>
  }
  const rules = alertRules()
  assert.ok(rules.length >= 15, `${rules.length} rules were found`)
  for (const { name, severity, summary, command } of rules) {
    assert.match(severity, /^(critical|warning)$/, name)
    assert.ok(summary.length > 20, name)
    const [, script] = /^npm run (\S+)/.exec(command) ?? []
    if (script === undefined) assert.match(command, /^docker compose /, name)
    else assert.ok(scripts[script], `${name}: there is no script ${script}`)
  }
})

test('the alert rules read metrics that a replica has', () => {
  const known = registeredNames()
  const asked = alertRules().flatMap(({ name, expression }) =>
    metricNames(expression).map((metric) => ({ name, metric })),
  )
  // `up` is a metric of Prometheus itself; test/integration/stack/plain-stack/dashboard.ts asks a real node for those of Restate.
  const ours = asked.filter(({ metric }) => metric !== 'up' && !metric.startsWith('restate_'))
  assert.deepEqual(
    ours.filter(({ metric }) => !known.has(metric) && !known.has(baseName(metric))),
    [],
  )
  assert.ok(ours.length > 15, `${ours.length} names were found`)
})
