/** The values of the chart against the service: names of settings, and the settings of Restate in the Compose file. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { SECRET_NAMES, VARIABLE_NAMES } from '../../../src/config/variables.ts'
import { CHART, findObject, NAMESPACE, objectsOf, ROOT, render } from '../../helpers/kubernetes/chart.ts'
import { podsOf } from '../../helpers/kubernetes/pods.ts'
import { skipWithoutHelm as skip } from '../../helpers/kubernetes/programs.ts'

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: unknown
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
}
const schema = JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as Schema
const values = parse(readFileSync(join(CHART, 'values.yaml'), 'utf8')) as Record<string, unknown>
const compose = parse(readFileSync(join(ROOT, 'docker-compose.cluster.yml'), 'utf8'), { merge: true }) as {
  services: Record<string, { image?: string; environment: Record<string, string | null> }>
}

test('the schema is a schema, takes the values as they are, and has no name that they lack', () => {
  const validate = new Ajv2020({ strict: false }).compile(schema)
  assert.ok(validate(values), JSON.stringify(validate.errors))
  const missing = (own: Schema, value: unknown, path: string): string[] => {
    const known = own.$ref === undefined ? own : (schema.$defs?.[own.$ref.replace('#/$defs/', '')] ?? {})
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
    return Object.entries(known.properties ?? {}).flatMap(([name, inner]) => {
      const at = `${path}.${name}`
      if (at.startsWith('.config.') || at === '.global' || /\.limits\.cpu$|\.ephemeral-storage$/.test(at)) return []
      return name in value ? missing(inner, (value as Record<string, unknown>)[name], at) : [at]
    })
  }
  assert.deepEqual(missing(schema, values, ''), [])
})

test('the settings that values may give are those that the Compose file gives the replicas, without secrets', () => {
  const allowed = Object.keys(schema.properties?.['config']?.properties ?? {})
  assert.deepEqual(
    allowed.filter((name) => !VARIABLE_NAMES.includes(name) || SECRET_NAMES.has(name)),
    [],
  )
  // Those without a value in the Compose file are passed on from whoever starts it.
  const passed = Object.entries(compose.services['classify-service']?.environment ?? {})
    .filter(([name, value]) => value === null && VARIABLE_NAMES.includes(name) && !SECRET_NAMES.has(name))
    .map(([name]) => name)
  assert.deepEqual(allowed.toSorted(), passed.filter((name) => name !== 'DRAIN_TIMEOUT_MS').toSorted())
})

test('guard, console and offline model get the settings of the replicas that the Compose file gives them as well', {
  skip,
}, async () => {
  const allowed = Object.keys(schema.properties?.['config']?.properties ?? {})
  const config = Object.fromEntries(allowed.map((name) => [name, `given ${name}`]))
  const pods = podsOf(await render([], ['console.enabled=true', `config=${JSON.stringify(config)}`]))
  for (const part of ['guard', 'console', 'offline-model']) {
    const given = Object.entries(compose.services[part]?.environment ?? {}).filter(([, value]) => value === null)
    const expected = given.map(([name]) => name).filter((name) => allowed.includes(name))
    assert.ok(expected.includes('LOG_LEVEL'), part)
    const env = pods.find(({ of }) => of === `Deployment demo-${part}`)?.spec.containers[0]?.env ?? []
    const own = env.filter(({ name, value }) => value === `given ${name}`).map(({ name }) => name)
    assert.deepEqual(own.toSorted(), expected.toSorted(), part)
  }
})

/** What differs on Kubernetes, and why. */
const OTHERWISE: Readonly<Record<string, string>> = {
  RESTATE_INGRESS__LISTEN_MODE: 'the guard is another pod, and NetworkPolicies close the port to all others',
  RESTATE_ADMIN__LISTEN_MODE: 'the same',
  RESTATE_NODE_NAME: 'the name of the pod',
  RESTATE_FORCE_NODE_ID: 'the volume of the pod knows it',
  RESTATE_ADVERTISED_ADDRESS: 'the name of the pod',
  RESTATE_METADATA_CLIENT__ADDRESSES: 'the names of the pods',
  RESTATE_CLUSTER_NAME: 'the name of the release',
  RESTATE_DEFAULT_REPLICATION: 'restate.replication',
}

