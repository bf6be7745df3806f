/** Runs the pods of the rendered chart as containers of Docker, as a kubelet would start them: user, files, settings, names, probes. */
import { docker, tryDocker } from '../compose/docker.ts'
import type { KubernetesObject } from '../helpers/kubernetes/chart.ts'
import { type Container, isSelected, type PodTemplate, type Probe, podsOf } from '../helpers/kubernetes/pods.ts'
import { waitUntil } from '../helpers/wait.ts'
import { mountArguments, type Secrets } from './files.ts'

export interface PodClusterOptions {
  readonly name: string
  readonly namespace: string
  readonly objects: readonly KubernetesObject[]
  readonly secrets: Secrets
  /** The folder of the files that pods mount. */
  readonly root: string
  /** Users of images whose stand-ins on this machine have others, by component. */
  readonly users: Readonly<Record<string, number>>
}

interface Service {
  readonly metadata: { readonly name: string }
  readonly spec: { readonly selector: Readonly<Record<string, string>> }
}

/** The pods of a namespace in a network of their own. */
export interface PodCluster {
  /** Starts all pods of a component, and resolves when each is ready by its own probe. */
  start(component: string): Promise<string[]>
  /** Runs a Job or a Pod to its end. Resolves with its exit code and what it said. */
  run(
    component: string,
    env?: Readonly<Record<string, string>>,
  ): Promise<{ readonly code: number; readonly said: string }>
  isReady(pod: string): Promise<boolean>
  isAlive(pod: string): Promise<boolean>
  exec(pod: string, ...command: string[]): Promise<string>
  remove(): Promise<void>
}

const PATIENCE_MS = 180_000

export async function createPodCluster(options: PodClusterOptions): Promise<PodCluster> {
  const { name, objects } = options
  const templates = podsOf(objects)
  const started = new Map<string, PodTemplate>()
  await remove(name)
  await docker(['network', 'create', name])
  const templateOf = (component: string): PodTemplate => {
    const found = templates.find(({ labels }) => labels['app.kubernetes.io/component'] === component)
    if (found === undefined) throw new Error(`the chart has no ${component}`)
    return found
  }
  const probe = async (pod: string, kind: 'readinessProbe' | 'livenessProbe') => {
    const container = containerOf(started.get(pod))
    return await isPassed(`${name}.${pod}`, container, container[kind])
  }
  return {
    start: async (component) => {
      const template = templateOf(component)
      const pods = podNames(template, objects)
      for (const pod of pods) {
        started.set(pod, template)
        const args = await runArguments(template, pod, options)
        await docker(['run', '-d', '--name', `${name}.${pod}`, ...args])
      }
      return pods
    },
    run: async (component, env = {}) => {
      const template = templateOf(component)
      const args = await runArguments(template, component, options, env)
      const { code, stdout, stderr } = await tryDocker(['run', '--rm', '--name', `${name}.${component}`, ...args])
      return { code, said: `${stdout}${stderr}` }
    },
    isReady: (pod) => probe(pod, 'readinessProbe'),
    isAlive: (pod) => probe(pod, 'livenessProbe'),
    exec: (pod, ...command) => docker(['exec', `${name}.${pod}`, ...command]),
    remove: () => remove(name),
  }
}

/** Waits until all pods are ready. */
export async function untilReady(cluster: PodCluster, pods: readonly string[]): Promise<void> {
  for (const pod of pods)
    await waitUntil(`${pod} is ready`, () => cluster.isReady(pod), { patienceMs: PATIENCE_MS, pollMs: 500 })
}

async function remove(name: string): Promise<void> {
  const { stdout } = await tryDocker(['ps', '-aq', '--filter', `network=${name}`])
  const ids = stdout.split('\n').filter(Boolean)
  if (ids.length > 0) await tryDocker(['rm', '-f', '-v', ...ids])
  await tryDocker(['network', 'rm', name])
}

