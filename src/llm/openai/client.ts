/** The client of a language model: asks any endpoint with OpenAI's chat completions, by the `openai` package. */
import OpenAI, { APIError } from 'openai'
import type { ChatCompletion } from 'openai/resources/chat/completions'
import type { Logger } from 'pino'
import { type ErrorCode, ServiceError } from '../../errors.ts'
import { OPENAI_API_URL } from '../../lib/network/http-url.ts'
import { billedTier, type ServiceTier, tierNamed } from '../../lib/service-tiers.ts'
import { isOfModel, type PaidUsage, paidUsageOf } from '../errors.ts'
import { createBodyEncoder } from '../http/request-body.ts'
import { type PriceTable, priceOf } from '../pricing.ts'
import type { ModelClient, ModelReply, ModelRequest } from '../types.ts'
import { createAnswerBounds } from './answer-bounds.ts'
import { readEndpoint } from './endpoint.ts'
import { createEndpointFetch } from './endpoint-fetch.ts'
import { type EndpointContext, isFormRefused, isUnreachable, toServiceError } from './errors.ts'
import { createFeatureRegister } from './features.ts'
import { parseRateHeaders } from './headers.ts'
import { buildParams, type ReasoningEffort } from './parameters.ts'
import { MOST_QUOTED, readAnswer } from './read-answer.ts'
import { excerptOf, redact } from './redaction.ts'
import { requestIdOf, requestIdOfError, withRequestId } from './request-ids.ts'
import { createUnpricedWarnings } from './unpriced-warnings.ts'
import { billOf, mayBeBilled, readUsage, usageWithoutAnswer, withEstimatedBill } from './usage.ts'

export interface OpenAiClientOptions {
  /** The key of every request; undefined for an endpoint without keys. */
  readonly apiKey: string | undefined
  /** The base URL of the endpoint. Default: that of OpenAI. */
  readonly baseUrl?: string | undefined
  /** The version of Azure's API, with which the key goes into the header `api-key`. */
  readonly apiVersion?: string | undefined
  /** Headers of every request, which replace ours of the same name. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly organization?: string | undefined
  readonly project?: string | undefined
  readonly model: string
  readonly escalationModel?: string | undefined
  /** How much the model reasons. Default: none, because the bound on an answer's tokens leaves no room for reasoning. */
  readonly reasoningEffort?: ReasoningEffort | undefined
  /** The bound on the tokens of an answer, where the one that follows from the question is lower. */
  readonly maxAnswerTokens?: number | undefined
  /** The service tier that is asked for where a request names none. Default: the parameter is not sent. */
  readonly serviceTier?: ServiceTier | undefined
  /** Milliseconds after which one HTTP request fails, the reading of its body included. */
  readonly timeoutMs: number
  /** The same in the flex tier, whose answers take longer. Default: `timeoutMs`. */
  readonly flexTimeoutMs?: number | undefined
  readonly prices: PriceTable
  /** The proxy through which the endpoint is reached, for messages. */
  readonly proxy?: string | undefined
  readonly log: Logger
  readonly hooks?: ModelClientHooks | undefined
}

export interface ModelClientHooks {
  /** Called once at the end of each HTTP request, also where the request is then repeated without a refused parameter. */
  readonly requestEnded?: ((request: EndedRequest) => void) | undefined
}

export interface EndedRequest {
  /** The configured name of the model, so that a metric's label has at most two values. */
  readonly model: string
  readonly outcome: 'ok' | ErrorCode
  readonly latencyMs: number
  /** The bill of the request; null where no bill is known. */
  readonly paid: PaidUsage | null
}

/**
 * Builds a `ModelClient` without a request and without reading the environment. `ask` sends one HTTP request. Where the
 * endpoint does not take the form of the request, `ask` sends it again at once in a weaker form, which later requests keep.
 * These extra requests, at most 7 for a model and a service tier and those in flight, take no start permit. Throws config-invalid where the base
 * URL holds credentials, or is a deployment of Azure without a version.
 */
