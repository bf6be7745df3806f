/** Adds the plans of all batches up to what the whole run will take. Pure. */
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

/** What the service (or, cold, the configuration here) goes by. */
export interface EstimateBasis {
  readonly model: string
  readonly price: TokenPrice | null
  readonly prefixTokens: number
  readonly habits: UsageHistory | null
}

export interface EstimateBudget {
  readonly rpm: number
  readonly tpm: number | null
  readonly safety: number
}

/** The report of `classify --estimate --json`; names as in the report of a run where they mean the same. */
export interface EstimateReport {
  readonly estimate: true
  readonly indicators: number
  readonly unchanged: number
  readonly by_source: Record<Source, number>
  /** Distinct shapes that will be asked. */
  readonly shapes: number
  readonly model_requests: number
  readonly tokens: TokenCounts
  readonly cost_usd: number
  /** At the budget, by the limit that binds. */
  readonly minutes: number
  readonly limited_by: 'rpm' | 'tpm' | 'cpu'
  readonly budget: EstimateBudget
  readonly model: string
  readonly price: TokenPrice | null
  /** True: nobody was asked what is stored, so everything counts as new. */
  readonly cold: boolean
  readonly warnings: readonly Warning[]
}

export interface EstimateSum {
  add(facts: BatchDryRun, basis: EstimateBasis): void
  /** Indicators so far. */
  readonly indicators: number
  total(budget: EstimateBudget): Omit<EstimateReport, 'cold' | 'warnings'>
}

/** What the embedded stack does on two cores where nothing is asked (README, Performance); more replicas do more. */
const CPU_INDICATORS_PER_MINUTE = 150_000

/** Batches in the order of the file: a shape that an earlier one asks is an answer for the later ones. */
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
    add(facts, by) {
      basis = by
      const asks: PendingQuestion[] = []
      for (const ask of facts.asks) {
        const shape = shapeNumber(ask.shape)
        if (options.reuse && shapes.has(shape)) counts.reuse += 1
        else asks.push(ask)
        shapes.add(shape)
      }
      counts.unchanged += facts.unchanged
      counts.rules += facts.rules
      counts.reuse += facts.reuse
      counts.person += facts.person
      counts.model += asks.length
      const expected = estimateBatch(asks, options.pack, by.prefixTokens, by.habits)
      requests += expected.requests
      for (const kind of ['input', 'cached', 'output'] as const) tokens[kind] += expected.tokens[kind]
    },
    total(budget) {
      if (basis === undefined) throw new RangeError('an estimate needs at least one batch')
      const { model, price, prefixTokens, habits } = basis
      const { rules, reuse, person } = counts
      const isFirstCold = habits === null && requests > 0
      const cached = Math.max(0, tokens.cached - (isFirstCold ? cacheablePrefixTokens(prefixTokens) : 0))
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

/** USD; what is not cached costs the plain price. */
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

/** 52 bits of the hash: a million shapes fit in memory, and that two of them share a number has odds of 1 to 10,000. */
function shapeNumber(hash: string): number {
  return Number.parseInt(hash.slice(0, 13), 16)
}
