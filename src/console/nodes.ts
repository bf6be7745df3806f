/** Looks at the nodes of Restate for the page of the cluster: whether each answers, its release, and the memory that it takes. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { findProcess } from '../embedded/leftovers.ts'
import { messageOf } from '../errors.ts'
import { parseJson } from '../lib/json/json.ts'
import type { NodeShown } from './page/cluster-page.ts'

export interface NodeOptions {
  readonly adminUrls: readonly string[]
  /** Whether a node that does not answer is missed, or its address is only one where there might be one. */
  readonly areMeant: boolean
  /** The metrics of the nodes, in the order of `adminUrls`; more than those where an admin port leads to several nodes. */
  readonly metricsUrls: readonly string[]
  readonly token: string | undefined
  /** Where the node of a stack on this machine is recorded. */
  readonly dataDir: string
}

const TIMEOUT_MS = 2_000
/** Nodes change their release rarely and their memory slowly. */
const EVERY_MS = 15_000
const MAX_METRICS_BYTES = 5_000_000
const MAX_FAULT = 200

const versionSchema = z.object({ version: z.string().max(100) })
/** What the process of a node holds of the machine's memory, by its allocator. */
const RESIDENT = /^restate_jemalloc_resident_bytes(?:\{[^}]*\})? ([\d.e+]+)$/m

/** Resolves with what was seen last, and looks again in the background where that is older than some seconds. */
export function createNodeLooks(options: NodeOptions): () => Promise<readonly NodeShown[]> {
  let known: Promise<readonly NodeShown[]> | undefined
  let lookedAt = Number.NEGATIVE_INFINITY
  return () => {
    if (performance.now() - lookedAt < EVERY_MS && known !== undefined) return known
    lookedAt = performance.now()
    const looking = lookAtAll(options)
    const before = known
    known ??= looking
    void looking.then(() => {
      known = looking
    })
    return before ?? looking
  }
}

async function lookAtAll({ adminUrls, areMeant, metricsUrls, token, dataDir }: NodeOptions) {
  const areShared = metricsUrls.length > adminUrls.length
  const [ports, nodes] = await Promise.all([
    Promise.all(
      adminUrls.map(async (url, index): Promise<NodeShown> => {
        const [asked, memoryBytes] = await Promise.all([
          askVersion(url, token),
          // A port that leads to any of several nodes says nothing of the memory of one.
          areShared ? null : memoryOf(metricsUrls[index], adminUrls.length === 1 || index === 0 ? dataDir : undefined),
        ])
        return { url, memoryBytes, ...asked }
      }),
    ),
    Promise.all(areShared ? metricsUrls.map(lookAtMetrics) : []),
  ])
  return [...(areMeant ? ports : ports.filter(({ version }) => version !== null)), ...nodes]
}

/** A node that has no admin port of its own here. */
async function lookAtMetrics(url: string): Promise<NodeShown> {
  const memoryBytes = await memoryOf(url, undefined)
  const fault = memoryBytes === null ? 'its metrics tell no memory' : ''
  return { url: new URL(url).origin, version: null, memoryBytes, fault }
}

async function askVersion(url: string, token: string | undefined): Promise<Pick<NodeShown, 'version' | 'fault'>> {
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(`${url}/version`, { headers, redirect: 'error', signal })
    const text = await response.text()
    if (!response.ok) return { version: null, fault: `answers ${response.status}` }
    return { version: versionSchema.parse(parseJson(text)).version, fault: '' }
  } catch (error) {
    return { version: null, fault: messageOf(error).slice(0, MAX_FAULT) }
  }
}

/** The memory of a node by its metrics, else that of the stack's own node on this machine. */
async function memoryOf(metricsUrl: string | undefined, dataDir: string | undefined): Promise<number | null> {
  try {
    if (metricsUrl !== undefined) {
      const response = await fetch(metricsUrl, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) })
      const text = (await response.text()).slice(0, MAX_METRICS_BYTES)
      const resident = Number(RESIDENT.exec(text)?.[1])
      return Number.isFinite(resident) ? resident : null
    }
    const pid = dataDir === undefined ? undefined : await findProcess(dataDir, 'restate-server')
    if (pid === undefined) return null
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kib === undefined ? null : Number(kib) * 1_024
  } catch {
    return null
  }
}
