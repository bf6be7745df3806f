/** Alert rules, dashboard and the formula of scaling in the chart: from the files of the Compose file, and right. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { parse, stringify } from 'yaml'
import { findObject, type KubernetesObject, objectsOf, ROOT } from '../../helpers/kubernetes/chart.ts'
import { skipWithoutHelm as skip } from '../../helpers/kubernetes/programs.ts'
import { skipWithout } from '../../helpers/programs.ts'
import { quotedIn, readPage, rowsOf } from '../docs/pages.ts'

const directory = mkdtempSync(join(tmpdir(), 'classify-rules-'))
after(() => rmSync(directory, { recursive: true, force: true }))
const skipRules = skip || (await skipWithout('promtool', 'prometheus'))

interface Rule {
  readonly alert?: string
  readonly record?: string
  readonly expr: string
  readonly annotations?: Readonly<Record<string, string>>
  readonly labels?: Readonly<Record<string, string>>
}
interface Rules {
  readonly groups: readonly { readonly name: string; readonly rules: readonly Rule[] }[]
}

const source = parse(readFileSync(join(ROOT, 'docker/prometheus/alerts.yml'), 'utf8')) as Rules

async function rulesOf(way: string): Promise<Rules> {
  return findObject(await objectsOf(way), 'PrometheusRule')['spec'] as Rules
}

test('the alert rules are those of the Compose file, each with a command of Kubernetes', { skip }, async () => {
  for (const way of ['hpa', 'production', 'operator in production']) {
    const { groups } = await rulesOf(way)
    const withoutCommands = (rules: Rules['groups']) =>
      rules.map(({ rules: own, ...group }) => ({
        ...group,
        rules: own.map((rule) => ({ ...rule, annotations: { ...rule.annotations, command: '' } })),
      }))
    assert.deepEqual(withoutCommands(groups.slice(1)), withoutCommands(source.groups))
    for (const { alert, annotations } of groups.slice(1).flatMap(({ rules }) => rules)) {
      assert.match(
        annotations?.['command'] ?? '',
        /^kubectl (-n (apps|restate-classify) )?[a-z]|^npm run review$/,
        alert,
      )
      assert.doesNotMatch(annotations?.['command'] ?? '', /[A-Z]{2}/, `${alert} names what is not filled in`)
    }
  }
})

test('the table of docs/operations/on-call.md has a row for each alert, with what it means and both commands', () => {
  const rows = rowsOf(readPage('docs/operations/on-call.md'), 'alert')
  const alerts = source.groups.flatMap(({ rules }) => rules)
  assert.deepEqual(
    rows.map((row) => quotedIn(row['alert'] ?? '')[0]),
    alerts.map(({ alert }) => alert),
  )
  const commands = parse(readFileSync(join(ROOT, 'kubernetes/classify-service/files/commands.yaml'), 'utf8')) as Record<
    string,
    string
  >
  for (const [index, { alert = '', annotations, labels }] of alerts.entries()) {
    const row = rows[index] ?? {}
    assert.equal(row['severity'], labels?.['severity'], alert)
    assert.ok((row['what it means, and what to do'] ?? '').length > 60, alert)
    assert.ok(
      quotedIn(row['with Compose'] ?? '').includes(annotations?.['command'] ?? ''),
      `${alert}: ${row['with Compose']}`,
    )
    assert.ok(commands[alert], alert)
  }
})

test('the dashboard is that of the Compose file, byte for byte', { skip }, async () => {
  const dashboard = findObject(await objectsOf('hpa'), 'ConfigMap', '-dashboard')
  const text = (dashboard['data'] as Record<string, string>)['classify.json'] ?? ''
  assert.deepEqual(
    JSON.parse(text),
    JSON.parse(readFileSync(join(ROOT, 'docker/grafana/dashboards/classify.json'), 'utf8')),
  )
})

interface Monitor extends KubernetesObject {
  readonly spec: {
    readonly endpoints?: readonly Endpoint[]
    readonly podMetricsEndpoints?: readonly Endpoint[]
  }
}
interface Endpoint {
  readonly path: string
  readonly relabelings: readonly { readonly targetLabel?: string; readonly replacement?: string }[]
}

test('what is scraped has the names of jobs by which the rules and the dashboard ask', { skip }, async () => {
  const compose = readFileSync(join(ROOT, 'docker/prometheus/prometheus.yml'), 'utf8')
  const jobs = [...compose.matchAll(/job_name: (\S+)/g)].map(([, job]) => job)
  for (const way of ['hpa', 'operator in production']) {
    const monitors = (await objectsOf(way)).filter(({ kind }) => /^(Service|Pod)Monitor$/.test(kind)) as Monitor[]
    const endpoints = monitors.flatMap(({ spec }) => [...(spec.endpoints ?? []), ...(spec.podMetricsEndpoints ?? [])])
    const named = endpoints.flatMap(({ relabelings }) =>
      relabelings.filter(({ targetLabel }) => targetLabel === 'job').map(({ replacement }) => replacement),
    )
    assert.deepEqual(named.toSorted(), [...jobs, 'guard'].toSorted(), way)
  }
})

function promtool(...args: readonly string[]): Promise<unknown> {
  return promisify(execFile)('promtool', [...args]).catch((error: { stdout?: string; stderr?: string }) => {
    throw new Error(`promtool: ${error.stdout}${error.stderr}`)
  })
}

/** The formula at its bounds, by promtool: what replicas report, the requests that they ask a minute, the budget, and the number. */
const SCALING: readonly {
  readonly demands: readonly number[]
  readonly asked: number | null
  readonly budget: number | null
  readonly wanted: number | null
}[] = [
  // Little work needs little: 300 requests are a twentieth of what one replica carries in a minute.
  { demands: [100, 200], asked: null, budget: 60_000, wanted: 0.05 },
  // Work for ten replicas, and a budget that has room for it.
  { demands: [30_000, 30_000], asked: null, budget: 90_000, wanted: 10 },
  // The same work under a budget of two replicas: more replicas would not make more budget.
  { demands: [30_000, 30_000], asked: 12_000, budget: 12_000, wanted: 2 },
  // A run that flows at the pace of four replicas has little that waits, and needs them all the same.
  { demands: [300, 300], asked: 23_400, budget: 60_000, wanted: 4 },
  { demands: [], asked: null, budget: 12_000, wanted: null },
]

