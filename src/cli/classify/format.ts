/** The reports of runs, estimates and single results, as lines for people. */
import { pluralise } from '../../catalogue/problem-report.ts'
import type { Classification, Source } from '../../classification/types.ts'
import { formatDuration } from '../ui/progress-text.ts'
import { formatCount, formatSeconds } from '../ui/terminal.ts'
import type { EstimateReport } from './estimate-sum.ts'
import { formatBudget } from './rate-budget.ts'
import type { RunReport } from './run-report.ts'

const MAX_LISTED_IDS = 20

export function formatReport(report: RunReport): string {
  const pricedAs = report.warnings.find(({ code }) => code === 'notional-cost')
  const lines = [
    `Run ${report.run_id}`,
    `  indicators     ${formatCount(report.indicators)}`,
    `  classified     ${formatCount(report.classified)} (needs review: ${formatCount(report.needs_review)})`,
    `  unchanged      ${formatCount(report.unchanged)}`,
    `  failed         ${formatCount(report.failed)}`,
    `  decided by     ${formatSources(report.by_source) || 'none: nothing new was classified'}`,
    `  model requests ${formatCount(report.model_requests)}, ${formatCount(report.model_requests_per_minute)} a minute`,
    `  tokens         ${formatTokens(report.tokens)}`,
    `  cost           USD ${report.cost_usd.toFixed(4)}${pricedAs === undefined ? '' : ` (${pricedAs.message})`}`,
    `  time           ${formatSeconds(report.elapsed_ms)}, ${formatCount(report.indicators_per_minute)} indicators a minute`,
    ...Object.entries(report.nodes).map(([url, { batches, failed }]) => {
      return `  node           ${url}: ${pluralise(batches, 'batch', 'batches')}, ${pluralise(failed, 'failed attempt')}`
    }),
    ...formatWarnings(report.warnings.filter((warning) => warning !== pricedAs)),
  ]
  return lines.join('\n')
}

/**
 * Lists every failed indicator under the reason of its failure. A long list is cut here, and is complete in `--json`.
 */
export function formatFailures(report: RunReport): string {
  return report.failures
    .map(({ code, reason, indicator_ids: ids }) => {
      const listed = ids.slice(0, MAX_LISTED_IDS).join(', ')
      const rest =
        ids.length > MAX_LISTED_IDS ? `, and ${formatCount(ids.length - MAX_LISTED_IDS)} more (--json lists all)` : ''
      return `Failed (${code}), ${pluralise(ids.length, 'indicator')}: ${reason}\n  ${listed}${rest}`
    })
    .join('\n')
}

/** The text for each value of `limited_by` in an estimate, which names the limit that decides the speed of the run. */
const LIMITS = {
  rpm: 'limited by the requests a minute',
  tpm: 'limited by the tokens a minute',
  cpu: 'limited by the CPU, because few requests are needed',
} as const

export function formatEstimate(report: EstimateReport): string {
  const { price, model } = report
  const pricedAs = price === null ? '' : ` at the price of ${price.priced_as ?? model}`
  const perThousand = (report.model_requests / Math.max(1, report.indicators)) * 1_000
  return [
    'Estimate (the model was not asked)',
    `  indicators     ${formatCount(report.indicators)}`,
    `  decided by     ${formatSources({ unchanged: report.unchanged, ...report.by_source })}`,
    `  shapes to ask  ${formatCount(report.shapes)}`,
    `  model requests ${formatCount(report.model_requests)} (${perThousand.toFixed(1)} per 1,000 indicators), model ${model}`,
    `  tokens         ${formatTokens(report.tokens)}`,
    `  cost           USD ${report.cost_usd.toFixed(4)}${pricedAs}`,
    `  time           ${formatDuration(report.minutes * 60_000)}, ${LIMITS[report.limited_by]}`,
    `  budget         ${formatBudget(report.budget)}`,
    ...formatWarnings(report.warnings),
    'Repeated requests, after a failure or an unusable answer, are not included.',
  ].join('\n')
}

export function formatClassification(result: Classification): string {
  const { unit } = result
  const unitText = [
    unit.kind,
    unit.scale === 1 ? '' : `× ${unit.scale}`,
    unit.currency ?? '',
    unit.per ? `per ${unit.per}` : '',
  ]
  const model = result.model === null ? '' : `, model ${result.model}`
  const lines = [
    `${result.name} (${result.indicator_id})`,
    `  ${result.type} (${result.family}), ${result.temporal_aggregation}, ${result.orientation}`,
    `  unit ${unitText.filter((part) => part !== '').join(' ')}; ${result.frequency}; cumulative ${result.cumulative.pattern}`,
    `  ${result.status}, by ${result.source}, confidence ${result.confidence}${model}`,
    `  ${result.reason}`,
    ...result.issues.map((issue) => `  issue ${issue.code}: ${issue.message}`),
  ]
  return lines.join('\n')
}

/**
 * Lists the sources that decided any indicator, as in "rules 80, model 5"; returns an empty text where no source
 * decided one.
 */
export function formatSources(counts: Readonly<Partial<Record<Source | 'unchanged', number>>>): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([source, count]) => `${source} ${formatCount(count)}`)
    .join(', ')
}

function formatTokens({ input, cached, output }: { input: number; cached: number; output: number }): string {
  return `${formatCount(input)} in (${formatCount(cached)} cached), ${formatCount(output)} out`
}

function formatWarnings(warnings: readonly { readonly message: string; readonly count: number }[]): string[] {
  return warnings.map(({ message, count }) => `  warning        ${formatCount(count)} × ${message}`)
}
