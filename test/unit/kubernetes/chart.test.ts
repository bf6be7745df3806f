/** The Helm chart: it renders in all ways, every object has the form that its API asks for, and wrong values are told. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHART, findObject, helm, objectsOf, render, WAYS } from '../../helpers/kubernetes/chart.ts'
import { skipWithoutHelm } from '../../helpers/kubernetes/programs.ts'
import { formFaults, skipWithoutDefinitions } from '../../helpers/kubernetes/schemas.ts'

const skip = skipWithoutHelm

for (const way of Object.keys(WAYS)) {
  test(`${way}: each object is valid against its schema, and has no field that the schema does not know`, {
    skip,
  }, async () => {
    const objects = await objectsOf(way)
    assert.ok(objects.length > 15, `${objects.length} objects were rendered`)
    const faults = await Promise.all(objects.map(formFaults))
    assert.deepEqual(faults.flat(), [])
  })
}

type Path = readonly (string | number)[]

/** The faults of the first object of a kind once `value` stands at the path below its spec; undefined takes the field away. */
async function faultsWith(way: string, kind: string, path: Path, value: unknown): Promise<string> {
  const object = findObject(await objectsOf(way), kind)
  const copy = structuredClone(object)
  let place = copy['spec'] as Record<string | number, unknown>
  for (const name of path.slice(0, -1)) place = place[name] as typeof place
  const last = path.at(-1) ?? ''
  if (value === undefined) delete place[last]
  else place[last] = value
  return (await formFaults(copy)).join('\n')
}

const FAULTS: readonly (readonly [kind: string, way: string, path: Path, value: unknown])[] = [
  ['Deployment', 'a first try', ['replcias'], 3],
  ['Deployment', 'a first try', ['template', 'spec', 'containers', 0, 'livenessProbe', 'exc'], {}],
  ['Deployment', 'a first try', ['template', 'spec', 'containers', 0, 'resources', 'request'], { cpu: '1' }],
  ['Deployment', 'a first try', ['replicas'], 'three'],
  ['Deployment', 'a first try', ['selector'], undefined],
  ['NetworkPolicy', 'a first try', ['policyTypes'], 'Ingress'],
  ['StatefulSet', 'a first try', ['volumeClaimTemplates', 0, 'spec', 'storageClas'], 'fast'],
  ['Job', 'a first try', ['template', 'spec', 'restartPolicies'], 'Never'],
  ['HorizontalPodAutoscaler', 'hpa', ['metrics', 0, 'external', 'metrik'], {}],
  ['ScaledObject', 'keda', ['triggers', 0, 'metaData'], {}],
  ['ServiceMonitor', 'keda', ['endpoints', 0, 'paht'], '/'],
  ['PrometheusRule', 'keda', ['groups', 0, 'rules', 0, 'expression'], '1'],
  ['ExternalSecret', 'operator in production', ['data', 0, 'remoteRef', 'kye'], 'x'],
  ['Ingress', 'production', ['rules', 0, 'http', 'paths', 0, 'pathType'], 3],
  ['RestateDeployment', 'operator', ['template', 'spec', 'containers', 0, 'imagee'], 'x'],
]

test('a field that is misspelt, of a wrong type or missing is found in each kind', { skip }, async () => {
  for (const [kind, way, path, value] of FAULTS) {
    const told = await faultsWith(way, kind, path, value)
    assert.ok(told.includes(String(path.at(-1))), `${kind} ${path.join('.')}: ${told}`)
  }
})

test('the definitions of the operator find a field that they do not know', {
  skip: skip || skipWithoutDefinitions,
}, async () => {
  assert.match(await faultsWith('operator', 'RestateCluster', ['compute', 'replica'], 5), /replica/)
  assert.match(await faultsWith('operator', 'RestateDeployment', ['restate', 'register'], undefined), /register/)
})

test('helm lint finds nothing, with the values of each way', { skip }, async () => {
  for (const files of Object.values(WAYS))
    assert.match(
      await helm(['lint', '--strict', CHART, ...files.flatMap((file) => ['--values', file])]),
      / 0 chart\(s\) failed/,
    )
})