test('a node has the settings of the Compose file, but for those that are named here', { skip }, async () => {
  const node = podsOf(await objectsOf('a first try')).find(({ of }) => of === 'StatefulSet demo-restate')
  const own = new Map(node?.spec.containers[0]?.env?.map(({ name, value }) => [name, value]))
  const theirs = Object.entries(compose.services['restate-1']?.environment ?? {})
  const compared = theirs.filter(
    ([name]) => name.startsWith('RESTATE_') && !name.includes('SNAPSHOTS') && !(name in OTHERWISE),
  )
  assert.ok(compared.length > 10)
  for (const [name, value] of compared) assert.equal(own.get(name), String(value), name)
  const known = new Set(theirs.map(([name]) => name))
  assert.deepEqual(
    [...own.keys()].filter((name) => name.startsWith('RESTATE_') && !known.has(name)),
    [],
  )
})

test('a node of the operator knows all nodes by the names of its pods, and makes no cluster by itself', {
  skip,
}, async () => {
  for (const way of ['operator', 'operator in production']) {
    const { compute, cluster } = findObject(await objectsOf(way), 'RestateCluster')['spec'] as {
      compute: { replicas: number; env: readonly { name: string; value?: string }[] }
      cluster: { autoProvision: boolean }
    }
    const own = new Map(compute.env.map(({ name, value }) => [name, value]))
    assert.equal(own.size, compute.env.length, 'a setting stands once')
    // The operator makes the cluster, and refuses to where the nodes could make one each.
    assert.equal(cluster.autoProvision, true)
    assert.equal(own.get('RESTATE_AUTO_PROVISION'), 'false')
    assert.deepEqual(
      JSON.parse(own.get('RESTATE_METADATA_CLIENT__ADDRESSES') ?? '[]'),
      Array.from({ length: compute.replicas }, (_, node) => `http://restate-${node}.restate-cluster:5122`),
    )
  }
})

test('a replica takes the proxy that the Secret of the model may hold', { skip }, async () => {
  for (const way of ['production', 'operator in production', 'a first try']) {
    const replica = podsOf(await objectsOf(way)).find(({ of }) => of.endsWith(' demo-replica'))
    const used = replica?.spec.containers[0]?.env?.find(({ name }) => name === 'USE_ENV_PROXY')?.value
    assert.equal(used, way === 'a first try' ? undefined : '1', way)
  }
})

test('a large number among the settings reaches the service as it was written', { skip }, async () => {
  const settings = ['config={"RATE_TPM":20000000,"RATE_SAFETY":0.95}', 'restate.config={"RESTATE_X":10000000}']
  const pods = podsOf(await render([], settings))
  const env = pods.flatMap(({ spec }) => spec.containers.flatMap((container) => container.env ?? []))
  const settingOf = (wanted: string) => env.find(({ name }) => name === wanted)?.value
  assert.equal(settingOf('RATE_TPM'), '20000000')
  assert.equal(settingOf('RATE_SAFETY'), '0.95')
  assert.equal(settingOf('RESTATE_X'), '10000000')
})

test('the console asks each node for its memory, by the name that its pod has', { skip }, async () => {
  for (const way of ['production', 'operator in production']) {
    const objects = await objectsOf(way)
    const nodes = objects.find(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name.endsWith('-restate'))
    const cluster = objects.find(({ kind }) => kind === 'RestateCluster')
    const { serviceName } = (nodes?.['spec'] ?? {}) as { serviceName?: string }
    // The operator names its StatefulSet and the headless Service of the nodes so, in a namespace of the cluster's name.
    const [pod, domain] = nodes
      ? [nodes.metadata.name, `${serviceName}.${NAMESPACE}`]
      : ['restate', `restate-cluster.${cluster?.metadata.name}`]
    const page = podsOf(objects).find(({ of }) => of.endsWith('-console'))
    assert.equal(
      page?.spec.containers[0]?.env?.find(({ name }) => name === 'RESTATE_METRICS_URL')?.value,
      [0, 1, 2, 3, 4].map((node) => `http://${pod}-${node}.${domain}.svc.cluster.local:5122/metrics`).join(','),
    )
  }
})

test('the images are those of the Compose file', () => {
  const images = values['images'] as Record<string, string>
  for (const [name, service] of [
    ['restate', 'restate-1'],
    ['nginx', 'nginx'],
    ['pgbouncer', 'pgbouncer'],
    ['timescaledb', 'timescaledb'],
  ] as const) {
    const standard = /:-([^}]+)\}/.exec(compose.services[service]?.image ?? '')?.[1]
    assert.equal(images[name], standard)
  }
})

test('the chart and the service have one version', () => {
  const chart = parse(readFileSync(join(CHART, 'Chart.yaml'), 'utf8')) as { version: string; appVersion: string }
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  assert.deepEqual([chart.version, chart.appVersion], [version, version])
  assert.equal((values['images'] as Record<string, string>)['classify'], `classify-service:${version}`)
})
