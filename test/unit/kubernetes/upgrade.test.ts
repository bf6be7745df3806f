/** What an upgrade of the chart, a changed file and a changed Secret start anew, and what they leave running. */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import {
  CHART,
  findObject,
  helm,
  type KubernetesObject,
  nameOf,
  objectsOf,
  render,
  WAYS,
} from '../../helpers/kubernetes/chart.ts'
import { podsOf } from '../../helpers/kubernetes/pods.ts'
import { skipWithoutHelm as skip } from '../../helpers/kubernetes/programs.ts'

const directory = mkdtempSync(join(tmpdir(), 'classify-chart-'))
after(() => rmSync(directory, { recursive: true, force: true }))

/** A copy of the chart, in which the files that it shares with the Compose file are files of its own, which a test may change. */
function copyChart(name: string): string {
  const copy = join(directory, name)
  const files = join(CHART, 'files')
  cpSync(CHART, copy, { recursive: true, filter: (path) => path !== files })
  for (const entry of readdirSync(files))
    cpSync(realpathSync(join(files, entry)), join(copy, 'files', entry), { recursive: true })
  return copy
}

/** What the objects say of their pods, by the name of the object; hooks are made anew with each upgrade. */
function templatesOf(objects: readonly KubernetesObject[]): Map<string, string> {
  const lasting = objects.filter(({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined)
  return new Map(
    lasting.flatMap((object) => {
      const spec = object['spec'] as { template?: unknown; compute?: unknown } | undefined
      // The operator gives the pods of a RestateCluster its labels.
      const template = spec?.compute === undefined ? spec?.template : [spec.compute, object.metadata.labels]
      return template === undefined ? [] : [[nameOf(object), JSON.stringify(template)] as const]
    }),
  )
}

/** The objects whose pods are others in the copy of the chart. */
async function changedIn(copy: string, way = 'a first try'): Promise<string[]> {
  const now = templatesOf(await render(WAYS[way] ?? [], [], copy))
  const before = templatesOf(await objectsOf(way))
  const names = new Set([...before.keys(), ...now.keys()])
  return [...names].filter((name) => before.get(name) !== now.get(name)).toSorted()
}

test('a new version of the chart alone starts no pod anew, and makes no job again', { skip }, async () => {
  const copy = copyChart('version')
  const chart = readFileSync(join(copy, 'Chart.yaml'), 'utf8')
  writeFileSync(join(copy, 'Chart.yaml'), chart.replaceAll(/(ersion: "?)0\.1\.0/g, '$19.9.9'))
  for (const way of Object.keys(WAYS)) assert.deepEqual(await changedIn(copy, way), [], way)
})

test('a changed file starts anew the pods that read it, and no others', { skip }, async () => {
  for (const [file, pods] of [
    ['nginx/nginx.conf', ['Deployment demo-nginx']],
    ['nginx/call.conf', ['Deployment demo-nginx']],
    ['nginx/health-proxy.conf', ['Deployment demo-nginx']],
    ['restate/start.sh', ['StatefulSet demo-restate']],
    ['pgbouncer/start.sh', ['Deployment demo-pgbouncer']],
    ['timescaledb/start.sh', ['StatefulSet demo-timescaledb']],
  ] as const) {
    const copy = copyChart(file.replaceAll(/\W/g, '-'))
    appendFileSync(join(copy, 'files', file), '# changed\n')
    assert.deepEqual(await changedIn(copy), pods, file)
  }
})

test('the chart that was packed for a registry renders the same', { skip }, async () => {
  await helm(['package', CHART, '--destination', directory])
  assert.deepEqual(await changedIn(join(directory, 'classify-service-0.1.0.tgz')), [])
})

test('Reloader is told of each Secret that a pod reads at its start, where it is asked for', { skip }, async () => {
  for (const [way, files] of Object.entries(WAYS)) {
    const objects = await render(files, ['secrets.reload="reloader"'])
    for (const { of, kind, spec } of podsOf(objects)) {
      // Reloader knows these kinds; jobs end by themselves.
      if (kind !== 'Deployment' && kind !== 'StatefulSet') continue
      const object = objects.find((one) => nameOf(one) === of)
      const named = object?.metadata.annotations?.['secret.reloader.stakater.com/reload']?.split(',') ?? []
      const mounted = (spec.volumes ?? []).flatMap(({ secret }) => secret?.secretName ?? [])
      // Guard and console look at the tokens of callers again and again.
      const expected = mounted.filter((name) => name !== 'classify-tokens')
      assert.deepEqual(named.toSorted(), [...new Set(expected)].toSorted(), `${way}: ${of}`)
    }
  }
  const plain = JSON.stringify(await objectsOf('production'))
  assert.doesNotMatch(plain, /reloader/)
})

test('labels and annotations of the values stand on every pod, and change it', { skip }, async () => {
  const objects = await render(WAYS['operator'] ?? [], [
    'pods={"labels":{"team":"data"},"annotations":{"restarted":"2"}}',
  ])
  const cluster = findObject(objects, 'RestateCluster')['spec'] as { compute: Record<string, unknown> }
  assert.deepEqual(cluster.compute['labels'], { team: 'data' })
  assert.deepEqual(cluster.compute['annotations'], { restarted: '2' })
  for (const object of objects) {
    const { template } = (object['spec'] ?? {}) as { template?: { metadata: KubernetesObject['metadata'] } }
    const metadata = object.kind === 'Pod' ? object.metadata : template?.metadata
    if (metadata === undefined) continue
    assert.equal(metadata.labels?.['team'], 'data', nameOf(object))
    assert.equal(metadata.annotations?.['restarted'], '2', nameOf(object))
  }
})
