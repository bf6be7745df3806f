/** A run's report for people. */
import type { Classification } from '../../classification/types.ts'
import { formatCount, formatSeconds } from '../ui/terminal.ts'
import type { RunReport } from './run.ts'

const MAX_LISTED_IDS = 20

export function formatReport(report: RunReport): string {
  const { by_source: sources, tokens } = report
  const pricedAs = report.warnings.find(({ code }) => code === 'notional-cost')
  const lines = [
    `Run ${report.run_id}`,
    `  indicators     ${formatCount(report.indicators)}`,
    `  classified     ${formatCount(report.classified)} (needs review: ${formatCount(report.needs_review)})`,
    `  unchanged      ${formatCount(report.unchanged)}`,
    `  failed         ${formatCount(report.failed)}`,
    `  decided by     ${Object.entries(sources)
      .filter(([, count]) => count > 0)
      .map(([source, count]) => `${source} ${formatCount(count)}`)
      .join(', ')}`.replace(/by {5}$/, 'by     nothing new'),
    `  model requests ${formatCount(report.model_requests)}, ${formatCount(report.model_requests_per_minute)} a minute`,
    `  tokens         ${formatCount(tokens.input)} in (${formatCount(tokens.cached)} cached), ${formatCount(tokens.output)} out`,
    `  cost           USD ${report.cost_usd.toFixed(4)}${pricedAs === undefined ? '' : ` (${pricedAs.message})`}`,
    `  time           ${formatSeconds(report.elapsed_ms)}, ${formatCount(report.indicators_per_minute)} indicators a minute`,
    ...Object.entries(report.nodes).map(([url, node]) => {
      return `  node           ${url}: ${formatCount(node.batches)} batches, ${formatCount(node.failed)} failed tries`
    }),
    ...report.warnings
      .filter((warning) => warning !== pricedAs)
      .map((warning) => `  warning        ${formatCount(warning.count)} × ${warning.message}`),
  ]
  return lines.join('\n')
}

/** Every failed indicator stands under its reason; a long list is cut here and whole in `--json`. */
export function formatFailures(report: RunReport): string {
  return report.failures
    .map(({ code, reason, indicator_ids: ids }) => {
      const listed = ids.slice(0, MAX_LISTED_IDS).join(', ')
      const rest =
        ids.length > MAX_LISTED_IDS ? `, and ${formatCount(ids.length - MAX_LISTED_IDS)} more (--json lists all)` : ''
      return `Failed (${code}), ${formatCount(ids.length)} indicators: ${reason}\n  ${listed}${rest}`
    })
    .join('\n')
}

export function formatClassification(one: Classification): string {
  const { unit } = one
  const unitText = [
    unit.kind,
    unit.scale === 1 ? '' : `× ${unit.scale}`,
    unit.currency ?? '',
    unit.per ? `per ${unit.per}` : '',
  ]
  const lines = [
    `${one.name} (${one.indicator_id})`,
    `  ${one.type} (${one.family}), ${one.temporal_aggregation}, ${one.orientation}`,
    `  unit ${unitText.filter((part) => part !== '').join(' ')}; ${one.frequency}; cumulative ${one.cumulative.pattern}`,
    `  ${one.status}, by ${one.source}, confidence ${one.confidence}${one.model === null ? '' : `, model ${one.model}`}`,
    `  ${one.reason}`,
    ...one.issues.map((issue) => `  issue ${issue.code}: ${issue.message}`),
  ]
  return lines.join('\n')
}
