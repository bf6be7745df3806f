/** The reports of runs, estimates and single results, as lines for people. */
import { pluralise, printable } from '../../catalogue/problem-report.ts'
import { codebookNameOf } from '../../classification/result-body.ts'
import { DEFAULT_CODEBOOK } from '../../classification/scheme.ts'
import type { LabelValue } from '../../classification/types.ts'
import { codeOf } from '../../codebooks/built-in.ts'
import type { Codebook } from '../../codebooks/codebook.ts'
import { ENVELOPE } from '../../codebooks/record-texts.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { DEFAULT_CATALOGUE, type ResultBody } from '../../restate/contract.ts'
import { shownLabel } from '../../review/label-text.ts'
import { formatAudits } from '../audits/audit-report.ts'
import { formatSources, sourceName } from '../ui/label-text.ts'
import { formatDuration } from '../ui/progress-text.ts'
import { shellWord } from '../ui/shell-word.ts'
import { formatCount, formatSeconds } from '../ui/terminal.ts'
import type { EstimateReport } from './estimate-sum.ts'
import { formatBudget } from './rate-budget.ts'
import type { RunReport } from './run-report.ts'

const MAX_LISTED_IDS = 20
/** The most characters of an id that a report shows. */
const MAX_ID = 256

export function formatReport(report: RunReport): string {
  const aboutCost = report.warnings.filter(({ code }) => code === 'notional-cost' || code === 'no-price')
  const lines = [
    `Run ${report.run_id}`,
    `  catalogue      ${printable(report.catalogue)}, codebook ${report.codebook}`,
    `  indicators     ${formatCount(report.indicators)}`,
    `  classified     ${formatCount(report.classified)} (needs review: ${formatCount(report.needs_review)}, unverified: ${formatCount(report.unverified)})`,
    `  unchanged      ${formatCount(report.unchanged)}${openOfUnchanged(report)}`,
    `  failed         ${formatCount(report.failed)}`,
    `  decided by     ${formatSources(report.by_source, report.codebook) || 'none: nothing new was classified'}`,
    ...formatAudits(report),
    `  model requests ${formatCount(report.model_requests)}, ${formatCount(report.model_requests_per_minute)} a minute`,
    `  tokens         ${formatTokens(report.tokens)}`,
    `  cost           ${formatCost(report.cost_usd, aboutCost)}${formatEstimated(report)}`,
    ...formatTiers(report),
    `  time           ${formatSeconds(report.elapsed_ms)}, ${formatCount(report.indicators_per_minute)} indicators a minute`,
    ...Object.entries(report.nodes).map(([url, { batches, failed }]) => {
      return `  node           ${url}: ${pluralise(batches, 'batch', 'batches')}, ${pluralise(failed, 'failed attempt')}`
    }),
    ...formatWarnings(report.warnings.filter((warning) => !aboutCost.includes(warning))),
  ]
  return joinLines(lines)
}

/** Says what the stored results of unchanged indicators leave open; "" where that is nothing. */
function openOfUnchanged(report: RunReport): string {
  const { unchanged_needs_review: open, unchanged_unverified: unverified } = report
  if (open + unverified === 0) return ''
  return ` (needs review: ${formatCount(open)}, unverified: ${formatCount(unverified)})`
}

/** Says how much of the cost is an estimate; "" where nothing is. */
function formatEstimated({ estimated }: RunReport): string {
  if (estimated === undefined) return ''
  const { model_requests: requests, cost_usd: usd } = estimated
  return `, of which USD ${usd.toFixed(4)} for ${pluralise(requests, 'request')} is an estimate`
}

/** Says what of requests and cost other service tiers than the standard one took, a line for each. */
function formatTiers({ service_tiers: tiers = {}, model_requests: all }: RunReport): string[] {
  return Object.entries(tiers).flatMap(([tier, sum]) => {
    if (sum === undefined) return []
    const { model_requests: requests, cost_usd: usd } = sum
    return `  service tier   ${tier}: ${formatCount(requests)} of ${formatCount(all)} requests, USD ${usd.toFixed(4)}`
  })
}

/** Writes the cost of a run. A cost is not known, and not 0, where no price of the model is. */
function formatCost(usd: number, warnings: RunReport['warnings']): string {
  const because = warnings.length === 0 ? '' : ` (${warnings.map(({ message }) => message).join('; ')})`
  const isUnknown = warnings.some(({ code }) => code === 'no-price')
  if (isUnknown && usd === 0) return `not known${because}`
  return `USD ${usd.toFixed(4)}${isUnknown ? ' or more' : ''}${because}`
}

/** Says in one line what unverified results are, and how to get results that something has checked. */
export function formatUnverified(
  report: Pick<RunReport, 'unverified' | 'unchanged_unverified' | 'codebook' | 'catalogue'>,
): string {
  const { catalogue, codebook } = report
  const unverified = report.unverified + report.unchanged_unverified
  const name = codebookNameOf(codebook)
  const chosen = `${name === DEFAULT_CODEBOOK ? '' : ` --codebook ${name}`} --catalogue ${shellWord(catalogue)}`
  const rest = unverified === 1 ? 'rests' : 'rest'
  const whose = codeOf(name) === null ? 'guesses of the offline model' : 'rules or on guesses of the offline model'
  const again = codeOf(name) === null ? '' : ' in mode hybrid with --trust catalogue'
  return (
    `${pluralise(unverified, 'result')} ${rest} on ${whose}, which nothing has checked on this catalogue (unverified): ` +
    'set OPENAI_API_KEY, or OPENAI_BASE_URL for another endpoint, where the service runs, and ' +
    `classify again${again}, to have a real model check the rules and decide the rest; or ` +
    `decide them yourself: npm run review -- --unverified${chosen}`
  )
}

