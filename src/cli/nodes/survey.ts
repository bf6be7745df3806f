/** What the Restate nodes of the cluster say of themselves and of each other, read from the texts of their answers. */
import { z } from 'zod'
import { parseJson } from '../../lib/json/json.ts'
import { readClusterMarker } from '../../lib/main-cluster.ts'

/** What one node says of itself. */
export interface NodeReport {
  /** The name of the node and of its service in the Compose file, such as "restate-3". */
  readonly name: string
  /** Whether its container runs, so that it could be asked. */
  readonly isRunning: boolean
  /** The state of its member of the metadata, such as "Member", "Standby" or "AwaitingProvisioning"; undefined where it is silent. */
  readonly metadata: string | undefined
  /** The number of the cluster that its volume belongs to; null for an empty volume and for a node that does not run. */
  readonly cluster: string | null
}

/** A node as the cluster lists it. */
export interface MemberRow {
  readonly name: string
  /** The id of the node in the cluster, such as "N3". */
  readonly plain_node_id: string
  /** Whether the others reach it: "alive", "dead" and the like. */
  readonly state: string
  /** The state of its part of the log: "read-write", "data-loss", "provisioning" and others. */
  readonly storage_state: string
}

/** A segment of a log, with the nodes that hold its entries. */
export interface LogSegment {
  readonly log_id: number
  readonly segment_index: number
  /** The number of the first entry of the segment. */
  readonly base_lsn: number
  /** How many nodes hold each entry. */
  readonly copies: number
  readonly nodes: readonly string[]
}

/** A copy of a partition that a node should hold, and whether it follows the log. */
export interface PartitionReplica {
  readonly partition_id: number
  readonly plain_node_id: string
  readonly isActive: boolean
}

export interface Survey {
  readonly reports: readonly NodeReport[]
  /** What the cluster of most nodes says; undefined where no node of it answers, as where too few live. */
  readonly cluster: ClusterReport | undefined
}

export interface ClusterReport {
  /** The ids of the nodes that hold a copy of the metadata and follow it. */
  readonly metadata: ReadonlySet<string>
  readonly members: readonly MemberRow[]
  readonly segments: readonly LogSegment[]
  readonly replicas: readonly PartitionReplica[]
}

/** What a node is asked for in its own container. The parts of the answer stand between lines of this mark. */
export const MARK = '--- next ---'

const healthSchema = z.object({ metadata_server_status: z.string() })

/** Reads what the shell of a node's container printed: the node's health, the mark, and the marker of its volume. */
export function parseReport(name: string, text: string): NodeReport {
  const [health = '', marker = ''] = text.split(MARK)
  return {
    name,
    isRunning: true,
    metadata: healthSchema.safeParse(parseJson(health)).data?.metadata_server_status,
    cluster: readClusterMarker(marker),
  }
}

/** The questions about the whole cluster, in the order in which `parseClusterReport` reads their answers. */
export const QUESTIONS = [
  'select name, plain_node_id, state, storage_state from nodes',
  'select log_id, segment_index, base_lsn, replication, nodeset from logs',
  "select partition_id, plain_node_id from partition_replica_set where membership = 'current'",
  'select partition_id, plain_node_id, replay_status from partition_state',
] as const

const memberRows = z.array(
  z.object({ name: z.string(), plain_node_id: z.string(), state: z.string(), storage_state: z.string() }),
)
const segmentRows = z.array(
  z.object({
    log_id: z.number(),
    segment_index: z.number(),
    base_lsn: z.number(),
    /** Such as "{node: 2}". */
    replication: z.string().optional(),
    /** Such as "[N1, N4, N3]". */
    nodeset: z.string().optional(),
  }),
)
const placeRows = z.array(z.object({ partition_id: z.number(), plain_node_id: z.string() }))
const stateRows = z.array(
  z.object({ partition_id: z.number(), plain_node_id: z.string(), replay_status: z.string().optional() }),
)

/**
 * Reads the answers of `restatectl sql --json` to QUESTIONS, and after them what `restatectl metadata-server list-servers`
 * printed; undefined where one of them is no answer.
 */
export function parseClusterReport(text: string): ClusterReport | undefined {
  const parts = text.split(MARK)
  const answers = parts.slice(0, QUESTIONS.length).map((part) => parseJson(part.trim()))
  // A member that has only just joined follows no version yet, which stands there as v0.
  const servers = parts[QUESTIONS.length]?.matchAll(/^\s*(N\d+)\s+Member\s+v[1-9]/gm) ?? []
  const members = memberRows.safeParse(answers[0]).data
  const segments = segmentRows.safeParse(answers[1]).data
  const places = placeRows.safeParse(answers[2]).data
  const states = stateRows.safeParse(answers[3]).data
  if (members === undefined || members.length === 0) return undefined
  if (segments === undefined || places === undefined || states === undefined) return undefined
  const active = new Set(states.filter(({ replay_status: status }) => status === 'active').map((row) => placeOf(row)))
  return {
    metadata: new Set([...servers].flatMap(([, id]) => id ?? [])),
    members,
    segments: segments.map(({ replication = '', nodeset = '', ...segment }) => ({
      ...segment,
      copies: Number(/node: (\d+)/.exec(replication)?.[1] ?? 1),
      nodes: nodeset.match(/N\d+/g) ?? [],
    })),
    replicas: places.map((place) => ({ ...place, isActive: active.has(placeOf(place)) })),
  }
}

function placeOf(row: { readonly partition_id: number; readonly plain_node_id: string }): string {
  return `${row.partition_id} ${row.plain_node_id}`
}
