/** The profile `restricted` of the Pod Security Standards of Kubernetes, and what this project asks beside it. */
import type { Container, PodTemplate } from './pods.ts'

/** The kinds of volumes that the profile allows. */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

/** What the profile refuses in a pod, a sentence each. */
export function podSecurityFaults({ of, spec }: PodTemplate): string[] {
  const faults: string[] = []
  const ask = (isRight: boolean, fault: string) => {
    if (!isRight) faults.push(`${of}: ${fault}`)
  }
  for (const name of ['hostNetwork', 'hostPID', 'hostIPC'] as const) ask(spec[name] !== true, `${name} is set`)
  for (const { name, ...sources } of spec.volumes ?? []) {
    const kinds = Object.keys(sources)
    ask(kinds.length === 1 && VOLUMES.includes(kinds[0] ?? ''), `the volume ${name} is ${kinds.join(', ')}`)
  }
  const pod = spec.securityContext ?? {}
  for (const container of containersOf(spec)) {
    const { name, securityContext: own = {} } = container
    ask((own.runAsNonRoot ?? pod.runAsNonRoot) === true, `${name} may run as root`)
    ask((own.runAsUser ?? pod.runAsUser) !== 0, `${name} runs as root`)
    ask(own.allowPrivilegeEscalation === false, `${name} may gain privileges`)
    ask(own.privileged !== true, `${name} is privileged`)
    ask(own.capabilities?.drop?.includes('ALL') === true, `${name} keeps capabilities`)
    ask(
      (own.capabilities?.add ?? []).every((one) => one === 'NET_BIND_SERVICE'),
      `${name} adds capabilities`,
    )
    const seccomp = own.seccompProfile?.type ?? pod.seccompProfile?.type
    ask(seccomp === 'RuntimeDefault' || seccomp === 'Localhost', `${name} has no seccomp profile`)
    ask(
      (container.ports ?? []).every((port) => !('hostPort' in port)),
      `${name} takes a port of the host`,
    )
  }
  return faults
}

/** What this project asks of every pod beside the profile. */
export function ownFaults({ of, spec }: PodTemplate): string[] {
  const faults: string[] = []
  const ask = (isRight: boolean, fault: string) => {
    if (!isRight) faults.push(`${of}: ${fault}`)
  }
  ask(spec.automountServiceAccountToken === false, 'it gets a token of the API of Kubernetes')
  for (const { name, image, securityContext, resources } of containersOf(spec)) {
    ask(securityContext?.readOnlyRootFilesystem === true, `${name} can write its root file system`)
    ask(/^[^@]+:[^/@]+(@sha256:[0-9a-f]{64})?$/.test(image), `${name} has the image ${image}, without a tag`)
    ask(!/:latest(@|$)/.test(image), `${name} has the image ${image}`)
    for (const field of ['cpu', 'memory'])
      ask(resources?.requests?.[field] !== undefined, `${name} requests no ${field}`)
    ask(resources?.limits?.['memory'] !== undefined, `${name} has no limit of memory`)
  }
  return faults
}

function containersOf({ containers, initContainers = [] }: PodTemplate['spec']): readonly Container[] {
  return [...initContainers, ...containers]
}
