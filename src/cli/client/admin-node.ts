/** Requests to the admin port of one Restate node at a time, for what each node has to know by itself.
 *
 * Each node holds the deployment of the replicas and the members of the cluster.
 */
import { z } from 'zod'
import { parseJson } from '../../lib/json.ts'
import { createHttpClient, type HttpAnswer, type HttpRequest } from './http.ts'

export interface AdminNodeClient {
  /**
   * Registers the deployment at `uri` by force, because the same address may have other handlers than at the last
   * registration. Resolves with the id of the deployment, and rejects with an error that says what the node answered.
   */
  register(url: string, uri: string): Promise<string>
  /** The deployments that the node knows; undefined where its answer holds no such list. Rejects where none came. */
  listDeployments(url: string): Promise<readonly Deployment[] | undefined>
  /** The numbers of the nodes that the node counts as members, and the HTTP status. Rejects where no answer came. */
  listMembers(url: string): Promise<{ readonly members: readonly number[] | undefined; readonly status: number }>
}

/** A deployment as Restate lists it. */
export interface Deployment {
  readonly id: string
  readonly uri?: string | undefined
  /** "BidiStream" for HTTP/2 with streams in both directions, "RequestResponse" for HTTP/1.1. */
  readonly protocol_type?: string | undefined
}

/** Characters of a node's own message that are shown. */
const MAX_MESSAGE_LENGTH = 300

/** `answerTimeoutMs` bounds one request. When `signal` aborts, requests reject with its reason. */
export function createAdminNodeClient(signal: AbortSignal, answerTimeoutMs: number): AdminNodeClient {
  const send = createHttpClient()
  const ask = async (url: string, request: Omit<HttpRequest, 'signal'>): Promise<HttpAnswer> => {
    const bound = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)])
    return await send(url, { ...request, signal: bound }).catch((error: unknown) => {
      signal.throwIfAborted()
      throw error
    })
  }
  return {
    register: async (url, uri) => {
      const answer = await ask(`${url}/deployments`, { body: { uri, force: true } })
      const id = z.object({ id: z.string() }).safeParse(parseJson(answer.text)).data?.id
      if (answer.status < 300 && id !== undefined) return id
      throw new Error(`it answered ${answer.status}: ${answer.text.slice(0, MAX_MESSAGE_LENGTH)}`)
    },
    listDeployments: async (url) => parseDeployments((await ask(`${url}/deployments`, { method: 'GET' })).text),
    listMembers: async (url) => {
      const { text, status } = await ask(`${url}/cluster-health`, { method: 'GET' })
      return { members: parseMembers(text), status }
    },
  }
}

const deploymentsSchema = z.object({
  deployments: z.array(
    z.looseObject({ id: z.string(), uri: z.string().optional(), protocol_type: z.string().optional() }),
  ),
})

/** The deployments in an answer of GET /deployments; undefined where the text is no such answer. */
export function parseDeployments(json: string): readonly Deployment[] | undefined {
  return deploymentsSchema.safeParse(parseJson(json)).data?.deployments
}

const healthSchema = z.object({ metadata_cluster_health: z.object({ members: z.array(z.number()) }) })

/** The numbers of the nodes in an answer of GET /cluster-health; undefined where the text is no such answer. */
export function parseMembers(json: string): readonly number[] | undefined {
  return healthSchema.safeParse(parseJson(json)).data?.metadata_cluster_health.members
}
