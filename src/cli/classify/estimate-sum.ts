/** Adds up the dry runs of all batches to the estimate of the whole run (requests, tokens, cost and time), in pure functions. */
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
import type { ServiceTier } from '../../lib/service-tiers.ts'
import type { EstimateResponse, TokenPrice, Warning } from '../../restate/contract.ts'

/**
 * The facts that turn dry runs into tokens and cost; they come from the service, or from the configuration where no
 * service answers.
 */
export interface EstimateBasis {
  readonly model: string
  /** The price of the model's tokens; null where the price is not known. */
  readonly price: TokenPrice | null
  /** The service tier of the price; undefined where none is asked for. */
  readonly serviceTier?: ServiceTier | undefined
  /** The number of prompt tokens that stand before the indicators in every request. */
  readonly prefixTokens: number
  /** The token use of earlier requests to the model; null where there were no earlier requests. */
  readonly habits: UsageHistory | null
}

/**
 * The limits of requests (`rpm`) and tokens (`tpm`) a minute, and `safety`, the share from 0 to 1 of these limits that
 * is used.
 */
export interface EstimateBudget {
  readonly rpm: number
  readonly tpm: number | null
  readonly safety: number
}

/**
 * The report of `classify --estimate --json`; its property names must not change, and equal those of a run's report
 * where both have the value.
 */
export interface EstimateReport {
  readonly estimate: true
  readonly catalogue: string
  /** Name and version of the codebook. */
  readonly codebook: string
  readonly indicators: number
  readonly unchanged: number
  readonly by_source: Record<Source, number>
  /** The number of distinct shapes (groups of alike indicators) about which the model will be asked. */
  readonly shapes: number
  /** With the requests that are repeated after a failure or an unusable answer, as often as earlier ones were. */
  readonly model_requests: number
  /** Whether earlier requests tell how many are repeated; else none are counted. */
  readonly repeats_known: boolean
  readonly tokens: TokenCounts
  readonly cost_usd: number
  /** The predicted minutes of the run, computed from the tightest of the limits. */
  readonly minutes: number
  readonly limited_by: 'rpm' | 'tpm' | 'cpu'
  readonly budget: EstimateBudget
  readonly model: string
  readonly price: TokenPrice | null
  /** The service tier of the price and of the run; absent where none is asked for. */
  readonly service_tier?: ServiceTier
  /** True where no service was asked, so that every indicator counts as new. */
  readonly cold: boolean
  readonly warnings: readonly Warning[]
}

export interface EstimateSum {
  /** Adds the dry run of a batch; batches must come in the order of the catalogue. */
  add(dryRun: BatchDryRun, basis: EstimateBasis): void
  /** Adds what audits ask beside the questions about the file. */
  addAudits(asks: readonly PendingQuestion[], basis: EstimateBasis): void
  /** The number of indicators in all batches that were added. */
  readonly indicators: number
  /** The number of indicators that get a result anew without a question of their own. */
  readonly spared: number
  /** Warns of records that people had decided before they changed, so that the run replaces their decisions. */
  warnings(): Warning[]
  total(budget: EstimateBudget): Omit<EstimateReport, 'catalogue' | 'codebook' | 'cold' | 'warnings'>
}

/**
 * The speed in indicators a minute of a run that does not ask the model, as measured with the embedded stack on two
 * cores. A service with more replicas is faster, so the estimate of such a run is rather too long than too short.
 */
const CPU_INDICATORS_PER_MINUTE = 150_000

/**
 * Creates the sum. Where `reuse` is true, a shape is asked about once, and its later indicators in any batch reuse that
 * answer.
 */