function containerOf(template: PodTemplate | undefined): Container {
  const container = template?.spec.containers[0]
  if (container === undefined) throw new Error('the pod was not started')
  return container
}

/** The names of the pods of an object: those of a StatefulSet are numbered. */
function podNames(template: PodTemplate, objects: readonly KubernetesObject[]): string[] {
  const [kind = '', own = ''] = template.of.split(' ')
  const object = objects.find((one) => one.kind === kind && one.metadata.name === own)
  const { replicas = 1 } = (object?.['spec'] ?? {}) as { replicas?: number }
  return Array.from({ length: replicas }, (_, index) => `${own}-${index}`)
}

async function runArguments(
  template: PodTemplate,
  pod: string,
  options: PodClusterOptions,
  more: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  const container = containerOf(template)
  const component = template.labels['app.kubernetes.io/component'] ?? ''
  const user = options.users[component] ?? template.spec.securityContext?.runAsUser ?? 0
  const { name, namespace, objects, root, secrets } = options
  const [entrypoint = '', ...args] = container.command ?? []
  return [
    ...['--network', name, '--user', `${user}:${user}`, '--read-only', '--cap-drop', 'ALL'],
    ...['--security-opt', 'no-new-privileges', '--memory', memoryOf(container)],
    ...aliasesOf(template, pod, objects, namespace).flatMap((alias) => ['--network-alias', alias]),
    ...(await mountArguments(template, container, { root, pod, user, objects, secrets })),
    ...Object.entries({ ...environmentOf(container, pod), ...more }).flatMap(([key, value]) => [
      '-e',
      `${key}=${value}`,
    ]),
    ...['--entrypoint', entrypoint, container.image, ...args],
  ]
}

/** Docker writes the units of memory in another way. */
function memoryOf({ resources }: Container): string {
  return (resources?.limits?.['memory'] ?? '1Gi').replace('Mi', 'm').replace('Gi', 'g')
}

function environmentOf({ env = [] }: Container, pod: string): Record<string, string> {
  const values: Record<string, string> = {}
  // The address is not known before the container runs; the guard takes any that is not this machine's own.
  const fields: Readonly<Record<string, string>> = { 'metadata.name': pod, 'status.podIP': '0.0.0.0' }
  for (const { name, valueFrom, value = fields[valueFrom?.fieldRef?.fieldPath ?? ''] ?? '' } of env) {
    // Kubernetes fills $(NAME) in from the entries above.
    values[name] = value.replaceAll(/\$\(([A-Z_]+)\)/g, (_, other: string) => values[other] ?? '')
  }
  return values
}

/** The names by which Services and the StatefulSet lead to a pod. */
function aliasesOf(
  template: PodTemplate,
  pod: string,
  objects: readonly KubernetesObject[],
  namespace: string,
): string[] {
  const services = objects.filter(({ kind }) => kind === 'Service') as unknown as Service[]
  const leading = services.filter(({ spec }) => isSelected({ matchLabels: spec.selector }, template.labels))
  const names = leading.map(({ metadata }) => metadata.name)
  const numbered = names.map((service) => `${pod}.${service}`)
  return [...names, ...numbered].flatMap((alias) => [alias, `${alias}.${namespace}.svc.cluster.local`])
}

async function isPassed(id: string, { ports = [] }: Container, probe: Probe | undefined): Promise<boolean> {
  const portOf = (port: string | number) => ports.find(({ name }) => name === port)?.containerPort ?? port
  const command =
    probe?.exec?.command ??
    (probe?.httpGet !== undefined
      ? ['curl', '-fsS', '-o', '/dev/null', `http://127.0.0.1:${portOf(probe.httpGet.port)}${probe.httpGet.path}`]
      : ['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${portOf(probe?.tcpSocket?.port ?? 0)}`])
  const { code } = await tryDocker(['exec', id, ...command], { timeoutMs: 10_000 })
  return code === 0
}
