/** What every pod of the chart keeps to: the restricted profile, secrets by file and need, and parts that fit together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SECRET_NAMES } from '../../../src/config/variables.ts'
import { findObject, type KubernetesObject, nameOf, objectsOf, WAYS } from '../../helpers/kubernetes/chart.ts'
import { ownFaults, podSecurityFaults } from '../../helpers/kubernetes/pod-security.ts'
import { isSelected, type PodTemplate, podsOf, type Selector } from '../../helpers/kubernetes/pods.ts'
import { skipWithoutHelm as skip } from '../../helpers/kubernetes/programs.ts'

/** Runs a check for the objects of each way, and names the way in what it finds. */
async function inAllWays(check: (objects: readonly KubernetesObject[], pods: readonly PodTemplate[]) => string[]) {
  const faults: string[] = []
  for (const way of Object.keys(WAYS)) {
    const objects = await objectsOf(way)
    const pods = podsOf(objects)
    assert.ok(pods.length >= 4, `${way} makes ${pods.length} kinds of pods`)
    faults.push(...check(objects, pods).map((fault) => `${way}: ${fault}`))
  }
  assert.deepEqual(faults, [])
}

test('every pod keeps to the restricted profile, and to what this project asks beside it', { skip }, async () => {
  await inAllWays((_, pods) => pods.flatMap((pod) => [...podSecurityFaults(pod), ...ownFaults(pod)]))
})

test('the check of the profile finds each thing that it forbids', { skip }, async () => {
  const [pod] = podsOf(await objectsOf('a first try'))
  assert.ok(pod)
  const [container] = pod.spec.containers
  assert.ok(container)
  const own = container.securityContext
  const changes: readonly (readonly [spec: object, container: object, told: RegExp])[] = [
    [{ hostNetwork: true }, {}, /hostNetwork is set/],
    [{ hostPID: true }, {}, /hostPID is set/],
    [{ volumes: [{ name: 'host', hostPath: { path: '/' } }] }, {}, /the volume host is hostPath/],
    [{ securityContext: {} }, {}, /may run as root/],
    [{ securityContext: { runAsNonRoot: true, runAsUser: 0 } }, {}, /runs as root/],
    [{ securityContext: { runAsNonRoot: true } }, {}, /has no seccomp profile/],
    [{}, { securityContext: { ...own, allowPrivilegeEscalation: true } }, /may gain privileges/],
    [{}, { securityContext: { ...own, privileged: true } }, /is privileged/],
    [{}, { securityContext: { ...own, capabilities: {} } }, /keeps capabilities/],
    [{}, { securityContext: { ...own, capabilities: { drop: ['ALL'], add: ['SYS_ADMIN'] } } }, /adds capabilities/],
    [{}, { securityContext: { ...own, readOnlyRootFilesystem: false } }, /can write its root/],
    [{}, { ports: [{ containerPort: 1, hostPort: 1 }] }, /takes a port of the host/],
    [{}, { image: 'nginx:latest' }, /has the image nginx:latest/],
    [{}, { image: 'registry:5000/nginx' }, /without a tag/],
    [{}, { resources: { requests: { cpu: '1', memory: '1Gi' } } }, /no limit of memory/],
    [{}, { resources: { limits: { memory: '1Gi' } } }, /requests no cpu/],
    [{ automountServiceAccountToken: true }, {}, /gets a token/],
  ]
  for (const [spec, change, told] of changes) {
    const changed = { ...pod, spec: { ...pod.spec, containers: [{ ...container, ...change }], ...spec } }
    assert.match([...podSecurityFaults(changed), ...ownFaults(changed)].join('\n'), told)
  }
})

test('in production every image has a digest', { skip }, async () => {
  for (const way of ['production', 'operator in production']) {
    const objects = await objectsOf(way)
    const images = podsOf(objects).flatMap(({ spec }) => spec.containers.map(({ image }) => image))
    for (const object of objects.filter(({ kind }) => kind === 'RestateCluster'))
      images.push((object['spec'] as { compute: { image: string } }).compute.image)
    assert.ok(images.length >= 4)
    for (const image of images) assert.match(image, /@sha256:[0-9a-f]{64}$/)
  }
})

test('no secret has a default, stands in an environment or is made by the chart', { skip }, async () => {
  await inAllWays((objects, pods) => [
    ...objects.filter(({ kind }) => kind === 'Secret').map((secret) => `${nameOf(secret)} is made`),
    ...objects.filter(({ kind }) => /Role|ClusterRole|Binding$/.test(kind)).map((role) => `${nameOf(role)} is made`),
    ...pods.flatMap(({ of, spec }) =>
      spec.containers.flatMap(({ env = [] }) =>
        env
          .filter(({ name, valueFrom }) => SECRET_NAMES.has(name) || valueFrom?.secretKeyRef !== undefined)
          .map(({ name }) => `${of} has ${name} in its environment`),
      ),
    ),
  ])
})

