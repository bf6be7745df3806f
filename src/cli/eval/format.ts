/** Formats the report of `eval` as text for people. */

import { pluralise, printable } from '../../catalogue/problem-report.ts'
import type { ConfidenceScore } from '../../eval/reliability.ts'
import { ALL, type Miss, showLabel } from '../../eval/score.ts'
import type { Interval } from '../../eval/statistics.ts'
import { OFFLINE_RECORDED_NAME } from '../../lib/model-names.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { formatSources } from '../ui/label-text.ts'
import { formatCount } from '../ui/terminal.ts'
import type { Report } from './report.ts'

const MAX_LISTED_MISSES = 40
/** The most lines of one field in a table of confusions or of rules. */
const MAX_LISTED_LINES = 10
/** The least width of a table's first column in characters. */
const LABEL_WIDTH = 22

export function formatScore(report: Report): string {
  const head = [
    `${pluralise(report.n, 'labelled record')}, mode ${report.mode}, codebook ${report.codebook}`,
    `gold: ${report.gold}`,
  ]
  if (report.mode === 'rules' && !hasReadings(report)) {
    const fields = Object.keys(report.labelled).join(', ')
    const nothing = `The codebook has no rules for ${fields}, so nothing was decided: score a model with --mode model`
    return joinLines([...head, nothing, ...shortlistLines(report)])
  }
  return joinLines([
    ...head,
    answeredBy(report),
    ...unansweredLines(report),
    '',
    ...fieldTable(report),
    ...firstReadingLines(report),
    ...shortlistLines(report),
    '',
    ...confusionTables(report),
    '',
    ...calibrationTable(report),
    '',
    ...ruleTables(report),
    ...costLines(report),
    '',
    ...missList(report.misses),
  ])
}

/** Whether a rule read any of the scored fields. */
function hasReadings({ rules }: Report): boolean {
  return Object.keys(rules).length > 0
}

function unansweredLines({ unanswered }: Report): string[] {
  if (unanswered === undefined) return []
  const { fields, records, file } = unanswered
  const verb = fields === 1 ? 'was' : 'were'
  return [`${pluralise(fields, 'field')} of ${pluralise(records, 'record')} ${verb} left unanswered in ${file}`]
}

/** Names the model that answered, and warns where no live language model did, because the scores then say nothing about one. */
function answeredBy({ mode, model }: Report): string {
  if (mode === 'rules') return 'answered by: the rules alone'
  if (model === null || model.names.length === 0) return 'answered by: the rules alone; no model was needed'
  const names = model.names.join(', ')
  if (!model.is_offline) return `answered by: ${names}`
  if (model.names.every((name) => name === OFFLINE_RECORDED_NAME)) {
    return `answered by: ${names}, which repeats recorded answers: the figures are those of whoever gave them`
  }
  return `answered by: ${names}. This is the OFFLINE model: the figures test the service and are not the accuracy of a language model`
}

function fieldTable(report: Report): string[] {
  const { n, labelled, accuracy, intervals, sure } = report
  const names = Object.keys(labelled)
  const hasRules = hasReadings(report)
  const isPartial = Object.values(labelled).some((count) => count < n)
  const width = Math.max(LABEL_WIDTH, ...names.map((name) => name.length + 2))
  const line = (label: string, name: string, count: number, sureText: string) =>
    [
      label.padEnd(width),
      isPartial ? String(count).padStart(9) : '',
      formatFigure(accuracy[name]).padStart(10),
      `  ${formatInterval(intervals[name]).padEnd(13)}${sureText}`.trimEnd(),
    ].join('')
  const sureOf = (name: string) => {
    const score = sure.by_field[name]
    if (!hasRules || score === undefined) return ''
    return `${formatFigure(score.coverage).padStart(16)}${formatFigure(score.precision).padStart(11)}`
  }
  const allLabel = names.length === 1 ? ALL : `${ALL} ${names.length} together`
  const joint =
    `rules sure of every field that a model may be asked for: coverage ${formatFigure(sure.coverage)} ` +
    `${formatInterval(intervals['sure.coverage'])}, precision ${formatFigure(sure.precision)} ${formatInterval(intervals['sure.precision'])}`
  return [
    `${'field'.padEnd(width)}${isPartial ? 'records'.padStart(9) : ''}  accuracy  95 % interval${hasRules ? '  sure: coverage  precision' : ''}`,
    ...names.map((name) => line(name, name, labelled[name] ?? 0, sureOf(name))),
    line(allLabel, ALL, n, ''),
    ...(hasRules ? [joint] : []),
  ]
}

function firstReadingLines({ first_readings: first }: Report): string[] {
  if (first === undefined || first === null) return []
  const { accuracy, sure, n } = first
  const figures = Object.entries(accuracy).map(([name, value]) => `${name} ${formatFigure(value)}`)
  return [
    `before any rule was tuned on them (${n} first readings): ${figures.join(', ')}; ` +
      `sure: coverage ${formatFigure(sure.coverage)}, precision ${formatFigure(sure.precision)}`,
  ]
}

function shortlistLines({ shortlists }: Report): string[] {
  const byField = Map.groupBy(shortlists, ({ field }) => field)
  return [...byField].map(([field, recalls]) => {
    const parts = recalls.map(
      ({ first, records, found }) => `${first}: ${formatFigure(records === 0 ? null : found / records)}`,
    )
    return `shortlist of ${field} holds the right code (${recalls[0]?.records ?? 0} records), by its length: ${parts.join(', ')}`
  })
}

