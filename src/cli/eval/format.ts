/** Formats the report of `eval` as text for people. */
import type { FirstReadingScore } from '../../eval/first-readings.ts'
import { ACCURACIES, type Miss, type Score } from '../../eval/score.ts'
import type { Interval } from '../../eval/statistics.ts'
import { formatSources } from '../classify/format.ts'
import { formatCount } from '../ui/terminal.ts'
import type { CostReport, ModelReport } from './report.ts'

/** The report of `eval --json`, whose property names must not change. */
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

const MAX_LISTED_MISSES = 40
/** The width of a table's first column in characters. */
const LABEL_WIDTH = 22

export function formatScore(report: Report): string {
  return [
    `${report.n} labelled indicators, mode ${report.mode}, codebook ${report.codebook_version}`,
    `gold: ${report.gold}`,
    answeredBy(report),
    '',
    ...fieldTable(report),
    ...firstReadingLines(report),
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

/**
 * Names the model that answered, and warns where the offline model did, whose scores say nothing about a language
 * model.
 */
function answeredBy({ mode, model }: Report): string {
  if (mode === 'rules') return 'answered by: the rules alone'
  if (model === null || model.names.length === 0) return 'answered by: the rules alone; no model was needed'
  const names = model.names.join(', ')
  if (!model.is_offline) return `answered by: ${names}`
  return `answered by: ${names}. This is the OFFLINE model: the figures test the service and are not the accuracy of a language model`
}

function fieldTable({ accuracy, intervals, sure }: Report): string[] {
  const head = `${'field'.padEnd(LABEL_WIDTH)}accuracy  95 % interval   sure: coverage  precision`
  const rows = ACCURACIES.map((name) => {
    const score = name === 'all' ? undefined : sure.by_field[name]
    const sureText =
      score === undefined
        ? ''
        : `${formatFigure(score.coverage).padStart(16)}${formatFigure(score.precision).padStart(11)}`
    const label = name === 'all' ? 'all seven together' : name
    return `${label.padEnd(LABEL_WIDTH)}${formatFigure(accuracy[name]).padStart(8)}  ${formatInterval(intervals[name])}${sureText}`
  })
  const joint =
    `rules sure of type, temporal_aggregation and orientation: coverage ${formatFigure(sure.coverage)} ` +
    `${formatInterval(intervals['sure.coverage'])}, precision ${formatFigure(sure.precision)} ${formatInterval(intervals['sure.precision'])}`
  return [head, ...rows, joint]
}

function firstReadingLines({ first_readings: first }: Report): string[] {
  if (first === undefined || first === null) return []
  const { accuracy, sure, n } = first
  return [
    `before any rule was tuned on them (${n} first readings): type ${formatFigure(accuracy.type)}, temporal_aggregation ` +
      `${formatFigure(accuracy.temporal_aggregation)}, orientation ${formatFigure(accuracy.orientation)}; ` +
      `sure: coverage ${formatFigure(sure.coverage)}, precision ${formatFigure(sure.precision)}`,
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
    `confidence that type, aggregation and orientation are all right (Brier score ${formatFigure(calibration.brier)}):`,
    ...calibration.bins.map(
      ({ from, to, n, mean_confidence, accuracy, interval }) =>
        `  stated ${from.toFixed(1)} to ${to.toFixed(1)}: mean ${formatFigure(mean_confidence)}, right ${formatFigure(accuracy)} ${formatInterval(interval)} of ${n}`,
    ),
  ]
}

function ruleTable({ type_rules: rules }: Report): string[] {
  const imperfect = rules.filter(({ n, right }) => right < n)
  const rest = rules.filter(({ n, right }) => right === n)
  const readings = rest.reduce((total, { n }) => total + n, 0)
  return [
    'rules that read the type and were wrong at least once:',
    ...imperfect.map(({ rule, n, right, sure_n, sure_right }) => {
      return `  ${rule.padEnd(36)} ${right} of ${n} right; where sure ${sure_right} of ${sure_n}`
    }),
    `  ${rest.length} other rules: ${readings} of ${readings} right (--json lists all)`,
  ]
}

function costLines({ cost, prompt, pack }: Report): string[] {
  const lines = [
    `cost per 1,000 indicators: ${cost.requests_per_1000} requests, USD ${cost.cost_usd_per_1000}` +
      (pack === undefined ? '' : ` (${pack} indicators to a request)`),
    `static prompt ${prompt.version}: about ${formatCount(prompt.static_tokens_estimated)} tokens at the start of every request`,
  ]
  if (cost.by_source === undefined) return lines
  const needsReview = `needs review: ${formatCount(cost.needs_review ?? 0)}`
  return [...lines, `decided by: ${formatSources(cost.by_source)}; ${needsReview}`]
}

function missList(misses: readonly Miss[]): string[] {
  if (misses.length === 0) return ['misses: none']
  const shown = misses.slice(0, MAX_LISTED_MISSES).map((miss) => {
    const { name, units, field, expected, got, rule, sure } = miss
    return `  ${name} [${units ?? ''}] ${field}: ${expected} expected, got ${got} (${rule}${sure ? ', sure' : ''})`
  })
  const rest = misses.length > shown.length ? [`  and ${misses.length - shown.length} more (--json lists all)`] : []
  return [`misses (${misses.length}):`, ...shown, ...rest]
}

/** Formats a table with one line for each pack size, the number of indicators in one request to the model. */
export function formatPacks(reports: readonly Report[]): string {
  const head = 'pack  type   aggregation  orientation  all    requests per 1,000  USD per 1,000'
  const rows = reports.map(({ pack, accuracy, cost }) =>
    [
      String(pack ?? '').padEnd(6),
      formatFigure(accuracy.type).padEnd(7),
      formatFigure(accuracy.temporal_aggregation).padEnd(13),
      formatFigure(accuracy.orientation).padEnd(13),
      formatFigure(accuracy.all).padEnd(7),
      String(cost.requests_per_1000).padEnd(20),
      String(cost.cost_usd_per_1000),
    ].join(''),
  )
  return [head, ...rows].join('\n')
}

function formatFigure(value: number | null): string {
  return value === null ? '–' : value.toFixed(3)
}

function formatInterval([low, high]: Interval): string {
  return `${low.toFixed(3)}–${high.toFixed(3)}`
}
