/** `classify FILE --estimate`: what a run would take, without asking the model anything. */
import { packRuleOf } from '../../classification/chunks.ts'
import { prefixTokens } from '../../classification/estimate.ts'
import type { Indicator } from '../../classification/types.ts'
import type { Config } from '../../config/config.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import type { EstimateResponse, Warning } from '../../restate/contract.ts'
import { findIngress } from '../client/ingress.ts'
import { createServiceClient, type ServiceClient } from '../client/service.ts'
import { formatDuration } from '../ui/progress-text.ts'
import { formatCount } from '../ui/terminal.ts'
import { type Asked, coldFacts, storedFacts } from './dry-run.ts'
import { createEstimateSum, type EstimateBasis, type EstimateBudget, type EstimateReport } from './estimate-sum.ts'
import { type BudgetFlags, formatBudget, readBudget } from './rate-budget.ts'

export interface EstimateOptions {
  readonly urls: readonly string[]
  readonly asked: Asked
  readonly config: Config
  readonly flags: BudgetFlags
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** Whoever wants an estimate may not have a service yet: it is not waited for as a run would. */
const PROBE_MS = 3_000
const PATIENCE_MS = 30_000
/** Batches that are planned at a time: enough to hide the way to the service and back. */
const AT_A_TIME = 4

/** Rejects with ServiceError where the catalogue cannot be read, or a service that had answered does so no more. */
export async function estimateRun(
  batches: AsyncIterable<readonly Indicator[]>,
  options: EstimateOptions,
): Promise<EstimateReport> {
  const { asked, config, signal } = options
  const service = createServiceClient({ urls: options.urls, patienceMs: PATIENCE_MS })
  const sum = createEstimateSum({ reuse: asked.options.reuse, pack: packRuleOf(asked.options.pack) })
  const iterator = batches[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done === true) throw new ServiceError('input-invalid', 'Nothing is left to estimate: the run is complete')

  const { facts, why } = await firstFacts(service, first.value, options)
  const coldModel = config.openai.model
  const basis = facts === undefined ? await coldBasis(config) : basisOf(facts)
  sum.add(facts ?? coldFacts(first.value, asked, coldModel), basis)
  const rest: AsyncIterable<readonly Indicator[]> = { [Symbol.asyncIterator]: () => iterator }
  if (facts === undefined) {
    for await (const indicators of rest) {
      signal.throwIfAborted()
      sum.add(coldFacts(indicators, asked, coldModel), basis)
    }
  } else {
    for await (const next of inOrder(rest, AT_A_TIME, (batch) => storedFacts(service, batch, asked, signal))) {
      if (next === undefined) throw new ServiceError('ingress-unavailable', 'The service was replaced by an older one')
      sum.add(next, basis)
    }
  }
  const budget = await budgetOf(facts === undefined ? undefined : service, options)
  const total = sum.total(budget)
  const warnings = why === undefined ? [] : [{ code: 'cold-estimate', message: why, count: total.indicators }]
  if (facts !== undefined && facts.escalation_model !== null && total.model_requests > 0) {
    const message = `answers that ${facts.escalation_model} will be asked again about are not counted`
    warnings.push({ code: 'escalation-not-counted', message, count: total.by_source.model })
  }
  if (total.price === null && total.model_requests > 0) {
    const message = `no price of ${total.model} is known (OPENAI_PRICES): it counts as free`
    warnings.push({ code: 'no-price', message, count: total.model_requests })
  }
  return { ...total, cold: facts === undefined, warnings }
}

/** The plan of the first batch, or why there is none and the run counts as cold. */
async function firstFacts(
  service: ServiceClient,
  batch: readonly Indicator[],
  { urls, asked, say, signal }: EstimateOptions,
): Promise<{ readonly facts?: EstimateResponse; readonly why?: string }> {
  let reason: string
  try {
    await findIngress(urls, signal, PROBE_MS)
    const facts = await storedFacts(service, batch, asked, signal)
    if (facts !== undefined) return { facts }
    reason = 'the running service is of a release that makes no estimates'
  } catch (error) {
    signal.throwIfAborted()
    reason = messageOf(error)
  }
  const why = `estimated as a cold run, with nothing stored and by the configuration here: ${reason}`
  say(`Warning: ${why}`)
  return { why }
}

function basisOf({ model, price, prefix_tokens, habits }: EstimateResponse): EstimateBasis {
  return { model, price, prefixTokens: prefix_tokens, habits }
}

/** Prices are the adapters' matter: loaded only where no service tells them. */
async function coldBasis(config: Config): Promise<EstimateBasis> {
  const { priceOfModel } = await import('../../resources.ts')
  const { model } = config.openai
  return { model, price: priceOfModel(config, model), prefixTokens: prefixTokens(), habits: null }
}

async function budgetOf(service: ServiceClient | undefined, options: EstimateOptions): Promise<EstimateBudget> {
  const { config, flags, signal } = options
  const known = service === undefined ? undefined : await readBudget(service, signal).catch(() => undefined)
  signal.throwIfAborted()
  return {
    rpm: least(flags.rpm ?? known?.rpm ?? config.rate.rpm, known?.account?.rpm) ?? config.rate.rpm,
    tpm: least(flags.tpm ?? known?.tpm, known?.account?.tpm),
    safety: known?.safety ?? config.rate.safety,
  }
}

/** What the account allows bounds what was set. */
function least(...limits: readonly (number | null | undefined)[]): number | null {
  const known = limits.filter((limit) => limit !== null && limit !== undefined)
  return known.length === 0 ? null : Math.min(...known)
}

/** Maps with `width` under way; results in the order of the items. */
async function* inOrder<A, B>(items: AsyncIterable<A>, width: number, map: (item: A) => Promise<B>): AsyncGenerator<B> {
  const underWay: Promise<B>[] = []
  try {
    for await (const item of items) {
      underWay.push(map(item))
      const [oldest] = underWay
      if (underWay.length < width || oldest === undefined) continue
      yield await oldest
      underWay.shift()
    }
    for (const result of underWay) yield await result
  } finally {
    // One that failed ends the whole; the others must not fail unheard.
    await Promise.allSettled(underWay)
  }
}

const LIMITS = {
  rpm: 'the requests a minute',
  tpm: 'the tokens a minute',
  cpu: 'the processors: hardly anything is asked',
} as const

export function formatEstimate(report: EstimateReport): string {
  const { tokens, price } = report
  const sources = { unchanged: report.unchanged, ...report.by_source }
  const pricedAs = price === null ? '' : ` at the price of ${price.priced_as ?? report.model}`
  const perThousand = (report.model_requests / Math.max(1, report.indicators)) * 1_000
  return [
    'Estimate; nothing was asked',
    `  indicators     ${formatCount(report.indicators)}`,
    `  decided by     ${Object.entries(sources)
      .filter(([, count]) => count > 0)
      .map(([source, count]) => `${source} ${formatCount(count)}`)
      .join(', ')}`,
    `  shapes to ask  ${formatCount(report.shapes)}`,
    `  model requests ${formatCount(report.model_requests)} (${perThousand.toFixed(1)} per 1,000 indicators), model ${report.model}`,
    `  tokens         ${formatCount(tokens.input)} in (${formatCount(tokens.cached)} cached), ${formatCount(tokens.output)} out`,
    `  cost           USD ${report.cost_usd.toFixed(4)}${pricedAs}`,
    `  time           ${formatDuration(report.minutes * 60_000)}, bound by ${LIMITS[report.limited_by]}`,
    `  budget         ${formatBudget(report.budget)}`,
    ...report.warnings.map((warning: Warning) => `  warning        ${formatCount(warning.count)} × ${warning.message}`),
    'Requests that are asked again after a failure or a useless answer come on top.',
  ].join('\n')
}
