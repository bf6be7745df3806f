/** The pods that objects of Kubernetes make, with the parts of them that tests look at. */
import type { KubernetesObject } from './chart.ts'
import { nameOf } from './chart.ts'

export interface Probe {
  readonly exec?: { readonly command: readonly string[] }
  readonly httpGet?: { readonly port: string | number; readonly path: string }
  readonly tcpSocket?: { readonly port: string | number }
}

export interface EnvironmentEntry {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string }
    readonly fieldRef?: { readonly fieldPath: string }
  }
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number }[]
  readonly env?: readonly EnvironmentEntry[]
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean
    readonly privileged?: boolean
    readonly readOnlyRootFilesystem?: boolean
    readonly runAsNonRoot?: boolean
    readonly runAsUser?: number
    readonly capabilities?: { readonly add?: readonly string[]; readonly drop?: readonly string[] }
    readonly seccompProfile?: { readonly type: string }
  }
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>
    readonly limits?: Readonly<Record<string, string>>
  }
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[]
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly startupProbe?: Probe
  readonly lifecycle?: { readonly preStop?: { readonly exec?: { readonly command: readonly string[] } } }
}

export interface Volume {
  readonly name: string
  readonly secret?: {
    readonly secretName: string
    readonly defaultMode?: number
    readonly items?: readonly { readonly key: string }[]
  }
  readonly configMap?: { readonly name: string; readonly items?: readonly { readonly key: string }[] }
  readonly emptyDir?: object
  readonly [kind: string]: unknown
}

export interface PodSpec {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly volumes?: readonly Volume[]
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly hostNetwork?: boolean
  readonly hostPID?: boolean
  readonly hostIPC?: boolean
  readonly terminationGracePeriodSeconds?: number
  readonly topologySpreadConstraints?: readonly unknown[]
  readonly securityContext?: Container['securityContext']
}

/** The pods of one object. */
export interface PodTemplate {
  /** How the object is called in messages. */
  readonly of: string
  readonly kind: string
  readonly labels: Readonly<Record<string, string>>
  readonly spec: PodSpec
  /** The volumes that a StatefulSet makes for each pod. */
  readonly claims: readonly string[]
}

interface WithTemplate {
  readonly template?: { readonly metadata?: { readonly labels?: Record<string, string> }; readonly spec: PodSpec }
  readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
}

/** The pods of all objects. Those of a RestateCluster are the operator's. */
export function podsOf(objects: readonly KubernetesObject[]): PodTemplate[] {
  return objects.flatMap((object) => {
    const common = { of: nameOf(object), kind: object.kind }
    if (object.kind === 'Pod')
      return [{ ...common, labels: object.metadata.labels ?? {}, spec: object['spec'] as PodSpec, claims: [] }]
    const { template, volumeClaimTemplates = [] } = (object['spec'] ?? {}) as WithTemplate
    if (template?.spec?.containers === undefined) return []
    const claims = volumeClaimTemplates.map(({ metadata }) => metadata.name)
    return [{ ...common, labels: template.metadata?.labels ?? {}, spec: template.spec, claims }]
  })
}

/** Whether a selector of labels takes these labels. */
export function isSelected(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels = {}, matchExpressions = [] } = selector
  if (matchExpressions.length > 0) throw new Error('the chart has no matchExpressions')
  return Object.entries(matchLabels).every(([name, value]) => labels[name] === value)
}

export interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>>
  readonly matchExpressions?: readonly unknown[]
}
