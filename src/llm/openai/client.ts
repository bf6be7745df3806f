/** The client of a language model: asks any endpoint with OpenAI's chat completions, by the `openai` package. */
import OpenAI, { APIError } from 'openai'
import type { ChatCompletion } from 'openai/resources/chat/completions'
import type { Logger } from 'pino'
import { type ErrorCode, ServiceError } from '../../errors.ts'
import { OPENAI_API_URL } from '../../lib/http-url.ts'
import { isRecord, parseJson } from '../../lib/json.ts'
import { PaidAnswerError, type PaidUsage, paidUsageOf } from '../errors.ts'
import { type PriceTable, priceOf } from '../pricing.ts'
import type { ModelClient, ModelReply, ModelRequest } from '../types.ts'
import { createErrorBodyFetch } from './error-bodies.ts'
import { type EndpointContext, isUnreachable, toServiceError } from './errors.ts'
import { parseRateHeaders } from './headers.ts'
import { buildParams, createFeatureRegister, type ReasoningEffort } from './parameters.ts'
import { redact, redactExact } from './redaction.ts'
import { createUnpricedWarnings } from './unpriced-warnings.ts'
import { billOf, mayBeBilled, readUsage, usageWithoutAnswer, withEstimatedBill } from './usage.ts'

export interface OpenAiClientOptions {
  /** The bearer token of every request. An endpoint without keys accepts any text. */
  readonly apiKey: string
  /** The base URL of the endpoint. Default: that of OpenAI. */
  readonly baseUrl?: string | undefined
  readonly model: string
  readonly escalationModel?: string | undefined
  /** How much the model reasons. Default: none, because the bound on an answer's tokens leaves no room for reasoning. */
  readonly reasoningEffort?: ReasoningEffort | undefined
  /** Milliseconds after which one HTTP request fails, the reading of its body included. */
  readonly timeoutMs: number
  readonly prices: PriceTable
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
 * endpoint refuses a parameter that it does not know, `ask` sends the request again at once without the parameter,
 * which later requests leave out. These extra requests, at most 6 for a model and those in flight, take no start
 * permit. Throws config-invalid where the base URL holds credentials.
 */
export function createOpenAiClient(options: OpenAiClientOptions): ModelClient {
  const { log, prices, timeoutMs, hooks } = options
  const baseUrl = options.baseUrl ?? OPENAI_API_URL
  const endpoint = readEndpoint(baseUrl)
  const secrets = [options.apiKey, ...endpoint.secrets]
  const models = { primary: options.model, escalation: options.escalationModel ?? null }
  const features = createFeatureRegister(log)
  const warnUnpriced = createUnpricedWarnings(log)
  const openai = new OpenAI({
    apiKey: options.apiKey,
    baseURL: baseUrl,
    timeout: timeoutMs,
    maxRetries: 0,
    fetch: createErrorBodyFetch(secrets),
    // The SDK reads options that are left undefined from the environment, and its own log may print headers and bodies.
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    logLevel: 'off',
  })

  function contextOf(model: string): EndpointContext {
    const modelVariable = model === models.primary ? 'OPENAI_MODEL' : 'OPENAI_ESCALATION_MODEL'
    return { host: endpoint.host, baseUrl: endpoint.display, model, modelVariable, timeoutMs, secrets }
  }

  function paidUsage(completion: ChatCompletion, request: ModelRequest, model: string, latencyMs: number): PaidUsage {
    const answered = typeof completion.model === 'string' && completion.model !== '' ? completion.model : model
    const counted = readUsage(completion, request)
    const price = priceOf(answered, prices) ?? priceOf(model, prices)
    const name = redact(answered, secrets)
    if (price === null) warnUnpriced(name)
    return { ...counted, costUsd: billOf(counted.usage, price), model: name, latencyMs }
  }

  /** The failure of a request, with an estimated bill where the model may have worked for it although no answer came. */
  function failureOf(error: unknown, request: ModelRequest, model: string, latencyMs: number): ServiceError {
    const failure = toServiceError(error, contextOf(model))
    const status = error instanceof APIError ? error.status : undefined
    const isBilled = failure !== error && mayBeBilled(failure, { status, isUnreachable: isUnreachable(error) })
    if (!isBilled) return failure
    const usage = usageWithoutAnswer(request)
    return withEstimatedBill(failure, { usage, costUsd: billOf(usage, priceOf(model, prices)), model, latencyMs })
  }

  async function send(request: ModelRequest, model: string): Promise<ModelReply> {
    for (;;) {
      const sent = features.of(model)
      const started = performance.now()
      const end = (outcome: 'ok' | ErrorCode, paid: PaidUsage | null) =>
        hooks?.requestEnded?.({ model, outcome, latencyMs: performance.now() - started, paid })
      try {
        const { data: completion, response } = await openai.chat.completions
          .create(
            buildParams(request, model, options.reasoningEffort ?? 'none', sent),
            request.signal === undefined ? {} : { signal: request.signal },
          )
          .withResponse()
        const paid = () => paidUsage(completion, request, model, performance.now() - started)
        const { answer, ...billed } = readAnswer(completion, contextOf(model), paid)
        end('ok', billed)
        return { answer, ...billed, rate: parseRateHeaders(response.headers) }
      } catch (error) {
        const failure = failureOf(error, request, model, performance.now() - started)
        end(failure.code, paidUsageOf(failure))
        const refused = error instanceof APIError && (error.status === 400 || error.status === 422)
        if (refused && features.drop(model, sent, error.error)) continue
        throw failure
      }
    }
  }

  return {
    models,
    async ask(request) {
      const model = request.tier === 'primary' ? models.primary : models.escalation
      if (model === null) throw new ServiceError('config-invalid', 'no OPENAI_ESCALATION_MODEL is set')
      return send(request, model)
    },
  }
}

type PaidAnswer = PaidUsage & { readonly answer: unknown }

/** Reads the JSON of an answer. Throws `PaidAnswerError` for an answer that was billed but cannot be used. */
function readAnswer(completion: ChatCompletion, context: EndpointContext, pay: () => PaidUsage): PaidAnswer {
  const { host, model, secrets } = context
  // The SDK promises this type without a check: an endpoint may send anything with status 200.
  const body: unknown = completion
  if (!isRecord(body)) {
    const message = `${context.baseUrl} answered with something that is no chat completion: check OPENAI_BASE_URL`
    throw new ServiceError('model-not-found', message)
  }
  const choices: unknown = body.choices
  if (isRecord(body.error) && !Array.isArray(choices)) {
    const said = redact(String(body.error.message ?? ''), secrets).slice(0, 300)
    throw new ServiceError('model-unavailable', `the model endpoint ${host} failed inside a 200 answer: ${said}`)
  }
  const paid = pay()
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
  const message: unknown = isRecord(choice) ? choice.message : undefined
  if (!isRecord(choice) || !isRecord(message)) {
    throw new PaidAnswerError('model-bad-answer', `model "${model}" at ${host} answered without a message`, paid)
  }
  const bound = `(${paid.usage.output} tokens)`
  if (choice.finish_reason === 'length') {
    throw new PaidAnswerError(
      'model-cut-off',
      `the answer of model "${model}" was cut off at its token bound ${bound}`,
      paid,
    )
  }
  if (choice.finish_reason === 'content_filter') {
    throw new PaidAnswerError(
      'model-refused',
      `the content filter of ${host} withheld the answer of model "${model}"`,
      paid,
    )
  }
  if (typeof message.refusal === 'string' && message.refusal !== '') {
    const said = redact(message.refusal, secrets).slice(0, 200)
    throw new PaidAnswerError('model-refused', `model "${model}" refused: ${said}`, paid)
  }
  const content = message.content
  const text = typeof content === 'string' ? redactExact(content, secrets) : ''
  const parsed = parseJson(text)
  if (parsed === undefined) {
    const length = `${text.length} characters`
    throw new PaidAnswerError(
      'model-bad-answer',
      `model "${model}" answered with text that is not JSON (${length})`,
      paid,
    )
  }
  return { answer: parsed, ...paid }
}

/** Splits the base URL. Throws config-invalid for a URL with credentials, because fetch would refuse it and print them. */
function readEndpoint(baseUrl: string) {
  const url = new URL(baseUrl)
  if (url.username !== '' || url.password !== '') {
    throw new ServiceError('config-invalid', 'OPENAI_BASE_URL must hold no user or password: set OPENAI_API_KEY')
  }
  // The query of the URL may carry a key, so the address that messages show ends before the query.
  const display = `${url.origin}${url.pathname === '/' ? '' : url.pathname}`
  return { host: url.host, display, secrets: [...url.searchParams.values()] }
}
