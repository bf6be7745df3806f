/** Estimates what the batches of a run would take, by dry runs that the service makes, or that this process makes where no service answers. */
import { packRuleOf } from '../../classification/chunks.ts'
import { type BatchDryRun, prefixTokens } from '../../classification/estimate.ts'
import { type PreparedScheme, referenceOf } from '../../classification/scheme.ts'
import type { Indicator } from '../../classification/types.ts'
import type { Config } from '../../config/config.ts'
import { isServiceError, messageOf, ServiceError } from '../../errors.ts'
import { isOfflineGuess } from '../../lib/model-names.ts'
import type { ServiceTier } from '../../lib/service-tiers.ts'
import { priceOf, withDefaultPrices } from '../../llm/pricing.ts'
import { DEFAULT_CATALOGUE, type EstimateResponse } from '../../restate/contract.ts'
import { createAuditQuestions, readAuditOutlook } from '../audits/earnable.ts'
import { findIngress } from '../client/ingress.ts'
import type { RunRequest } from '../client/run-batch.ts'
import { createServiceClient, type ServiceClient } from '../client/service.ts'
import { dryRunByService, dryRunCold } from './dry-run.ts'
import {
  createEstimateSum,
  type EstimateBasis,
  type EstimateBudget,
  type EstimateReport,
  warningsOf,
} from './estimate-sum.ts'
import { type BudgetFlags, readBudget } from './rate-budget.ts'
import { findLocalScheme, type GivenCodebook, type RunCodebook, settleCodebook } from './run-codebook.ts'
import type { RunHeader } from './run-journal.ts'