const WRONG_VALUES: readonly (readonly [setting: string, told: RegExp])[] = [
  ['replicas.count="many"', /replicas\/count': got string, want integer/],
  ['replicas.count=0', /replicas\/count.*minimum/],
  ['imges={}', /additional properties 'imges' not allowed/],
  ['config={"OPENAI_MODLE":"x"}', /additional properties 'OPENAI_MODLE' not allowed/],
  ['config={"OPENAI_API_KEY":"sk-1"}', /additional properties 'OPENAI_API_KEY' not allowed/],
  ['restate.mode="kubernetes"', /restate\/mode.*'statefulset', 'operator'/],
  ['restate.config={"rocksdb":"1GB"}', /additional properties 'rocksdb' not allowed/],
  ['images.nginx="nginx:latest"', /images\/nginx': 'not' failed/],
  ['images.nginx="nginx"', /images\/nginx.*does not match pattern/],
  ['images.requireDigest=true', /without a digest: run `sh docker\/pin-images.sh --values`/],
  ['replicas.resources.limits=null', /replicas\/resources.*missing property 'limits'|limits/],
  ['database.mode="external"', /database.host is empty/],
  ['snapshots.enabled=true', /snapshots.destination has to be s3:/],
  ['snapshots={"enabled":true,"destination":"s3://bucket/x"}', /snapshots.region is empty/],
  ['snapshots.destination="file:///tmp"', /snapshots\/destination.*does not match pattern/],
  ['ingress.enabled=true', /ingress.enabled needs ingress.host and ingress.tlsSecret/],
  ['ingress={"enabled":true,"host":"a.example","tlsSecret":"t"}', /needs networkPolicies.callers/],
  ['networkPolicies.callers=[{}]', /networkPolicies\/callers\/0.*minProperties/],
  ['networkPolicies.callers=[{"namespaceSelector":{}}]', /callers\/0\/namespaceSelector.*minProperties/],
  ['networkPolicies.model.cidrs=[]', /networkPolicies\/model\/cidrs.*minItems/],
  ['autoscaling.kind="hpa"', /autoscaling.kind needs monitoring.rules/],
  ['console={"enabled":true,"tlsSecret":"t"}', /console.url has to be the https address/],
  [
    'console={"enabled":true,"url":"https://a.example","tlsSecret":"t"}',
    /console.tlsSecret needs networkPolicies.callers/,
  ],
  ['secrets.reload="always"', /secrets\/reload.*'none', 'reloader'/],
  ['secrets.external.modelKeys=["API_TOKEN"]', /modelKeys\/0.*'OPENAI_API_KEY', 'OPENAI_HEADERS', 'HTTPS_PROXY'/],
  ['networkPolicies.dns.ports=[]', /networkPolicies\/dns\/ports.*minItems/],
  ['networkPolicies.dns.cidrs=["169.254.20.10"]', /networkPolicies\/dns\/cidrs\/0.*does not match pattern/],
  ['pods.annotations={"restarted":2}', /pods\/annotations\/restarted': got number, want string/],
  ['autoscaling.minReplicas=50', /minReplicas is above/],
  ['secrets.source="external"', /secrets.external.store.name is empty/],
]

test('a wrong value is refused with a message that names it', { skip }, async () => {
  for (const [setting, told] of WRONG_VALUES) {
    await assert.rejects(render([], [setting]), told, setting)
  }
})

test('values-production.yaml alone is refused with what it lacks', { skip }, async () => {
  await assert.rejects(render([`${CHART}/values-production.yaml`]), /without a digest/)
})

test('the job that makes the cluster has another name wherever it is another job, since jobs cannot be changed', {
  skip,
}, async () => {
  const jobWith = async (...settings: string[]) => findObject(await render([], settings), 'Job', '').metadata.name
  const names = await Promise.all([
    jobWith(),
    jobWith('images.restate="docker.restate.dev/restatedev/restate:1.7.13"'),
    jobWith('scheduling.nodeSelector={"a":"b"}'),
    jobWith('images.pullPolicy="Always"'),
    jobWith('images.pullSecrets=["registry"]'),
  ])
  assert.equal(new Set(names).size, names.length, names.join(', '))
  assert.equal(await jobWith('replicas.count=7'), names[0])
})
