/** Decides what brings a node back into its cluster, or why nothing may be done to it now. */
import { mainCluster } from '../../lib/main-cluster.ts'
import type { ClusterReport, LogSegment, MemberRow, NodeReport, Survey } from './survey.ts'

/** The members of the metadata that have to agree, of five. */
const METADATA_QUORUM = 3

export type RepairPlan =
  | { readonly kind: 'nothing'; readonly lines: readonly string[] }
  | { readonly kind: 'refused'; readonly lines: readonly string[] }
  | {
      readonly kind: 'repair'
      /** What will happen, for the person who is asked. */
      readonly lines: readonly string[]
      readonly member: MemberRow
      /** A node that is a good member, and is asked to do the work. */
      readonly helper: string
      /** Whether the volume holds another cluster, which has to go. */
      readonly setsDataAside: boolean
      /** Whether the cluster has to be told that the node begins with an empty log. */
      readonly emptiesLog: boolean
    }

export function planRepair(name: string, survey: Survey): RepairPlan {
  const { reports, cluster } = survey
  const main = mainCluster(reports.map((one) => one.cluster))
  const refused = (...lines: string[]): RepairPlan => ({ kind: 'refused', lines })
  if (cluster === undefined || main === null) {
    return refused(
      `${name} cannot be repaired, because the other nodes form no cluster that works: it needs ${METADATA_QUORUM} of five nodes with their data.`,
      'Start them first: npm run cluster:start. npm run cluster:ps shows which ones do not run.',
    )
  }
  const member = cluster.members.find((row) => row.name === name)
  const report = reports.find((one) => one.name === name)
  if (member === undefined)
    return refused(
      `${name} is not in the list of the cluster's nodes, so that it joins as a new one: npm run cluster:start`,
    )

  const isStray = report !== undefined && report.cluster !== null && report.cluster !== main
  const hasLostData = isStray || ['data-loss', 'provisioning'].includes(member.storage_state)
  const isStandby = report?.metadata === 'Standby'
  if (!hasLostData && !isStandby) {
    const lines = [`${name} needs no repair: it has its data and its place in the cluster.`]
    if (report?.isRunning !== true) lines.push('It does not run; start it with npm run cluster:start.')
    return { kind: 'nothing', lines }
  }
  const others = reports
    .filter((one) => one.name !== name)
    .map((one) => ({ ...one, problem: problemOf(one, cluster, main) }))
  const sound = others.filter(({ problem }) => problem === undefined)
  const unsound = others.filter(({ problem }) => problem !== undefined)
  const problems = unsound.map((one) => `  ${one.name} ${one.problem}`)
  if (sound.length < METADATA_QUORUM) {
    return refused(
      `${name} cannot be repaired now: only ${sound.length} of the other nodes are sound, and the metadata needs ${METADATA_QUORUM}:`,
      ...problems,
      adviceFor(unsound),
    )
  }
  const copies = copiesBeside(member.plain_node_id, cluster.segments)
  // Each entry of the log lies on so many nodes. With this one lost, the copies of some may lie on those that are away alone.
  if (hasLostData && unsound.length > copies - 2) {
    return refused(
      `${name} cannot be repaired now: the log has ${copies} copies of each entry, so that some may lie only on the nodes that are not sound:`,
      ...problems,
      adviceFor(unsound),
    )
  }
  const [helper] = sound
  if (helper === undefined) throw new Error('a sound node was counted and is not there')
  return {
    kind: 'repair',
    member,
    helper: helper.name,
    setsDataAside: isStray,
    emptiesLog: hasLostData,
    lines: summary(name, { isStray, hasLostData }),
  }
}