export interface EstimateOptions {
  /** The base URLs of the Restate nodes. */
  readonly urls: readonly string[]
  /** The settings of the run; for a new run without its codebook, which the service settles first. */
  readonly request: RunRequest
  readonly given: GivenCodebook | undefined
  /** The header of the run that is resumed; null for a new run. */
  readonly earlier: RunHeader | null
  readonly config: Config
  readonly flags: BudgetFlags
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/**
 * An estimate looks for a service for this many milliseconds, which is less than a run does, because it is possible
 * without one.
 */
const PROBE_MS = 3_000
/** The milliseconds that one question to the service may take. */
const QUESTION_PATIENCE_MS = 30_000
/** The number of dry runs in flight at a time, enough to hide the time that requests spend on the network. */
const DRY_RUNS_IN_FLIGHT = 4

/**
 * Estimates a run. Rejects with ServiceError where the catalogue cannot be read, or where a service that made the first
 * dry run stops answering.
 */
export async function estimateRun(
  batches: AsyncIterable<readonly Indicator[]>,
  options: EstimateOptions,
): Promise<EstimateReport> {
  const { signal } = options
  const iterator = batches[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done === true) throw new ServiceError('input-invalid', 'Nothing is left to estimate: the run is complete')
  const rest: AsyncIterable<readonly Indicator[]> = { [Symbol.asyncIterator]: () => iterator }

  const service = createServiceClient({ urls: options.urls, patienceMs: QUESTION_PATIENCE_MS })
  const { reuse, pack } = options.request.options
  const sum = createEstimateSum({ reuse, pack: packRuleOf(pack) })
  const { planned, request, scheme, reason } = await dryRunFirst(service, first.value, options)
  const basis =
    planned === undefined ? coldBasis(options.config, scheme, options.request.options.tier) : basisOf(planned)
  const { model } = basis
  const run = { request, scheme, isGuessing: isGuessing(planned, options.config, model) }
  const outlook = await readAuditOutlook(planned && service, run, signal)
  const audits = createAuditQuestions(run, outlook, { ...(planned && { service }), model, signal })
  let spared = 0
  const add = async (batch: readonly Indicator[], dryRun: BatchDryRun) => {
    sum.add(dryRun, basis)
    if (dryRun.unchanged < batch.length) await audits.add(batch)
    if (outlook.trust === null) return
    const least = dryRunCold(batch, request, { scheme, model, trust: outlook.trust }).asks.length
    spared += Math.max(0, dryRun.asks.length - least)
  }
  if (planned === undefined) {
    const dryRun = (batch: readonly Indicator[]) => dryRunCold(batch, request, { scheme, model })
    await add(first.value, dryRun(first.value))
    for await (const batch of rest) {
      signal.throwIfAborted()
      await add(batch, dryRun(batch))
    }
  } else {
    await add(first.value, planned)
    const dryRun = async (batch: readonly Indicator[]) => {
      return { batch, next: await dryRunByService(service, batch, request, signal) }
    }
    for await (const { batch, next } of mapInOrder(rest, DRY_RUNS_IN_FLIGHT, dryRun)) {
      if (next === undefined) {
        throw new ServiceError('ingress-unavailable', 'The service was replaced by an earlier release meanwhile')
      }
      await add(batch, next)
    }
  }
  const audited = audits.beside(sum.indicators, sum.spared)
  sum.addAudits(audited, basis)
  const total = sum.total(await findBudget(planned === undefined ? undefined : service, options))
  const { catalogue = DEFAULT_CATALOGUE } = request
  const named = { catalogue, codebook: referenceOf(scheme) }
  const warnings = [
    ...sum.warnings(),
    ...warningsOf(total, { planned, coldReason: reason, spared, audits: audited.length }),
  ]
  return { ...total, ...named, cold: planned === undefined, warnings }
}

/** The dry run of the first batch with the settings and the codebook of the run; `planned` is missing where none was possible. */
interface FirstDryRun {
  readonly planned?: EstimateResponse
  readonly request: RunRequest
  readonly scheme: PreparedScheme
  /** Why no dry run by the service was possible. */
  readonly reason?: string
}

/**
 * Asks the service for the dry run of the first batch; where none is possible, returns the reason and tells the user. Rejects
 * with ServiceError input-invalid for a codebook that neither the service nor this machine has.
 */
async function dryRunFirst(
  service: ServiceClient,
  batch: readonly Indicator[],
  options: EstimateOptions,
): Promise<FirstDryRun> {
  const { urls, given, earlier, say, signal } = options
  let { request } = options
  let settled: RunCodebook | undefined
  let obstacle: string
  try {
    await findIngress(urls, signal, PROBE_MS)
    settled = await settleCodebook(service, { given, earlier, signal })
    if (settled.reference !== undefined) request = { ...request, codebook: settled.reference }
    const planned = await dryRunByService(service, batch, request, signal)
    if (planned !== undefined) return { planned, request, scheme: settled.scheme }
    obstacle = 'the running service is of an earlier release that makes no estimates'
  } catch (error) {
    signal.throwIfAborted()
    // A codebook that the service refuses would stop the run as well, so it stops the estimate.
    if (settled === undefined && isServiceError(error) && error.code === 'input-invalid') throw error
    obstacle = messageOf(error)
  }
  const scheme = settled?.scheme ?? (await findLocalScheme({ given, earlier }))
  if (scheme === undefined) {
    const reason = 'it is not built in, and the service that may have it cannot be asked'
    throw new ServiceError('ingress-unavailable', `--codebook: ${reason}: ${obstacle}`)
  }
  const reason = `estimated as a cold run, with an empty database and the configuration of this machine: ${obstacle}`
  say(`Warning: ${reason}`)
  return { request, scheme, reason }
}

/** Whether the model only guesses. Without a service this is not known, unless the configuration names an endpoint. */
export function isGuessing(planned: EstimateResponse | undefined, { openai }: Config, model: string): boolean {
  const isUnset = planned === undefined && openai.apiKey === undefined && openai.baseUrl === undefined
  return isUnset || isOfflineGuess(model)
}

function basisOf({ model, price, service_tier, prefix_tokens, habits }: EstimateResponse): EstimateBasis {
  return { model, price, serviceTier: service_tier, prefixTokens: prefix_tokens, habits }
}

/** Returns model and prices from the configuration, for an estimate without a service. */
export function coldBasis(config: Config, { codebook }: PreparedScheme, tier?: ServiceTier): EstimateBasis {
  const { model, prices } = config.openai
  const serviceTier = tier ?? config.openai.serviceTier
  const price = priceOf(model, withDefaultPrices(prices), serviceTier)
  return { model, price, serviceTier, prefixTokens: prefixTokens(codebook), habits: null }
}

/**
 * Finds the rate budget for the estimate: the options, else the budget of the service, else the configuration; never
 * more than the provider's limits.
 */
async function findBudget(service: ServiceClient | undefined, options: EstimateOptions): Promise<EstimateBudget> {
  const { config, flags, signal } = options
  const known = service === undefined ? undefined : await readBudget(service, signal).catch(() => undefined)
  signal.throwIfAborted()
  return {
    rpm: smallestOf(flags.rpm ?? known?.rpm ?? config.rate.rpm, known?.account?.rpm) ?? config.rate.rpm,
    tpm: smallestOf(flags.tpm ?? known?.tpm, known?.account?.tpm),
    safety: known?.safety ?? config.rate.safety,
  }
}

/** Returns the smallest of the limits that are known, or null where no limit is known. */
function smallestOf(...limits: readonly (number | null | undefined)[]): number | null {
  const known = limits.filter((limit) => limit !== null && limit !== undefined)
  return known.length === 0 ? null : Math.min(...known)
}

/**
 * Applies a function to the items with at most `width` calls in flight, and yields the results in the order of the
 * items.
 */
async function* mapInOrder<A, B>(
  items: AsyncIterable<A>,
  width: number,
  map: (item: A) => Promise<B>,
): AsyncGenerator<B> {
  const inFlight: Promise<B>[] = []
  try {
    for await (const item of items) {
      inFlight.push(map(item))
      const [oldest] = inFlight
      if (inFlight.length < width || oldest === undefined) continue
      yield await oldest
      inFlight.shift()
    }
    for (const result of inFlight) yield await result
  } finally {
    // The first failed call ends the loop; the calls still in flight are awaited, so that their failures are not
    // unhandled rejections.
    await Promise.allSettled(inFlight)
  }
}