export function createEstimateSum(options: { readonly reuse: boolean; readonly pack: PackRule }): EstimateSum {
  const counts = { unchanged: 0, rules: 0, reuse: 0, person: 0, model: 0 }
  const shapes = new Set<number>()
  const tokens = { input: 0, cached: 0, output: 0 }
  let requests = 0
  let changedDecisions = 0
  let basis: EstimateBasis | undefined

  const addQuestions = (questions: readonly PendingQuestion[], { prefixTokens, habits }: EstimateBasis) => {
    const expected = estimateBatch(questions, options.pack, prefixTokens, habits)
    requests += expected.requests
    for (const kind of ['input', 'cached', 'output'] as const) tokens[kind] += expected.tokens[kind]
  }
  return {
    get indicators() {
      return Object.values(counts).reduce((sum, count) => sum + count, 0)
    },
    get spared() {
      return counts.rules + counts.reuse + counts.person
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
      changedDecisions += dryRun.changed_decisions ?? 0
      counts.unchanged += dryRun.unchanged
      counts.rules += dryRun.rules
      counts.reuse += dryRun.reuse
      counts.person += dryRun.person
      counts.model += questions.length
      addQuestions(questions, nextBasis)
    },
    addAudits: addQuestions,
    warnings() {
      const message =
        'records that people decided have changed since and will be asked again; their history keeps the decisions'
      return changedDecisions === 0 ? [] : [{ code: 'changed-decision', message, count: changedDecisions }]
    },
    total(budget) {
      if (basis === undefined) throw new RangeError('an estimate needs at least one batch')
      const { model, price, serviceTier, prefixTokens, habits } = basis
      const { rules, reuse, person } = counts
      // Before the first request to a model the provider has cached no prompt, so the first request pays for the whole
      // prompt.
      const uncached = habits === null && requests > 0 ? cacheablePrefixTokens(prefixTokens) : 0
      const cached = Math.max(0, tokens.cached - uncached)
      const counted = { ...tokens, cached }
      return {
        estimate: true,
        indicators: this.indicators,
        unchanged: counts.unchanged,
        by_source: { rules, reuse, model: counts.model, escalation: 0, person },
        shapes: shapes.size,
        model_requests: Math.round(requests),
        repeats_known: habits?.repeats !== undefined,
        tokens: counted,
        cost_usd: price === null ? 0 : Number(costOfTokens(counted, price).toFixed(6)),
        ...durationOf(this.indicators, requests, tokens.input + tokens.output, budget),
        budget,
        model,
        price,
        ...(serviceTier === undefined ? {} : { service_tier: serviceTier }),
      }
    },
  }
}

/**
 * Returns the cost of these tokens in US dollars; input that the provider has not cached costs the full input price.
 */
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

/** What an estimate leaves out, and what it counts that the run may be spared. */
export function warningsOf(
  total: Pick<EstimateReport, 'indicators' | 'model_requests' | 'model' | 'price' | 'service_tier' | 'by_source'>,
  {
    planned,
    coldReason,
    spared,
    audits,
  }: {
    readonly planned: EstimateResponse | undefined
    readonly coldReason: string | undefined
    /** The number of questions that rules would answer if the audits of the run showed that they may. */
    readonly spared: number
    /** The number of questions that audits ask beside those about the file. */
    readonly audits: number
  },
): Warning[] {
  const warnings: Warning[] = []
  if (coldReason !== undefined) {
    warnings.push({ code: 'cold-estimate', message: coldReason, count: total.indicators })
  }
  if (planned !== undefined && planned.escalation_model !== null && total.model_requests > 0) {
    const message = `escalations to ${planned.escalation_model} are not included`
    warnings.push({ code: 'escalation-not-counted', message, count: total.by_source.model })
  }
  if (total.service_tier === 'flex' && total.model_requests > 0) {
    const message = 'request in the flex tier, which may take minutes or wait for capacity; the time counts neither'
    warnings.push({ code: 'flex-latency', message, count: total.model_requests })
  }
  if (audits > 0) {
    const message = 'question by which the run checks rules, beside those about its records; the estimate counts it'
    warnings.push({ code: 'audits-counted', message, count: audits })
  }
  if (spared > 0 && total.by_source.model > 0) {
    const message =
      'question that the run may be spared, where its audits show that rules agree with the model; the estimate counts it'
    warnings.push({ code: 'rules-unchecked', message, count: Math.min(spared, total.by_source.model) })
  }
  if (total.price === null && total.model_requests > 0) {
    const message = `the price of ${total.model} is not known (OPENAI_PRICES), so its requests count as free`
    warnings.push({ code: 'no-price', message, count: total.model_requests })
  }
  return warnings
}

/**
 * Turns the hash of a shape into a number of 52 bits, so that a million shapes fit into memory. The odds that any two
 * of a million shapes get the same number are about 1 to 10,000, and the estimate would then be off by one question.
 */
function shapeNumber(hash: string): number {
  return Number.parseInt(hash.slice(0, 13), 16)
}
