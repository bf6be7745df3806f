/** Adds up the dry runs of all batches to the estimate of the whole run: requests, tokens, cost and time. Pure. */
import type { PackRule } from '../../classification/chunks.ts'
import {
  type BatchDryRun,
  cacheablePrefixTokens,
  estimateBatch,
  type PendingQuestion,
  type TokenCounts,
  type UsageHistory,
} from '../../classification/estimate.ts'
import type { Source } from '../../classification/types.ts'
import type { TokenPrice, Warning } from '../../restate/contract.ts'

/** What turns dry runs into tokens and cost: from the service, or from the configuration where the estimate is cold. */
export interface EstimateBasis {
  readonly model: string
  /** Null where the price of the model is not known. */
  readonly price: TokenPrice | null
  /** Tokens in front of the indicators of every request. */
  readonly prefixTokens: number
  /** Experience with earlier requests to the model; null where there were none. */
  readonly habits: UsageHistory | null
}

/** Limits of requests and tokens a minute, and the share of them, from 0 to 1, that is used. */
export interface EstimateBudget {
  readonly rpm: number
  readonly tpm: number | null
  readonly safety: number
}

/** The report of `classify --estimate --json`, whose property names are fixed and those of a run's report where they agree. */
export interface EstimateReport {
  readonly estimate: true
  readonly indicators: number
  readonly unchanged: number
  readonly by_source: Record<Source, number>
  /** Distinct shapes about which the model will be asked. */
  readonly shapes: number
  readonly model_requests: number
  readonly tokens: TokenCounts
  readonly cost_usd: number
  /** How long the run takes by the limit that allows the least. */
  readonly minutes: number
  readonly limited_by: 'rpm' | 'tpm' | 'cpu'
  readonly budget: EstimateBudget
  readonly model: string
  readonly price: TokenPrice | null
  /** True where no service was asked, so that everything counts as new. */
  readonly cold: boolean
  readonly warnings: readonly Warning[]
}

export interface EstimateSum {
  /** Adds the next batch in the order of the catalogue. */
  add(dryRun: BatchDryRun, basis: EstimateBasis): void
  /** Indicators of all batches that were added. */
  readonly indicators: number
  total(budget: EstimateBudget): Omit<EstimateReport, 'cold' | 'warnings'>
}

/**
 * Indicators a minute where the model is not asked, as measured with the embedded stack on two cores. More replicas do
 * more, so that the estimate of such a run is on the long side.
 */
const CPU_INDICATORS_PER_MINUTE = 150_000

/** With `reuse` a shape counts as asked once: its later indicators, also in later batches, reuse that answer. */
export function createEstimateSum(options: { readonly reuse: boolean; readonly pack: PackRule }): EstimateSum {
  const counts = { unchanged: 0, rules: 0, reuse: 0, person: 0, model: 0 }
  const shapes = new Set<number>()
  const tokens = { input: 0, cached: 0, output: 0 }
  let requests = 0
  let basis: EstimateBasis | undefined

  return {
    get indicators() {
      return Object.values(counts).reduce((sum, count) => sum + count, 0)
    },
    add(dryRun, nextBasis) {
      basis = nextBasis
      const questions: PendingQuestion[] = []
      for (const question of dryRun.asks) {
        const shape = shapeNumber(question.shape)
        if (options.reuse && shapes.has(shape)) counts.reuse += 1
        else questions.push(question)
        shapes.add(shape)
      }
      counts.unchanged += dryRun.unchanged
      counts.rules += dryRun.rules
      counts.reuse += dryRun.reuse
      counts.person += dryRun.person
      counts.model += questions.length
      const expected = estimateBatch(questions, options.pack, nextBasis.prefixTokens, nextBasis.habits)
      requests += expected.requests
      for (const kind of ['input', 'cached', 'output'] as const) tokens[kind] += expected.tokens[kind]
    },
    total(budget) {
      if (basis === undefined) throw new RangeError('an estimate needs at least one batch')
      const { model, price, prefixTokens, habits } = basis
      const { rules, reuse, person } = counts
      // Without earlier requests to the model the provider has cached nothing when the first one comes.
      const uncached = habits === null && requests > 0 ? cacheablePrefixTokens(prefixTokens) : 0
      const cached = Math.max(0, tokens.cached - uncached)
      const counted = { ...tokens, cached }
      return {
        estimate: true,
        indicators: this.indicators,
        unchanged: counts.unchanged,
        by_source: { rules, reuse, model: counts.model, escalation: 0, person },
        shapes: shapes.size,
        model_requests: requests,
        tokens: counted,
        cost_usd: price === null ? 0 : Number(costOfTokens(counted, price).toFixed(6)),
        ...durationOf(this.indicators, requests, tokens.input + tokens.output, budget),
        budget,
        model,
        price,
      }
    },
  }
}

/** The cost of these tokens in US dollars, where input that the provider has not cached has the plain price. */
export function costOfTokens(tokens: TokenCounts, price: TokenPrice): number {
  const { input, cached_input = input, output } = price
  return ((tokens.input - tokens.cached) * input + tokens.cached * cached_input + tokens.output * output) / 1e6
}

function durationOf(indicators: number, requests: number, tokens: number, { rpm, tpm, safety }: EstimateBudget) {
  const limits = [
    { limited_by: 'cpu', minutes: indicators / CPU_INDICATORS_PER_MINUTE },
    { limited_by: 'rpm', minutes: requests / (rpm * safety) },
    { limited_by: 'tpm', minutes: tpm === null ? 0 : tokens / (tpm * safety) },
  ] as const
  const binding = limits.reduce((longest, limit) => (limit.minutes > longest.minutes ? limit : longest))
  return { minutes: Number(binding.minutes.toPrecision(3)), limited_by: binding.limited_by }
}

/**
 * A shape as a number of 52 bits of its hash, so that a million shapes fit into memory. The odds that any two of a million
 * share a number are about 1 to 10,000, and the estimate would be off by one question.
 */
function shapeNumber(hash: string): number {
  return Number.parseInt(hash.slice(0, 13), 16)
}
