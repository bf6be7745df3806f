/** Sends requests to the admin port of one chosen Restate node, for facts that each node holds separately.
 *
 * These facts are the registered deployment of the replicas, and the members of the cluster.
 */
import { z } from 'zod'
import { parseJson } from '../../lib/json/json.ts'
import { lineOf } from './foreign-line.ts'
import { readGuardRefusal, refusalError } from './guard-refusal.ts'
import { createHttpClient, type HttpAnswer, type HttpRequest } from './http.ts'

export interface AdminNodeClient {
  /**
   * Registers the deployment at `uri` even where the node knows that address already, because the handlers there may
   * have changed. Resolves with the id of the deployment, and rejects with an error that says what the node answered.
   */
  register(url: string, uri: string): Promise<string>
  /**
   * Lists the deployments that the node knows; undefined where the answer has another form. Rejects where no answer
   * came.
   */
  listDeployments(url: string): Promise<readonly Deployment[] | undefined>
  /**
   * Lists the numbers of the nodes that this node counts as members, with the HTTP status of the answer. Rejects where
   * no answer came.
   */
  listMembers(url: string): Promise<{ readonly members: readonly number[] | undefined; readonly status: number }>
}

/** A deployment, in the form in which Restate lists deployments. */
export interface Deployment {
  readonly id: string
  readonly uri?: string | undefined
  /** The protocol: "BidiStream" is HTTP/2 with streams in both directions, "RequestResponse" is HTTP/1.1. */
  readonly protocol_type?: string | undefined
}

/** An error message shows at most this many characters of what the node said. */
const MAX_MESSAGE_LENGTH = 300

/**
 * Creates the client. Each request may take `answerTimeoutMs`; when `signal` aborts, requests reject with its reason.
 */
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
      const refusal = readGuardRefusal(answer)
      if (refusal?.isLasting === true) throw refusalError(url, refusal)
      throw new Error(`it answered ${answer.status}: ${lineOf(reasonOf(answer.text).slice(0, MAX_MESSAGE_LENGTH))}`)
    },
    listDeployments: async (url) => parseDeployments((await ask(`${url}/deployments`, { method: 'GET' })).text),
    listMembers: async (url) => {
      const { text, status } = await ask(`${url}/cluster-health`, { method: 'GET' })
      return { members: parseMembers(text), status }
    },
  }
}

/**
 * The sentence in an answer of a node. Of an address that answers otherwise than a replica, Restate quotes all headers and the
 * page, which say no more than the status before them and are others at each node.
 */
function reasonOf(text: string): string {
  const { message = text } = z.object({ message: z.string() }).safeParse(parseJson(text)).data ?? {}
  return (message.split(/\. Response headers: /)[0] ?? '').replace(/^(\[\w+\] )\1/, '$1')
}

const deploymentsSchema = z.object({
  deployments: z.array(
    z.looseObject({ id: z.string(), uri: z.string().optional(), protocol_type: z.string().optional() }),
  ),
})

/** Parses an answer of GET /deployments; returns undefined where the text has another form. */
export function parseDeployments(json: string): readonly Deployment[] | undefined {
  return deploymentsSchema.safeParse(parseJson(json)).data?.deployments
}

const healthSchema = z.object({ metadata_cluster_health: z.object({ members: z.array(z.number()) }) })

/** Parses the node numbers in an answer of GET /cluster-health; returns undefined where the text has another form. */
export function parseMembers(json: string): readonly number[] | undefined {
  return healthSchema.safeParse(parseJson(json)).data?.metadata_cluster_health.members
}
