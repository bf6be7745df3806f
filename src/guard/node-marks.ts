/** What the volumes of the nodes say: which cluster each node belongs to, and why a node stays down. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { GuardUpstream } from '../config/guard-values.ts'
import { mainCluster, readClusterMarker } from '../lib/main-cluster.ts'
import { type Refusal, refusal } from './refusals.ts'

/** What is known of one node. Both are null where the node is called over TCP, so that its volume is not seen here. */
export interface NodeMark {
  /** A number that no other cluster has, as text, because it exceeds what a JSON number holds here. */
  readonly cluster: string | null
  /** The sentence of a node that stays down until a person repairs it. */
  readonly held: string | null
}

export interface NodeMarks {
  of(upstream: GuardUpstream): Promise<NodeMark>
  /** The refusal for calls to a node that stays down, or that belongs to another cluster than most of the nodes. */
  refusalFor(upstream: GuardUpstream): Promise<Refusal | undefined>
}

/** The milliseconds for which what was read counts: nodes change their cluster only when a person repairs them. */
const KEEP_MS = 2_000
/** Longer notes are none of this project's. */
const MAX_NOTE_LENGTH = 400

export function createNodeMarks(upstreams: readonly GuardUpstream[], now = () => performance.now()): NodeMarks {
  const directories = [...new Set(upstreams.flatMap((upstream) => directoryOf(upstream) ?? []))]
  let kept: { readonly marks: Promise<ReadonlyMap<string, NodeMark>>; readonly readAt: number } | undefined
  const read = () => {
    if (kept === undefined || now() - kept.readAt > KEEP_MS) {
      const reading = directories.map(async (directory) => [directory, await readMark(directory)] as const)
      kept = { marks: Promise.all(reading).then((entries) => new Map(entries)), readAt: now() }
    }
    return kept.marks
  }
  const of = async (upstream: GuardUpstream) => {
    const directory = directoryOf(upstream)
    return (directory === undefined ? undefined : (await read()).get(directory)) ?? { cluster: null, held: null }
  }
  return {
    of,
    refusalFor: async (upstream) => {
      if (directories.length < 2) return undefined
      const { cluster, held } = await of(upstream)
      if (held !== null) return refusal('node-away', held)
      const clusters = [...(await read()).values()].map((mark) => mark.cluster)
      return cluster === null || cluster === mainCluster(clusters) ? undefined : strayRefusal(cluster)
    },
  }
}

function strayRefusal(cluster: string): Refusal {
  return refusal(
    'node-stray',
    `This node belongs to a cluster of its own (${cluster}), not to that of the other nodes, so that nothing is sent to it. npm run cluster:ps names it, and npm run cluster:repair brings it back`,
  )
}

/** The directory of the node's data, in which its sockets lie as well. */
function directoryOf(upstream: GuardUpstream): string | undefined {
  return 'socketPath' in upstream ? dirname(upstream.socketPath) : undefined
}

async function readMark(directory: string): Promise<NodeMark> {
  const [marker, note] = await Promise.all([
    readText(join(directory, '.cluster-marker')),
    // The script that starts the node writes its note beside the directory of the data, which belongs to Restate.
    readText(join(dirname(directory), 'held')),
  ])
  const held = note?.trim().slice(0, MAX_NOTE_LENGTH)
  return {
    cluster: readClusterMarker(marker ?? ''),
    held: held === undefined || held === '' ? null : held,
  }
}

/** A file that is absent or cannot be read says nothing, as that of a node that has never started. */
async function readText(file: string): Promise<string | undefined> {
  return await readFile(file, 'utf8').catch(() => undefined)
}