/** Which component sees which key of which Secret. All others see none. */
const SECRETS_SEEN: Readonly<Record<string, readonly string[]>> = {
  replica: ['classify-database/POSTGRES_PASSWORD', 'classify-identity/cluster.pub', 'classify-model/*'],
  guard: ['classify-database/POSTGRES_PASSWORD', 'classify-tokens/API_TOKENS'],
  console: ['classify-database/POSTGRES_PASSWORD', 'classify-operator/API_TOKEN', 'classify-tokens/API_TOKENS'],
  pgbouncer: ['classify-database/POSTGRES_PASSWORD', 'classify-database-authority/ca.pem'],
  timescaledb: ['classify-database/POSTGRES_PASSWORD'],
  restate: ['classify-identity/node.pem', 'classify-snapshots/*'],
  test: ['classify-caller/API_TOKEN'],
}

test('each part sees the secrets that it uses and no others, read-only', { skip }, async () => {
  const seen = new Set<string>()
  await inAllWays((_, pods) =>
    pods.flatMap(({ of, labels, spec }) => {
      const component = labels['app.kubernetes.io/component'] ?? ''
      return (spec.volumes ?? []).flatMap(({ name, secret }) => {
        if (secret === undefined) return []
        const keys = secret.items?.map(({ key }) => key) ?? ['*']
        const mounts = spec.containers.flatMap(({ volumeMounts = [] }) =>
          volumeMounts.filter((one) => one.name === name),
        )
        const faults = mounts.every(({ readOnly }) => readOnly === true) ? [] : [`${of} can write ${name}`]
        for (const key of keys) {
          const one = `${secret.secretName}/${key}`
          seen.add(`${component} ${one}`)
          if (!SECRETS_SEEN[component]?.includes(one)) faults.push(`${of} sees ${one}`)
        }
        return faults
      })
    }),
  )
  const meant = Object.entries(SECRETS_SEEN).flatMap(([component, keys]) => keys.map((key) => `${component} ${key}`))
  assert.deepEqual([...seen].toSorted(), meant.toSorted(), 'every line of the list is used')
})

test('volumes, mounts, files and ports fit together', { skip }, async () => {
  await inAllWays((objects, pods) => {
    const configMaps = new Map(
      objects.filter(({ kind }) => kind === 'ConfigMap').map((map) => [map.metadata.name, map]),
    )
    const accounts = new Set(
      objects.filter(({ kind }) => kind === 'ServiceAccount').map(({ metadata }) => metadata.name),
    )
    return pods.flatMap(({ of, spec, claims }) => {
      const volumes = (spec.volumes ?? []).map(({ name }) => name).concat(claims)
      const mounts = spec.containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map(({ name }) => name))
      const twice = (names: readonly string[]) => names.filter((name, index) => names.indexOf(name) !== index)
      const faults = [
        ...mounts.filter((name) => !volumes.includes(name)).map((name) => `mounts ${name}, which is no volume`),
        ...volumes.filter((name) => !mounts.includes(name)).map((name) => `mounts the volume ${name} nowhere`),
        ...twice(volumes).map((name) => `has the volume ${name} twice`),
        ...spec.containers.flatMap(({ env = [] }) =>
          twice(env.map(({ name }) => name)).map((name) => `sets ${name} twice`),
        ),
        ...spec.containers.flatMap(({ volumeMounts = [] }) =>
          twice(volumeMounts.map(({ mountPath }) => mountPath)).map((path) => `mounts ${path} twice`),
        ),
      ]
      for (const { configMap } of spec.volumes ?? [])
        if (configMap !== undefined && !configMaps.has(configMap.name))
          faults.push(`mounts ${configMap.name}, which is not made`)
      if (spec.serviceAccountName !== undefined && !accounts.has(spec.serviceAccountName))
        faults.push(`runs as ${spec.serviceAccountName}, which is not made`)
      for (const { ports = [], livenessProbe, readinessProbe, startupProbe } of spec.containers)
        for (const probe of [livenessProbe, readinessProbe, startupProbe]) {
          const port = probe?.httpGet?.port ?? probe?.tcpSocket?.port
          if (port !== undefined && !ports.some(({ name }) => name === port)) faults.push(`probes the port ${port}`)
        }
      return faults.map((fault) => `${of} ${fault}`)
    })
  })
})

interface ServiceSpec {
  readonly selector: Readonly<Record<string, string>>
  readonly ports: readonly { readonly targetPort: string }[]
}

test('every Service leads to ports that pods have, and every selector selects its own pods', { skip }, async () => {
  await inAllWays((objects, pods) =>
    objects.flatMap((object) => {
      const spec = object['spec'] as ServiceSpec & { readonly selector?: Selector; readonly replicas?: number }
      if (object.kind === 'Service') {
        const behind = pods.filter(({ labels }) => isSelected({ matchLabels: spec.selector }, labels))
        if (behind.length !== 1) return [`${nameOf(object)} selects ${behind.length} kinds of pods`]
        const names = behind.flatMap((pod) =>
          pod.spec.containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name)),
        )
        return spec.ports.flatMap(({ targetPort }) =>
          names.includes(targetPort) ? [] : [`${nameOf(object)}: ${targetPort}`],
        )
      }
      if (['Deployment', 'StatefulSet', 'RestateDeployment', 'PodDisruptionBudget'].includes(object.kind)) {
        const behind = pods.filter(({ labels, kind }) => kind !== 'Pod' && isSelected(spec.selector ?? {}, labels))
        return behind.length === 1 ? [] : [`${nameOf(object)} selects ${behind.length} kinds of pods`]
      }
      return []
    }),
  )
})

