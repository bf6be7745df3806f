/** What is known of an endpoint before any request: its address, its headers, and which of their values are secret. */
import { ServiceError } from '../../errors.ts'

export interface EndpointOptions {
  /** The key of every request; undefined for an endpoint without keys. */
  readonly apiKey: string | undefined
  readonly baseUrl: string
  /** The version of Azure's API, with which the key goes into the header `api-key`. */
  readonly apiVersion?: string | undefined
  /** Headers of every request, which replace ours of the same name. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly organization?: string | undefined
  readonly project?: string | undefined
}

export interface Endpoint {
  /** Host and port, for messages. */
  readonly host: string
  /** The address without its query, which may carry a key. */
  readonly display: string
  readonly query: Readonly<Record<string, string>>
  /** All headers of a request. */
  readonly headers: Readonly<Record<string, string>>
  /** What no message shows. */
  readonly secrets: readonly string[]
  /** The secrets that are taken out of answers as well. A short or plain value would take words out of right answers. */
  readonly answerSecrets: readonly string[]
}

/** Some gateways let only known clients pass, so that requests name the package that writes them. */
const USER_AGENT = 'classify-service (OpenAI/JS)'
/** Names of headers whose values are secret wherever they stand. */
const SECRET_HEADER = /auth|key|token|secret|cookie|password|credential/i
const SHORTEST_ANSWER_SECRET = 8

/** Reads the settings of an endpoint. Throws config-invalid for an address with credentials, and for one of Azure that is incomplete. */
export function readEndpoint(options: EndpointOptions): Endpoint {
  const { apiKey, apiVersion, headers = {} } = options
  const url = new URL(options.baseUrl)
  if (url.username !== '' || url.password !== '') {
    // fetch would refuse such an address, and print the password.
    throw new ServiceError('config-invalid', 'OPENAI_BASE_URL must hold no user or password: set OPENAI_API_KEY')
  }
  const isDeployment = url.hostname.endsWith('.azure.com') && url.pathname.includes('/deployments/')
  const isAzure = apiVersion !== undefined || url.searchParams.has('api-version')
  if (isDeployment && !isAzure) {
    const message = 'OPENAI_BASE_URL is a deployment of Azure: set OPENAI_API_VERSION, such as 2024-10-21'
    throw new ServiceError('config-invalid', message)
  }
  const { organization, project } = options
  const key = apiKey === undefined ? {} : isAzure ? { 'api-key': apiKey } : { authorization: `Bearer ${apiKey}` }
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const)
  const inQuery = [...url.searchParams.values()]
  const secretHeaders = given.filter(([name]) => SECRET_HEADER.test(name)).map(([, value]) => value)
  const ofKey = apiKey === undefined ? [] : [apiKey]
  return {
    host: url.host,
    display: `${url.origin}${url.pathname === '/' ? '' : url.pathname}`,
    query: apiVersion === undefined ? {} : { 'api-version': apiVersion },
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      'user-agent': USER_AGENT,
      ...key,
      ...(organization === undefined ? {} : { 'openai-organization': organization }),
      ...(project === undefined ? {} : { 'openai-project': project }),
      ...Object.fromEntries(given),
    },
    secrets: [...ofKey, ...inQuery, ...given.map(([, value]) => value)],
    answerSecrets: [...ofKey, ...inQuery, ...secretHeaders].filter((one) => one.length >= SHORTEST_ANSWER_SECRET),
  }
}
