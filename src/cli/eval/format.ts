/** A score for people. */
import type { FirstReadingScore } from '../../eval/first-readings.ts'
import { ACCURACIES, type Miss, type Score } from '../../eval/score.ts'
import type { Interval } from '../../eval/statistics.ts'
import { formatCount } from '../ui/terminal.ts'
import type { CostReport, ModelReport } from './report.ts'

export interface Report extends Score {
  readonly gold: string
  readonly mode: string
  readonly prompt: { readonly version: string; readonly static_tokens_estimated: number }
  readonly codebook_version: string
  readonly pack?: number
  readonly first_readings?: FirstReadingScore | null
  readonly model: ModelReport | null
  readonly cost: Pick<CostReport, 'requests_per_1000' | 'cost_usd_per_1000'> & Partial<CostReport>
}

const MAX_MISSES = 40
const WIDTH = 22

export function formatScore(report: Report): string {
  return [
    `${report.n} labelled indicators, mode ${report.mode}, codebook ${report.codebook_version}`,
    `gold: ${report.gold}`,
    answeredBy(report),
    '',
    ...fieldTable(report),
    ...firstLines(report),
    '',
    ...confusionTable(report),
    ...calibrationTable(report),
    '',
    ...ruleTable(report),
    '',
    ...costLines(report),
    '',
    ...missList(report.misses),
  ].join('\n')
}

/** Nobody must take the offline model's figures for a model's. */
function answeredBy({ mode, model }: Report): string {
  if (mode === 'rules') return 'answered by: the rules alone'
  if (model === null || model.names.length === 0) return 'answered by: the rules alone; no model was needed'
  const names = model.names.join(', ')
  if (!model.is_offline) return `answered by: ${names}`
  return `answered by: ${names}. This is the OFFLINE model: these figures test the path and are no model's accuracy`
}

function fieldTable({ accuracy, intervals, sure }: Report): string[] {
  const head = `${'field'.padEnd(WIDTH)}accuracy  95 % interval   sure: coverage  precision`
  const rows = ACCURACIES.map((name) => {
    const score = name === 'all' ? undefined : sure.by_field[name]
    const sureText =
      score === undefined ? '' : `${figure(score.coverage).padStart(16)}${figure(score.precision).padStart(11)}`
    const label = name === 'all' ? 'all seven together' : name
    return `${label.padEnd(WIDTH)}${figure(accuracy[name]).padStart(8)}  ${span(intervals[name])}${sureText}`
  })
  const joint =
    `rules sure of type, temporal_aggregation and orientation: coverage ${figure(sure.coverage)} ` +
    `${span(intervals['sure.coverage'])}, precision ${figure(sure.precision)} ${span(intervals['sure.precision'])}`
  return [head, ...rows, joint]
}

function firstLines({ first_readings: first }: Report): string[] {
  if (first === undefined || first === null) return []
  const { accuracy, sure, n } = first
  return [
    `before any rule was tuned on them (${n} first readings): type ${figure(accuracy.type)}, temporal_aggregation ` +
      `${figure(accuracy.temporal_aggregation)}, orientation ${figure(accuracy.orientation)}; ` +
      `sure: coverage ${figure(sure.coverage)}, precision ${figure(sure.precision)}`,
  ]
}

function confusionTable({ confusion }: Report): string[] {
  const pairs = Object.entries(confusion).flatMap(([expected, line]) =>
    Object.entries(line).flatMap(([got, count]) => (got === expected ? [] : [{ expected, got, count }])),
  )
  if (pairs.length === 0) return ['confusion of types: none', '']
  const lines = pairs
    .sort((a, b) => b.count - a.count)
    .map(({ expected, got, count }) => `  ${count} × ${expected} read as ${got}`)
  return ['confusion of types:', ...lines, '']
}

function calibrationTable({ calibration }: Report): string[] {
  return [
    `confidence that type, aggregation and orientation are all right (Brier score ${figure(calibration.brier)}):`,
    ...calibration.bins.map(
      ({ from, to, n, mean_confidence, accuracy, interval }) =>
        `  stated ${from.toFixed(1)} to ${to.toFixed(1)}: mean ${figure(mean_confidence)}, right ${figure(accuracy)} ${span(interval)} of ${n}`,
    ),
  ]
}

function ruleTable({ type_rules: rules }: Report): string[] {
  const doubted = rules.filter(({ n, right }) => right < n)
  const rest = rules.filter(({ n, right }) => right === n)
  const readings = rest.reduce((total, { n }) => total + n, 0)
  return [
    'rules that read the type, where one was wrong:',
    ...doubted.map(({ rule, n, right, sure_n, sure_right }) => {
      return `  ${rule.padEnd(36)} ${right} of ${n} right; where sure ${sure_right} of ${sure_n}`
    }),
    `  ${rest.length} other rules: ${readings} of ${readings} right (--json lists all)`,
  ]
}

function costLines({ cost, prompt, pack }: Report): string[] {
  const lines = [
    `cost per 1,000 indicators: ${cost.requests_per_1000} requests, USD ${cost.cost_usd_per_1000}` +
      (pack === undefined ? '' : ` (${pack} indicators to a request)`),
    `static prompt ${prompt.version}: about ${formatCount(prompt.static_tokens_estimated)} tokens before every request's own part`,
  ]
  if (cost.by_source === undefined) return lines
  const sources = Object.entries(cost.by_source).filter(([, count]) => count > 0)
  const decided = sources.map(([source, count]) => `${source} ${formatCount(count)}`).join(', ')
  return [...lines, `decided by: ${decided}; needs review: ${formatCount(cost.needs_review ?? 0)}`]
}

function missList(misses: readonly Miss[]): string[] {
  if (misses.length === 0) return ['misses: none']
  const shown = misses.slice(0, MAX_MISSES).map((miss) => {
    const { name, units, field, expected, got, rule, sure } = miss
    return `  ${name} [${units ?? ''}] ${field}: ${expected} expected, got ${got} (${rule}${sure ? ', sure' : ''})`
  })
  const rest = misses.length > shown.length ? [`  and ${misses.length - shown.length} more (--json lists all)`] : []
  return [`misses (${misses.length}):`, ...shown, ...rest]
}

/** One line for each size of request. */
export function formatPacks(reports: readonly Report[]): string {
  const head = 'pack  type   aggregation  orientation  all    requests per 1,000  USD per 1,000'
  const rows = reports.map(({ pack, accuracy, cost }) =>
    [
      String(pack ?? '').padEnd(6),
      figure(accuracy.type).padEnd(7),
      figure(accuracy.temporal_aggregation).padEnd(13),
      figure(accuracy.orientation).padEnd(13),
      figure(accuracy.all).padEnd(7),
      String(cost.requests_per_1000).padEnd(20),
      String(cost.cost_usd_per_1000),
    ].join(''),
  )
  return [head, ...rows].join('\n')
}

function figure(value: number | null): string {
  return value === null ? '–' : value.toFixed(3)
}

function span([low, high]: Interval): string {
  return `${low.toFixed(3)}–${high.toFixed(3)}`
}
