/** The client for programs: submits batches, waits for their answers, and reads results, runs and the budget. */
import type { BatchResponse, Result, RunStatus, RunsResponse } from './answer-types.ts'
import { createCaller } from './caller.ts'
import { ClassifyError } from './classify-error.ts'
import type {
  BudgetResponse,
  CodebookResponse,
  DriveResponse,
  EstimateResponse,
  EvidenceResponse,
  HealthResponse,
  ReviewResponse,
  WhyResponse,
} from './report-types.ts'
import type {
  BatchOptions,
  BatchRequest,
  BudgetRequest,
  CodebookRequest,
  DriveRequest,
  EvidenceRequest,
  Indicator,
  ReviewRequest,
  RunsRequest,
} from './request-types.ts'

export interface ClassifyClientOptions {
  /** The ingress, or several of one cluster, of which another is asked where one does not answer. */
  readonly url?: string | readonly string[] | undefined
  /** The token that the guard asks for. */
  readonly token?: string | undefined
  /** The run that all batches of this client belong to; without one each is a run of its own. */
  readonly run?: string | undefined
  /** The catalogue and the codebook of batches and questions that name none. */
  readonly catalogue?: string | undefined
  readonly codebook?: string | undefined
  /** For so many milliseconds a call is tried again where no node answers; by default one minute. */
  readonly patienceMs?: number
  /** Sends the requests; by default that of the platform. */
  readonly fetch?: typeof fetch
}

export interface SubmitOptions {
  /** The idempotency key, 1 to 255 characters of A-Z a-z 0-9 . _ ~ -; by default a new one. With the same key and the same batch the work is done and paid once. */
  readonly key?: string
  readonly run?: string
  readonly catalogue?: string
  readonly codebook?: string
  readonly force?: boolean
  readonly options?: BatchOptions
  readonly signal?: AbortSignal
}

/** A batch whose work Restate has taken over. Keep the key to fetch the answer later, from any process. */
export interface Submitted {
  readonly key: string
  readonly invocationId: string
}

/** A batch that was submitted, by either of its names. */
export type Handle = Pick<Submitted, 'key'> | Pick<Submitted, 'invocationId'>

export interface CallOptions {
  readonly signal?: AbortSignal
}

/** A result with the labels of its codebook. */
export type LabelledResult<Labels> = Result & Labels

export type Answer<Labels> = Omit<BatchResponse, 'results'> & { readonly results: readonly LabelledResult<Labels>[] }

export interface ClassifyClient<Labels> {
  /** Submits a batch of 1 to 100 indicators and waits for its answer. */
  classify(indicators: readonly Indicator[], options?: SubmitOptions): Promise<Answer<Labels>>
  /** Hands a batch over; the work is done also where this process ends. */
  submit(indicators: readonly Indicator[], options?: SubmitOptions): Promise<Submitted>
  /** Waits for the answer of a batch, for hours if need be, also over the death of a node. */
  wait(batch: Handle, options?: CallOptions): Promise<Answer<Labels>>
  /** The answer of a batch if it is there; null while the work is under way. */
  output(batch: Handle, options?: CallOptions): Promise<Answer<Labels> | null>
  /** The latest result of an indicator; null where there is none. */
  result(
    indicatorId: string,
    options?: CallOptions & Pick<SubmitOptions, 'catalogue' | 'codebook'>,
  ): Promise<LabelledResult<Labels> | null>
  /** The totals of a run; null where it is not known. */
  runStatus(run: string, options?: CallOptions): Promise<RunStatus | null>
  /** The newest runs, the newest first. */
  runs(question?: RunsRequest, options?: CallOptions): Promise<RunsResponse>
  /** Notes that a run is to pause, go on or stop, which the process that submits its batches reads every few seconds. */
  steer(run: string, wanted: NonNullable<DriveRequest['wanted']>, options?: CallOptions): Promise<DriveResponse>
  /** Sets what a run may cost in all, in US dollars, also while it goes on. */
  limitCost(run: string, maxCostUsd: number, options?: CallOptions): Promise<DriveResponse>
  /** What the latest result of an indicator rests on; null where there is none. */
  why(
    indicatorId: string,
    options?: CallOptions & Pick<SubmitOptions, 'catalogue' | 'codebook'>,
  ): Promise<WhyResponse | null>
  estimate(indicators: readonly Indicator[], options?: SubmitOptions): Promise<EstimateResponse>
  evidence(question?: EvidenceRequest, options?: CallOptions): Promise<EvidenceResponse>
  /** Reads the rate budget of the cluster, and sets it where `change` names something. */
  budget(change?: BudgetRequest, options?: CallOptions): Promise<BudgetResponse>
  /** Lists the codebooks, reads one, or stores one. */
  codebook(request?: CodebookRequest, options?: CallOptions): Promise<CodebookResponse>
  /** Stores what a person decides on results, all of it or nothing. */
  review(
    decisions: ReviewRequest['decisions'],
    options?: CallOptions & Omit<ReviewRequest, 'decisions'> & Pick<SubmitOptions, 'key'>,
  ): Promise<ReviewResponse>
  health(options?: CallOptions): Promise<HealthResponse>
}

