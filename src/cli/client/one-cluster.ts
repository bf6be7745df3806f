/** Checks that the nodes to which a command sends belong to one cluster, and leaves out those that do not. */
import { z } from 'zod'
import { ServiceError } from '../../errors.ts'
import { parseJson } from '../../lib/json/json.ts'
import { mainCluster } from '../../lib/main-cluster.ts'
import { lineOf } from './foreign-line.ts'
import { createHttpClient } from './http.ts'

/** What the guard before a node says of it. Both are null where it cannot tell, or where no guard answers. */
export interface NodeMark {
  readonly url: string
  /** A number that no other cluster has. */
  readonly cluster: string | null
  /** Why the node stays down until a person repairs it. */
  readonly held: string | null
}

/** The milliseconds that the guard may take for this answer; a node of which nothing is known is not left out. */
const ANSWER_TIMEOUT_MS = 2_000

const markSchema = z.object({ cluster: z.string().nullable(), held: z.string().nullable() })

/** Asks the guard before each node. An address without a guard, or with one of an earlier release, says nothing. */
export async function readNodeMarks(urls: readonly string[], signal: AbortSignal): Promise<readonly NodeMark[]> {
  if (urls.length < 2) return urls.map((url) => ({ url, cluster: null, held: null }))
  const send = createHttpClient()
  const marks = await Promise.all(
    urls.map(async (url) => {
      const bound = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
      const answer = await send(`${url}/guard/node`, { method: 'GET', signal: bound }).catch(() => undefined)
      const parsed = markSchema.safeParse(parseJson(answer?.status === 200 ? answer.text : ''))
      return { url, ...(parsed.data ?? { cluster: null, held: null }) }
    }),
  )
  signal.throwIfAborted()
  return marks
}

export interface OneCluster {
  /** The addresses to which the command may send. */
  readonly urls: readonly string[]
  /** One line for each node that stays down or was left out, with what helps. */
  readonly lines: readonly string[]
}

/**
 * Leaves out the nodes of any other cluster than that of most nodes. Throws ServiceError ingress-unavailable where two
 * clusters have equally many nodes, because the work of a run would be spread over both.
 */
export function keepOneCluster(marks: readonly NodeMark[]): OneCluster {
  const known = marks.filter(({ cluster }) => cluster !== null)
  const clusters = [...Map.groupBy(known, ({ cluster }) => cluster)]
  const main = mainCluster(marks.map(({ cluster }) => cluster))
  if (main === null && clusters.length > 0) {
    throw new ServiceError('ingress-unavailable', [
      'The addresses lead to different clusters, and a run has to stay in one:',
      ...clusters.map(([cluster, members]) => `  cluster ${cluster}: ${members.map(({ url }) => url).join(', ')}`),
      'Give those of one cluster, with --ingress or --admin. npm run cluster:ps shows the nodes of this machine.',
    ])
  }
  const isStray = ({ cluster }: NodeMark) => cluster !== null && cluster !== main
  return {
    urls: marks.filter((mark) => !isStray(mark)).map(({ url }) => url),
    lines: marks.flatMap((mark) => {
      if (mark.held !== null) return [`${mark.url}: ${lineOf(mark.held)}`]
      if (!isStray(mark)) return []
      const advice = 'it is left out. npm run cluster:ps names the node, npm run cluster:repair brings it back'
      return [`${mark.url} belongs to another cluster (${mark.cluster}) than the other nodes (${main}): ${advice}`]
    }),
  }
}

/** The addresses among `urls` that lead to one cluster. Shows a line for each node that is left out or stays down. */
export async function useOneCluster(
  urls: readonly string[],
  { say, signal }: { readonly say: (line: string) => void; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const { urls: kept, lines } = keepOneCluster(await readNodeMarks(urls, signal))
  for (const line of lines) say(line)
  return kept
}