function summary(name: string, { isStray, hasLostData }: { readonly isStray: boolean; readonly hasLostData: boolean }) {
  return [
    isStray ? `${name} belongs to a cluster of its own. To bring it back:` : `To bring ${name} back:`,
    ...(isStray
      ? [
          '  - It stops, its data is set aside in its own volume, and it starts without data. Calls that only this node has taken end here:',
          '    results that they saved stay in the database, runs that were under way have to be resumed.',
        ]
      : []),
    ...(hasLostData
      ? [
          '  - The other nodes make snapshots of all partitions, so that nothing of what it held is needed any more.',
          '  - The cluster is told that its part of the log begins empty, and the node starts again.',
        ]
      : []),
    '  - Its copy of the metadata is taken out of the cluster and joins anew.',
    'The other nodes go on with their work meanwhile, and nothing that they hold is changed.',
  ]
}

/** Why a node cannot be counted on while another one is repaired; undefined where it can. */
function problemOf(report: NodeReport, cluster: ClusterReport, main: string): string | undefined {
  const member = cluster.members.find(({ name }) => name === report.name)
  if (member?.storage_state === 'data-loss') return 'has lost its data'
  if (!report.isRunning) return 'does not run'
  if (report.cluster !== null && report.cluster !== main) return 'belongs to another cluster'
  if (member === undefined) return 'has not joined the cluster'
  if (member.state !== 'alive' || report.metadata === undefined) return 'does not answer'
  if (report.metadata !== 'Member') return 'holds no copy of the metadata'
  return member.storage_state === 'read-write' ? undefined : `takes no part in the log (${member.storage_state})`
}

function adviceFor(unsound: readonly (NodeReport & { readonly problem: string | undefined })[]): string {
  if (unsound.some(({ problem }) => problem === 'has lost its data' || problem === 'belongs to another cluster')) {
    return 'A volume that can be restored from a backup brings its node back. Where none can, what was saved is in the database: keep it with npm run export, and begin anew with npm run cluster:clean.'
  }
  return 'Bring those back first: npm run cluster:start. Then repair this one.'
}

/** The least number of copies that a segment with entries on the node has; 2, as the cluster begins, where there is none. */
function copiesBeside(id: string, segments: readonly LogSegment[]): number {
  const copies = segments.filter(({ nodes }) => nodes.includes(id)).map((segment) => segment.copies)
  return copies.length === 0 ? 2 : Math.min(...copies)
}

/** The logs whose newest segment still counts on the node. Restate replaces such segments by itself within seconds. */
export function logsInUse(id: string, segments: readonly LogSegment[]): number[] {
  const logs = [...Map.groupBy(segments, ({ log_id: log }) => log)]
  return logs.filter(([, own]) => newestOf(own)?.nodes.includes(id) === true).map(([log]) => log)
}

function newestOf(segments: readonly LogSegment[]): LogSegment | undefined {
  return segments.toSorted((a, b) => b.segment_index - a.segment_index)[0]
}

/**
 * The entries up to which each log has to be in a snapshot before the node's copies may be forgotten, by the log's number:
 * the last entry of the newest segment that the node has a part of.
 */
export function snapshotsNeeded(id: string, segments: readonly LogSegment[]): ReadonlyMap<number, number> {
  const needed = new Map<number, number>()
  for (const [log, own] of Map.groupBy(segments, ({ log_id }) => log_id)) {
    const inOrder = own.toSorted((a, b) => a.segment_index - b.segment_index)
    const last = inOrder.findLastIndex(({ nodes }) => nodes.includes(id))
    const next = inOrder[last + 1]
    if (last >= 0 && next !== undefined && next.base_lsn > 1) needed.set(log, next.base_lsn - 1)
  }
  return needed
}

/** The logs that no snapshot covers far enough, from what `restatectl snapshots create` printed. */
export function logsWithoutSnapshot(needed: ReadonlyMap<number, number>, printed: string): number[] {
  const made = new Map<number, number>()
  for (const [, log, lsn] of printed.matchAll(/\(log (\d+) @ LSN >= (\d+)\)/g)) made.set(Number(log), Number(lsn))
  return [...needed].filter(([log, lsn]) => (made.get(log) ?? 0) < lsn).map(([log]) => log)
}