test('what runs for long is probed, spread, disrupted one at a time, and has the time that it needs to end', {
  skip,
}, async () => {
  await inAllWays((objects, pods) => {
    const budgets = objects.filter(({ kind }) => kind === 'PodDisruptionBudget')
    return pods
      .filter(({ kind }) => ['Deployment', 'StatefulSet', 'RestateDeployment'].includes(kind))
      .flatMap(({ of, labels, spec }) => {
        const faults = spec.containers.flatMap(({ name, livenessProbe, readinessProbe }) => [
          ...(livenessProbe === undefined ? [`${name} has no probe of liveness`] : []),
          ...(readinessProbe === undefined ? [`${name} has no probe of readiness`] : []),
        ])
        const component = labels['app.kubernetes.io/component'] ?? ''
        if (!['timescaledb', 'offline-model', 'console'].includes(component)) {
          const own = budgets.filter((budget) =>
            isSelected((budget['spec'] as { selector: Selector }).selector, labels),
          )
          if (own.length !== 1) faults.push(`has ${own.length} disruption budgets`)
          if (spec.topologySpreadConstraints?.length !== 2) faults.push('is not spread over machines and zones')
        }
        const [container] = spec.containers
        const drainMs = Number(container?.env?.find(({ name }) => name === 'DRAIN_TIMEOUT_MS')?.value ?? 0)
        const last = container?.lifecycle?.preStop?.exec?.command.at(-1) ?? '0'
        const waits = /^\d+$/.test(last) ? [last] : [...last.matchAll(/sleep (\d+)/g)].map(([, seconds]) => seconds)
        const waitsS = waits.reduce((sum, seconds) => sum + Number(seconds), 0)
        if ((spec.terminationGracePeriodSeconds ?? 30) < waitsS + drainMs / 1_000 + 5)
          faults.push('has too little time to drain')
        return faults.map((fault) => `${of} ${fault}`)
      })
  })
})

test('what a scaler scales has no number of its own, which an upgrade would bring back', { skip }, async () => {
  for (const [way, scaler] of [
    ['hpa', 'HorizontalPodAutoscaler'],
    ['keda', 'ScaledObject'],
    ['operator in production', 'ScaledObject'],
  ] as const) {
    const objects = await objectsOf(way)
    const { scaleTargetRef } = findObject(objects, scaler)['spec'] as {
      scaleTargetRef: { apiVersion: string; kind: string; name: string }
    }
    const target = findObject(objects, scaleTargetRef.kind, scaleTargetRef.name)
    assert.equal(target.apiVersion, scaleTargetRef.apiVersion, way)
    assert.equal((target['spec'] as { replicas?: number }).replicas, undefined, way)
  }
  const fixed = findObject(await objectsOf('a first try'), 'Deployment', 'replica')
  assert.equal((fixed['spec'] as { replicas?: number }).replicas, 5)
})

test('names and labels have the form that Kubernetes takes', { skip }, async () => {
  const name = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/
  const label = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/
  await inAllWays((objects, pods) => [
    ...objects.filter(({ metadata }) => !name.test(metadata.name)).map(nameOf),
    ...objects
      .filter(({ metadata }) => !Object.values(metadata.labels ?? {}).every((one) => label.test(one)))
      .map(nameOf),
    ...pods.flatMap(({ of, spec }) =>
      spec.containers.flatMap(({ ports = [] }) =>
        ports.filter((port) => !/^[a-z0-9-]{1,15}$/.test(port.name ?? '')).map((port) => `${of} ${port.name}`),
      ),
    ),
    ...objects
      .map((object) => `${nameOf(object)} ${object.metadata.namespace ?? ''}`)
      .filter((one, index, all) => all.indexOf(one) !== index)
      .map((one) => `${one} stands twice`),
  ])
})

test('the guard takes its address in Host, by which Prometheus calls it, and asks for tokens wherever it runs', {
  skip,
}, async () => {
  for (const way of Object.keys(WAYS)) {
    const guard = podsOf(await objectsOf(way)).find(({ of }) => of === 'Deployment demo-guard')
    const env = guard?.spec.containers[0]?.env ?? []
    const settingOf = (name: string) => env.find((entry) => entry.name === name)?.value
    const [address] = env
    assert.equal(address?.valueFrom?.fieldRef?.fieldPath, 'status.podIP', 'it stands before what refers to it')
    assert.equal(settingOf('GUARD_PUBLISHED_ON'), `$(${address?.name})`)
    assert.equal(settingOf('API_TOKENS_FILE'), '/secrets/tokens/API_TOKENS')
    assert.ok(settingOf('ALLOWED_HOSTS')?.split(',').includes('demo-guard.apps.svc.cluster.local'))
  }
})