test('the rules are valid, and the formula of scaling follows demand up to the budget', {
  skip: skipRules,
}, async () => {
  const { groups } = await rulesOf('hpa')
  const rules = join(directory, 'rules.yml')
  writeFileSync(rules, stringify({ groups }))
  await promtool('check', 'rules', rules)
  for (const [index, { demands, asked, budget, wanted }] of SCALING.entries()) {
    const labels = 'namespace="apps",release="demo"'
    const series = demands.map((demand, replica) => ({
      series: `classify_rate_demand{${labels},instance="${replica}"}`,
      values: `${demand}x10`,
    }))
    if (budget !== null)
      series.push({ series: `classify_rate_budget_rpm{${labels},instance="0"}`, values: `${budget}x10` })
    if (asked !== null)
      series.push({ series: `classify_model_requests_total{${labels},instance="0"}`, values: `0+${asked}x10` })
    // Another release must not be counted.
    series.push({ series: 'classify_rate_demand{namespace="apps",release="other",instance="9"}', values: '9000000x10' })
    const file = join(directory, `case-${index}.yml`)
    const samples = wanted === null ? [] : [{ labels: `classify_replicas_wanted{${labels}}`, value: wanted }]
    writeFileSync(
      file,
      stringify({
        rule_files: [rules],
        evaluation_interval: '1m',
        tests: [
          {
            interval: '1m',
            input_series: series,
            promql_expr_test: [{ expr: `classify_replicas_wanted{${labels}}`, eval_time: '5m', exp_samples: samples }],
          },
        ],
      }),
    )
    await promtool('test', 'rules', file)
  }
})
