/** Finds the nodes that do not carry their part of the cluster although their containers may be healthy. */
import { mainCluster } from '../../lib/main-cluster.ts'
import type { MemberRow, NodeReport, Survey } from './survey.ts'

/** What is wrong with a node. Only the first three need a repair; the others pass by themselves. */
export type TroubleKind = 'other-cluster' | 'data-lost' | 'no-metadata' | 'not-joined' | 'no-log' | 'partitions-behind'

export interface Trouble {
  /** The name of the node, such as "restate-3". */
  readonly name: string
  readonly kind: TroubleKind
  /** A phrase for the user, with the command that helps where one does. */
  readonly reason: string
}

const NEED_REPAIR: ReadonlySet<TroubleKind> = new Set<TroubleKind>(['other-cluster', 'data-lost', 'no-metadata'])

export function needsRepair({ kind }: Trouble): boolean {
  return NEED_REPAIR.has(kind)
}

/** Whether more waiting cannot help. A new member of the metadata stands by for a moment before it is taken in. */
export function isLasting({ kind }: Trouble): boolean {
  return kind === 'other-cluster' || kind === 'data-lost'
}

export function findTroubles(survey: Survey): Trouble[] {
  return survey.reports.flatMap((report) => findTrouble(report, survey) ?? [])
}

function findTrouble(report: NodeReport, { reports, cluster }: Survey): Trouble | undefined {
  const { name } = report
  const repair = `npm run cluster:repair -- ${name}`
  const trouble = (kind: TroubleKind, reason: string): Trouble => ({ name, kind, reason })
  const main = mainCluster(reports.map((one) => one.cluster))
  if (report.cluster !== null && main !== null && report.cluster !== main) {
    return trouble('other-cluster', `belongs to a cluster of its own and not to that of the other nodes: ${repair}`)
  }
  const member = cluster?.members.find((row) => row.name === name)
  if (member?.storage_state === 'data-loss') return trouble('data-lost', `has lost its data: ${repair}`)
  if (!report.isRunning || cluster === undefined) return undefined
  if (report.metadata === 'Standby') {
    return trouble('no-metadata', `holds no copy of the metadata (it is on standby): ${repair}`)
  }
  if (member === undefined || report.metadata !== 'Member' || !cluster.metadata.has(member.plain_node_id))
    return trouble('not-joined', 'has not joined the cluster yet')
  if (member.storage_state !== 'read-write') {
    return trouble('no-log', `takes no part in the log yet (${member.storage_state})`)
  }
  const behind = partitionsBehind(member, cluster.replicas)
  return behind === 0 ? undefined : trouble('partitions-behind', `has to catch up with ${behind} partitions`)
}

function partitionsBehind(
  { plain_node_id: id }: MemberRow,
  replicas: NonNullable<Survey['cluster']>['replicas'],
): number {
  return replicas.filter(({ plain_node_id, isActive }) => plain_node_id === id && !isActive).length
}
