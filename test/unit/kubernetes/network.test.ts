/** Who reaches whom: the table of docs/operations/kubernetes.md against the NetworkPolicies that the chart renders. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type KubernetesObject, NAMESPACE, objectsOf, render, WAYS } from '../../helpers/kubernetes/chart.ts'
import { podsOf } from '../../helpers/kubernetes/pods.ts'
import { skipWithoutHelm as skip } from '../../helpers/kubernetes/programs.ts'
import { isReached, type Place, policiesOf, restateLabels } from '../../helpers/kubernetes/reach.ts'
import { readPage, rowsOf } from '../docs/pages.ts'

/** Every port that a part listens on, those of the addresses outside, and one that nobody has. */
const PORTS = [53, 80, 443, 5122, 5432, 6432, 8080, 8090, 9070, 9080, 9081, 9085, 10_000]

/** Those who are no pods of the release. */
const OUTSIDE: readonly Place[] = [
  { name: 'Prometheus', namespace: 'monitoring', labels: { 'app.kubernetes.io/name': 'prometheus' } },
  { name: 'the callers', namespace: 'ingress-nginx', labels: { 'app.kubernetes.io/name': 'ingress-nginx' } },
  { name: 'a pod of the namespace', namespace: NAMESPACE, labels: { app: 'other' } },
  { name: 'a pod of another namespace', namespace: 'other', labels: { 'app.kubernetes.io/component': 'guard' } },
  { name: 'the internet', address: '93.184.216.34' },
  { name: 'the internet', address: '8.8.8.8' },
  { name: 'private networks', address: '10.20.30.40' },
  { name: 'private networks', address: '172.20.1.1' },
  { name: 'DNS', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
  { name: 'the metadata of the cloud', address: '169.254.169.254' },
]

/** The places of a way: a pod of each component, and those outside. */
function placesOf(objects: readonly KubernetesObject[]): Place[] {
  const pods = podsOf(objects).map(({ labels }) => {
    return { name: labels['app.kubernetes.io/component'] ?? '', namespace: NAMESPACE, labels }
  })
  const clusters = objects
    .filter(({ kind }) => kind === 'RestateCluster')
    .map(({ metadata }) => {
      return { name: 'restate', namespace: metadata.name, labels: restateLabels(metadata.name) }
    })
  return [...pods, ...clusters, ...OUTSIDE]
}

/** Each way that is open, as "guard -> restate 8080". Two pods outside are not ours to police. */
function openWays(objects: readonly KubernetesObject[]): string[] {
  const policies = policiesOf(objects)
  const places = placesOf(objects)
  const open = new Set<string>()
  for (const from of places)
    for (const to of places)
      for (const port of PORTS)
        if (!(OUTSIDE.includes(from) && OUTSIDE.includes(to)) && isReached(policies, from, to, port))
          open.add(`${from.name} -> ${to.name} ${port}`)
  return [...open].toSorted()
}

/** What the words of the column "where" mean for the objects of a way. */
const CONDITIONS: Readonly<Record<string, (objects: readonly KubernetesObject[]) => boolean>> = {
  always: () => true,
  'five nodes': (objects) =>
    objects.some(({ kind, metadata }) => kind === 'StatefulSet' && metadata.name.endsWith('restate')),
  operator: (objects) => objects.some(({ kind }) => kind === 'RestateCluster'),
  'offline model': (objects) => objects.some(({ metadata }) => metadata.name.endsWith('offline-model')),
  'real model': (objects) => !objects.some(({ metadata }) => metadata.name.endsWith('offline-model')),
  'own database': (objects) => objects.some(({ metadata }) => metadata.name.endsWith('timescaledb')),
  'outside database': (objects) => !objects.some(({ metadata }) => metadata.name.endsWith('timescaledb')),
  console: (objects) => objects.some(({ metadata }) => metadata.name.endsWith('-console')),
  'console and named callers': (objects) =>
    objects.some(({ metadata }) => metadata.name.endsWith('-console')) &&
    JSON.stringify(objects).includes('"ingress-nginx"'),
  'named callers': (objects) => JSON.stringify(objects).includes('"ingress-nginx"'),
  'five nodes with snapshots': (objects) =>
    objects.some(
      (object) => object.kind === 'StatefulSet' && JSON.stringify(object).includes('SNAPSHOTS__DESTINATION'),
    ),
}

const rows = rowsOf(readPage('docs/operations/kubernetes.md'), 'from')

for (const way of Object.keys(WAYS)) {
  test(`${way}: exactly the ways of the table are open`, { skip }, async () => {
    const objects = await objectsOf(way)
    const meant = rows.flatMap(({ from = '', to = '', ports = '', where = '' }) => {
      const holds = CONDITIONS[where]
      assert.ok(holds, `the table says "${where}"`)
      const senders =
        from === 'every pod' ? placesOf(objects).filter((place) => !OUTSIDE.includes(place)) : [{ name: from }]
      const numbers = ports === 'all' ? PORTS : ports.split(', ')
      return holds(objects) ? senders.flatMap(({ name }) => numbers.map((port) => `${name} -> ${to} ${port}`)) : []
    })
    assert.ok(meant.length > 10)
    assert.deepEqual(openWays(objects), [...new Set(meant)].toSorted())
  })
}

test('without NetworkPolicies everything is open, which the notes of the chart say', { skip }, async () => {
  const objects = await render([], ['networkPolicies.enabled=false'])
  assert.ok(openWays(objects).includes('a pod of the namespace -> restate 9070'))
})

test('a rule too many is found', { skip }, async () => {
  const objects = (await objectsOf('a first try')).map((object) => {
    if (object.kind !== 'NetworkPolicy' || object.metadata.name !== 'demo-restate') return object
    const copy = structuredClone(object)
    const { ingress } = copy['spec'] as { ingress: { from: object[] }[] }
    ingress[0]?.from.push({ podSelector: {} })
    return copy
  })
  assert.ok(openWays(objects).includes('a pod of the namespace -> restate 9070'))
})