const DEFAULT_URL = 'http://127.0.0.1:8080'
const DEFAULT_PATIENCE_MS = 60_000
const NOT_FOUND = 404
/** The status of Restate for work that is under way. */
const NOT_READY = 470

/**
 * Creates a client. `Labels` are the labels of the codebook, such as `classify codebook types NAME` writes them; it describes
 * what the service answers and is not checked at run time.
 */
export function createClassifyClient<Labels = Readonly<Record<string, unknown>>>(
  client: ClassifyClientOptions = {},
): ClassifyClient<Labels> {
  const urls = [client.url ?? DEFAULT_URL].flat().map((url) => url.replace(/\/+$/, ''))
  const call = createCaller({
    urls,
    token: client.token,
    patienceMs: client.patienceMs ?? DEFAULT_PATIENCE_MS,
    fetch: client.fetch ?? fetch,
  })

  const ask = async <Reply>(handler: string, body: unknown, signal?: AbortSignal): Promise<Reply> => {
    return (await call({ method: 'POST', path: `/classify-api/${handler}`, body, signal })) as Reply
  }
  const orNull = async <Reply>(reply: Promise<Reply>, status: number): Promise<Reply | null> => {
    try {
      return await reply
    } catch (error) {
      if (error instanceof ClassifyError && error.status === status) return null
      throw error
    }
  }
  const placeOf = ({ catalogue, codebook }: Pick<SubmitOptions, 'catalogue' | 'codebook'>) => ({
    ...defined('catalogue', catalogue ?? client.catalogue),
    ...defined('codebook', codebook ?? client.codebook),
  })
  const bodyOf = (indicators: readonly Indicator[], options: SubmitOptions): BatchRequest => ({
    indicators: [...indicators],
    ...placeOf(options),
    ...defined('run_id', options.run ?? client.run),
    ...defined('force', options.force),
    ...defined('options', options.options),
  })
  const answerPath = (batch: Handle, way: 'attach' | 'output') => {
    const name = 'invocationId' in batch ? batch.invocationId : `classify-api/batch/${checkedKey(batch.key)}`
    return `/restate/invocation/${name}/${way}`
  }

  const self: ClassifyClient<Labels> = {
    classify: async (indicators, options = {}) => {
      return await self.wait(await self.submit(indicators, options), options)
    },
    submit: async (indicators, options = {}) => {
      const key = checkedKey(options.key ?? crypto.randomUUID())
      const path = '/classify-api/batch/send'
      const sent = await call({ method: 'POST', path, body: bodyOf(indicators, options), key, signal: options.signal })
      return { key, invocationId: (sent as { readonly invocationId: string }).invocationId }
    },
    wait: async (batch, { signal } = {}) => {
      return (await call({ method: 'GET', path: answerPath(batch, 'attach'), signal, waits: true })) as Answer<Labels>
    },
    output: (batch, { signal } = {}) => {
      const reply = call({ method: 'GET', path: answerPath(batch, 'output'), signal }) as Promise<Answer<Labels>>
      return orNull(reply, NOT_READY)
    },
    result: (indicatorId, { signal, ...place } = {}) => {
      const body = { indicator_id: indicatorId, ...placeOf(place) }
      return orNull(ask<LabelledResult<Labels>>('status', body, signal), NOT_FOUND)
    },
    runStatus: (run, { signal } = {}) => orNull(ask<RunStatus>('status', { run_id: run }, signal), NOT_FOUND),
    runs: (question = {}, { signal } = {}) => ask('runs', question, signal),
    steer: (run, wanted, { signal } = {}) => ask('drive', { run_id: run, wanted }, signal),
    limitCost: (run, maxCostUsd, { signal } = {}) => ask('drive', { run_id: run, max_cost_usd: maxCostUsd }, signal),
    why: (indicatorId, { signal, ...place } = {}) => {
      const body = { indicator_id: indicatorId, ...placeOf(place) }
      return orNull(ask<WhyResponse>('why', body, signal), NOT_FOUND)
    },
    estimate: (indicators, options = {}) => ask('estimate', bodyOf(indicators, options), options.signal),
    evidence: (question = {}, { signal } = {}) => ask('evidence', { ...placeOf({}), ...question }, signal),
    budget: (change = {}, { signal } = {}) => ask('budget', change, signal),
    codebook: (request = {}, { signal } = {}) => ask('codebook', request, signal),
    review: async (decisions, { signal, key: given, ...how } = {}) => {
      const key = checkedKey(given ?? crypto.randomUUID())
      const body = { decisions, ...placeOf({}), ...how } satisfies ReviewRequest
      return (await call({ method: 'POST', path: '/classify-api/review', body, key, signal })) as ReviewResponse
    },
    health: ({ signal } = {}) => ask('health', undefined, signal),
  }
  return self
}

/** A key that stands in a path as it is, so that the answer can be fetched by it. */
function checkedKey(key: string): string {
  if (/^[A-Za-z0-9._~-]{1,255}$/.test(key)) return key
  throw new TypeError(`key must be 1 to 255 characters of A-Z a-z 0-9 . _ ~ -, got ${JSON.stringify(key.slice(0, 60))}`)
}

/** A property that is left out where it has no value. */
function defined<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [Key in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [Key in Name]?: Value }
}
