/** Who reaches whom by the NetworkPolicies of rendered objects, as a network that enforces them decides. */
import { BlockList } from 'node:net'
import { type KubernetesObject, NAMESPACE } from './chart.ts'
import { isSelected, type Selector } from './pods.ts'

/** A pod or an address outside. */
export interface Place {
  readonly name: string
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly address?: string
}

interface Peer {
  readonly podSelector?: Selector
  readonly namespaceSelector?: Selector
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] }
}

interface Rule {
  readonly from?: readonly Peer[]
  readonly to?: readonly Peer[]
  readonly ports?: readonly { readonly port: number; readonly protocol: string }[]
}

export interface Policy {
  readonly namespace: string
  readonly podSelector: Selector
  readonly policyTypes: readonly string[]
  readonly ingress?: readonly Rule[]
  readonly egress?: readonly Rule[]
}

/** The NetworkPolicies among the objects, and those that restate-operator makes for its RestateCluster. */
export function policiesOf(objects: readonly KubernetesObject[]): Policy[] {
  return objects.flatMap((object) => {
    if (object.kind === 'NetworkPolicy')
      return [{ namespace: object.metadata.namespace ?? NAMESPACE, ...(object['spec'] as Omit<Policy, 'namespace'>) }]
    return object.kind === 'RestateCluster' ? [operatorPolicy(object)] : []
  })
}

interface ClusterSpec {
  readonly security: { readonly networkPeers: Readonly<Record<'ingress' | 'admin' | 'node', readonly Peer[]>> }
}

/** What restate-operator 2.8.1 makes of a RestateCluster, read in its sources: the peers of each port, and itself. */
function operatorPolicy({ metadata, ...object }: KubernetesObject): Policy {
  const { networkPeers } = (object['spec'] as ClusterSpec).security
  const own = { podSelector: { matchLabels: restateLabels(metadata.name) } }
  const tcp = (port: number) => [{ port, protocol: 'TCP' }]
  return {
    namespace: metadata.name,
    podSelector: own.podSelector,
    policyTypes: ['Ingress', 'Egress'],
    ingress: [
      { from: networkPeers.ingress, ports: tcp(8080) },
      { from: networkPeers.admin, ports: tcp(9070) },
      { from: [...networkPeers.node, own], ports: tcp(5122) },
    ],
    egress: [
      { to: [own], ports: tcp(5122) },
      {
        to: [
          {
            namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
            podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
          },
        ],
        ports: tcp(53),
      },
      {
        to: [
          { namespaceSelector: {}, podSelector: { matchLabels: { [`allow.restate.dev/${metadata.name}`]: 'true' } } },
        ],
      },
      { to: [{ ipBlock: { cidr: '0.0.0.0/1', except: ['10.0.0.0/8'] } }] },
      { to: [{ ipBlock: { cidr: '128.0.0.0/1', except: ['192.168.0.0/16', '172.16.0.0/12', '169.254.0.0/16'] } }] },
    ],
  }
}

/** The labels of the operator's pods. */
export function restateLabels(cluster: string): Readonly<Record<string, string>> {
  return { 'app.kubernetes.io/name': 'restate', 'app.kubernetes.io/instance': cluster }
}

/** Whether a connection from one place to the TCP port of another is let through. */
export function isReached(policies: readonly Policy[], from: Place, to: Place, port: number): boolean {
  return allows(policies, 'Egress', from, to, port) && allows(policies, 'Ingress', to, from, port)
}

/** Whether the policies of `own` let it talk to `other`: yes where none selects it. */
function allows(
  policies: readonly Policy[],
  type: 'Ingress' | 'Egress',
  own: Place,
  other: Place,
  port: number,
): boolean {
  const selecting = policies.filter(({ namespace, podSelector, policyTypes }) => {
    return (
      own.labels !== undefined &&
      namespace === own.namespace &&
      policyTypes.includes(type) &&
      isSelected(podSelector, own.labels)
    )
  })
  if (selecting.length === 0) return true
  return selecting.some(({ namespace, ingress = [], egress = [] }) =>
    (type === 'Ingress' ? ingress : egress).some((rule) => {
      const peers = rule.from ?? rule.to ?? []
      // A rule without peers is one for everybody.
      const isPeer = peers.length === 0 || peers.some((peer) => isPeerOf(peer, namespace, other))
      return (
        isPeer && (rule.ports === undefined || rule.ports.some((one) => one.protocol === 'TCP' && one.port === port))
      )
    }),
  )
}

function isPeerOf({ podSelector, namespaceSelector, ipBlock }: Peer, namespace: string, place: Place): boolean {
  if (ipBlock !== undefined) return place.address !== undefined && isInBlock(ipBlock, place.address)
  if (place.namespace === undefined) return false
  const isNamespace =
    namespaceSelector === undefined
      ? place.namespace === namespace
      : isSelected(namespaceSelector, { 'kubernetes.io/metadata.name': place.namespace })
  return isNamespace && isSelected(podSelector ?? {}, place.labels ?? {})
}

function isInBlock({ cidr, except = [] }: NonNullable<Peer['ipBlock']>, address: string): boolean {
  const list = (blocks: readonly string[]) => {
    const blockList = new BlockList()
    for (const block of blocks) {
      const [net = '', bits] = block.split('/')
      blockList.addSubnet(net, Number(bits), net.includes(':') ? 'ipv6' : 'ipv4')
    }
    return blockList
  }
  return list([cidr]).check(address) && !list(except).check(address)
}