export function createOpenAiClient(options: OpenAiClientOptions): ModelClient {
  const { log, prices, timeoutMs, hooks } = options
  const endpoint = readEndpoint({ ...options, baseUrl: options.baseUrl ?? OPENAI_API_URL })
  const { secrets } = endpoint
  const models = { primary: options.model, escalation: options.escalationModel ?? null }
  const features = createFeatureRegister(log)
  const bounds = createAnswerBounds(options.maxAnswerTokens ?? null, log)
  const warnUnpriced = createUnpricedWarnings(log)
  const encodeBody = createBodyEncoder()
  const openai = new OpenAI({
    // The package demands a key. The fetch below sends the headers of `endpoint` in the place of those that the package builds.
    apiKey: 'unused',
    baseURL: options.baseUrl ?? OPENAI_API_URL,
    defaultQuery: { ...endpoint.query },
    timeout: timeoutMs,
    maxRetries: 0,
    fetch: createEndpointFetch(endpoint),
    // The SDK reads options that are left undefined from the environment, and its own log may print headers and bodies.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
  })

  /** A request as it is sent once: to which model, and in which service tier, where the endpoint takes that parameter. */
  interface Sent {
    readonly model: string
    readonly asked: ServiceTier | undefined
    readonly isTierSent: boolean
  }
  const isFlex = ({ asked, isTierSent }: Sent) => asked === 'flex' && isTierSent
  const timeoutOf = (sent: Sent) => (isFlex(sent) ? Math.max(timeoutMs, options.flexTimeoutMs ?? 0) : timeoutMs)

  function contextOf(sent: Sent): EndpointContext {
    const { model } = sent
    const modelVariable = model === models.primary ? 'OPENAI_MODEL' : 'OPENAI_ESCALATION_MODEL'
    const { host, display: baseUrl } = endpoint
    const { proxy } = options
    return { host, baseUrl, model, modelVariable, timeoutMs: timeoutOf(sent), isFlex: isFlex(sent), secrets, proxy }
  }

  function paidUsage(completion: ChatCompletion, request: ModelRequest, sent: Sent, latencyMs: number): PaidUsage {
    const { model } = sent
    const answered = typeof completion.model === 'string' && completion.model !== '' ? completion.model : model
    const counted = readUsage(completion, request)
    const serviceTier = billedTier(sent.asked, sent.isTierSent, tierNamed(completion.service_tier))
    const price = priceOf(answered, prices, serviceTier) ?? priceOf(model, prices, serviceTier)
    const name = redact(answered, secrets)
    if (price === null) warnUnpriced(name)
    return { ...counted, costUsd: billOf(counted.usage, price), model: name, latencyMs, serviceTier }
  }

  /** The failure of a request, with an estimated bill where the model may have worked for it although no answer came. */
  function failureOf(error: unknown, request: ModelRequest, sent: Sent, latencyMs: number): ServiceError {
    const { model } = sent
    const failure = toServiceError(error, contextOf(sent))
    const status = error instanceof APIError ? error.status : undefined
    const isBilled = failure !== error && mayBeBilled(failure, { status, isUnreachable: isUnreachable(error) })
    if (!isBilled) return failure
    const usage = usageWithoutAnswer(request)
    const serviceTier = billedTier(sent.asked, sent.isTierSent, undefined)
    const costUsd = billOf(usage, priceOf(model, prices, serviceTier))
    return withEstimatedBill(failure, { usage, costUsd, model, latencyMs, serviceTier })
  }

  async function send(request: ModelRequest, model: string): Promise<ModelReply> {
    const sentBound = request.maxCompletionTokens
    const serviceTier = request.serviceTier ?? options.serviceTier
    const name = serviceTier === undefined ? model : `${model} (${serviceTier})`
    for (let form = features.of(name, serviceTier !== undefined); ; ) {
      const sent: Sent = { model, asked: serviceTier, isTierSent: form.serviceTier }
      const started = performance.now()
      const end = (outcome: 'ok' | ErrorCode, paid: PaidUsage | null) =>
        hooks?.requestEnded?.({ model, outcome, latencyMs: performance.now() - started, paid })
      let requestId: string | undefined
      try {
        const reasoningEffort = options.reasoningEffort ?? 'none'
        const params = buildParams(request, model, { reasoningEffort, serviceTier }, form)
        const { data: completion, response } = await openai
          .post<ChatCompletion>('/chat/completions', {
            body: encodeBody(params),
            timeout: timeoutOf(sent),
            ...(request.signal === undefined ? {} : { signal: request.signal }),
          })
          .withResponse()
        requestId = requestIdOf(response.headers, secrets)
        const { answer, paid } = readAnswer(completion, {
          context: contextOf(sent),
          schema: request.schema,
          pay: () => paidUsage(completion, request, sent, performance.now() - started),
          cutOff: (body) => {
            bounds.cutOff(model, sentBound, body)
            return request.answerTokens !== undefined && bounds.of(model, request.answerTokens) > sentBound
          },
        })
        features.accepted(name, form)
        end('ok', paid)
        const excerpt = () => excerptOf(JSON.stringify(answer), secrets, MOST_QUOTED)
        return { answer, excerpt, ...paid, rate: parseRateHeaders(response.headers), requestId }
      } catch (error) {
        const latencyMs = performance.now() - started
        const failure = failureOf(error, request, sent, latencyMs)
        end(failure.code, paidUsageOf(failure))
        if (isOfModel(failure)) features.accepted(name, form)
        const weaker = isFormRefused(error, failure) ? features.weaker(name, form, error.error) : null
        const id = requestId ?? requestIdOfError(error, secrets)
        if (weaker === null) throw withRequestId(failure, id)
        request.formRefused?.({ code: failure.code, latencyMs, requestId: id })
        form = weaker
      }
    }
  }

  return {
    models,
    serviceTier: options.serviceTier,
    answerBound: (tier, tokens) => bounds.of(models[tier] ?? models.primary, tokens),
    async ask(request) {
      const model = request.tier === 'primary' ? models.primary : models.escalation
      if (model === null) throw new ServiceError('config-invalid', 'no OPENAI_ESCALATION_MODEL is set')
      return send(request, model)
    },
  }
}