function confusionTables({ confusion }: Report): string[] {
  const tables = Object.entries(confusion).flatMap(([field, table]) => {
    const pairs = Object.entries(table).flatMap(([expected, line]) =>
      Object.entries(line).flatMap(([got, count]) => (got === expected ? [] : [{ expected, got, count }])),
    )
    if (pairs.length === 0) return []
    const lines = pairs
      .sort((a, b) => b.count - a.count)
      .map(({ expected, got, count }) => `  ${count} × ${expected} read as ${got}`)
    return [`confusion of ${field}:`, ...firstOf(lines)]
  })
  return tables.length === 0 ? ['confusion: none'] : tables
}

function calibrationTable({ calibration, catalogues }: Report): string[] {
  const { brier, error, bins, by_field: byField, by_kind: byKind } = calibration
  const figures = ({ n, mean_confidence: mean, accuracy, brier: own }: ConfidenceScore) =>
    `mean ${formatFigure(mean)}, right ${formatFigure(accuracy)} of ${n}, Brier score ${formatFigure(own)}`
  const lines = (scores: Readonly<Record<string, ConfidenceScore>>) =>
    Object.entries(scores).map(([name, one]) => `  ${name.padEnd(LABEL_WIDTH)} ${figures(one)}`)
  return [
    `confidence that all fields that a model may be asked for are right (Brier score ${formatFigure(brier)}, mean distance from the truth ${formatFigure(error)}):`,
    ...bins.map(
      ({ from, to, n, mean_confidence: mean, accuracy, interval }) =>
        `  stated ${from.toFixed(2)} to ${to.toFixed(2)}: mean ${formatFigure(mean)}, right ${formatFigure(accuracy)} ${formatInterval(interval)} of ${n}`,
    ),
    'confidence of single fields:',
    ...lines(byField),
    'confidence by what answered, over all fields:',
    ...lines(byKind),
    ...(catalogues.length === 0 ? [] : ['rows by catalogue:']),
    ...catalogues.map((one) => {
      const sure = one.sure_n === 0 ? 'no row sure' : `sure rows right ${one.sure_right} of ${one.sure_n}`
      return `  ${printable(one.catalogue, LABEL_WIDTH).padEnd(LABEL_WIDTH)} ${figures(one)}; ${sure}`
    }),
  ]
}

function ruleTables({ rules }: Report): string[] {
  const tables = Object.entries(rules).flatMap(([field, all]) => {
    const lines = all.flatMap(({ rule, n, right, sure_n, sure_right }) => {
      if (right === n) return []
      return [`  ${rule.padEnd(36)} ${right} of ${n} right; where sure ${sure_right} of ${sure_n}`]
    })
    return lines.length === 0 ? [] : [`rules that read ${field} and were wrong at least once:`, ...firstOf(lines)]
  })
  if (tables.length > 0) return [...tables, '']
  return Object.keys(rules).length === 0 ? [] : ['no rule was wrong', '']
}

function usdPerThousand({ cost_usd_per_1000: usd, unknown_price: unknown }: Report['cost']): string {
  if (unknown === undefined) return `USD ${usd}`
  return usd === 0 ? `USD not known: ${unknown}` : `USD ${usd} or more: ${unknown}`
}

function costLines({ cost, prompt, pack, codebook }: Report): string[] {
  const lines = [
    `cost per 1,000 records: ${cost.requests_per_1000} requests, ${usdPerThousand(cost)}` +
      (pack === undefined ? '' : ` (${pack} records to a request)`),
    `static prompt ${prompt.version}: about ${formatCount(prompt.static_tokens_estimated)} tokens at the start of every request`,
  ]
  if (cost.by_source === undefined) return lines
  const rest = `needs review: ${formatCount(cost.needs_review ?? 0)}, unverified: ${formatCount(cost.unverified ?? 0)}`
  return [...lines, `decided by: ${formatSources(cost.by_source, codebook)}; ${rest}`]
}

function missList(misses: readonly Miss[]): string[] {
  if (misses.length === 0) return ['misses: none']
  const shown = misses.slice(0, MAX_LISTED_MISSES).map((miss) => {
    const { name, units, field, expected, got, rule, sure } = miss
    const reader = rule === null ? '' : ` (${rule}${sure ? ', sure' : ''})`
    const unit = units === null || units === '' ? '' : ` [${units}]`
    return `  ${name}${unit} ${field}: ${showLabel(expected)} expected, got ${showLabel(got)}${reader}`
  })
  const rest = misses.length > shown.length ? [`  and ${misses.length - shown.length} more (--json lists all)`] : []
  return [`misses (${misses.length}):`, ...shown, ...rest]
}

function firstOf(lines: readonly string[]): string[] {
  const more = lines.length - MAX_LISTED_LINES
  return more > 0 ? [...lines.slice(0, MAX_LISTED_LINES), `  and ${more} more (--json lists all)`] : [...lines]
}

/** Formats a table with one line for each pack size, the number of records in one request to the model. */
export function formatPacks(reports: readonly Report[]): string {
  const names = [...Object.keys(reports[0]?.labelled ?? {}), ALL]
  const width = (name: string) => Math.max(7, name.length + 2)
  const head = `pack  ${names.map((name) => name.padEnd(width(name))).join('')}requests per 1,000  USD per 1,000`
  const rows = reports.map(({ pack, accuracy, cost }) =>
    [
      String(pack ?? '').padEnd(6),
      ...names.map((name) => formatFigure(accuracy[name]).padEnd(width(name))),
      String(cost.requests_per_1000).padEnd(20),
      String(cost.cost_usd_per_1000),
    ].join(''),
  )
  return joinLines([head, ...rows])
}

function formatFigure(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(3)
}

function formatInterval([low, high]: Interval = [0, 1]): string {
  return `${low.toFixed(3)}–${high.toFixed(3)}`
}