/**
 * Lists every failed indicator under the reason of its failure. A long list is cut here, and is complete in `--json`.
 */
export function formatFailures(report: RunReport): string[] {
  return report.failures.flatMap(({ code, reason, indicator_ids: ids }) => {
    const listed = ids.slice(0, MAX_LISTED_IDS).map((id) => printable(id, MAX_ID))
    const rest =
      ids.length > MAX_LISTED_IDS ? `, and ${formatCount(ids.length - MAX_LISTED_IDS)} more (--json lists all)` : ''
    return [`Failed (${code}), ${pluralise(ids.length, 'indicator')}: ${reason}`, `  ${listed.join(', ')}${rest}`]
  })
}

/** The text for each value of `limited_by` in an estimate, which names the limit that decides the speed of the run. */
const LIMITS = {
  rpm: 'limited by the requests a minute',
  tpm: 'limited by the tokens a minute',
  cpu: 'limited by the CPU, because few requests are needed',
} as const

export function formatEstimate(report: EstimateReport): string {
  const { price, model, service_tier: tier } = report
  const pricedAs =
    price === null
      ? ''
      : ` at the price of ${price.priced_as ?? model}${tier === undefined ? '' : ` in the service tier ${tier}`}`
  const perThousand = (report.model_requests / Math.max(1, report.indicators)) * 1_000
  return joinLines([
    'Estimate (the model was not asked)',
    `  catalogue      ${printable(report.catalogue)}, codebook ${report.codebook}`,
    `  indicators     ${formatCount(report.indicators)}`,
    `  decided by     ${formatSources({ unchanged: report.unchanged, ...report.by_source }, report.codebook)}`,
    `  shapes to ask  ${formatCount(report.shapes)}`,
    `  model requests ${formatCount(report.model_requests)} (${perThousand.toFixed(1)} per 1,000 indicators), model ${model}`,
    `  tokens         ${formatTokens(report.tokens)}`,
    `  cost           USD ${report.cost_usd.toFixed(4)}${pricedAs}`,
    `  time           ${formatDuration(report.minutes * 60_000)}, ${LIMITS[report.limited_by]}`,
    `  budget         ${formatBudget(report.budget)}`,
    ...formatWarnings(report.warnings),
    report.repeats_known
      ? 'Requests are repeated, after a failure or an unusable answer, as often as the latest ones were.'
      : 'Repeated requests, after a failure or an unusable answer, are not included: no earlier ones tell how many there are.',
  ])
}

/** The properties of a result that are no field of its codebook. */
const ENVELOPE_NAMES: ReadonlySet<string> = new Set([...ENVELOPE, 'codebook_hash'])

/**
 * Formats one result by any codebook: each label with what decided it and how sure that is, then the envelope. With its
 * `codebook` codes are shown with their titles.
 */
export function formatClassification(result: ResultBody, codebook?: Codebook): string {
  const model = result.model === null ? '' : `, model ${printable(result.model)}`
  const { field_source: sources = {}, field_confidence: confidences = {} } = result
  const labels = Object.entries(result).flatMap(([name, label]) => {
    // A result also holds objects, which repeat flat fields in the form of an earlier release.
    if (ENVELOPE_NAMES.has(name) || !isLabel(label)) return []
    const text = shownLabel(codebook, name, label)
    return text === '' ? [] : [{ name, text }]
  })
  const width = Math.max(0, ...labels.map(({ name }) => name.length))
  const lines = [
    `${printable(result.name, 200)} (${printable(result.indicator_id, 256)})`,
    ...labels.map(({ name, text }) => {
      const origin = [sources[name], confidences[name]].filter((part) => part !== undefined).join(', ')
      return `  ${name.padEnd(width)}  ${printable(text, 200)}${origin === '' ? '' : ` (${origin})`}`
    }),
    `  ${result.status}, by ${sourceName(result.source, result.codebook ?? DEFAULT_CODEBOOK)}, confidence ${result.confidence}${model}`,
    `  catalogue ${printable(result.catalogue ?? DEFAULT_CATALOGUE)}, codebook ${printable(result.codebook ?? result.codebook_version)}`,
    `  ${printable(result.reason, 300)}`,
    ...result.issues.map((issue) => `  issue ${printable(issue.code)}: ${printable(issue.message, 300)}`),
  ]
  return joinLines(lines)
}

function isLabel(value: unknown): value is LabelValue {
  return value === null || typeof value !== 'object' || Array.isArray(value)
}

function formatTokens({ input, cached, output }: { input: number; cached: number; output: number }): string {
  return `${formatCount(input)} in (${formatCount(cached)} cached), ${formatCount(output)} out`
}

function formatWarnings(warnings: readonly { readonly message: string; readonly count: number }[]): string[] {
  return warnings.map(({ message, count }) => `  warning        ${formatCount(count)} × ${message}`)
}
