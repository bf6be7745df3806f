/** The report of `inspect` as lines for people. */
import { pluralise, printable } from '../../catalogue/problem-report.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { formatCount } from '../ui/terminal.ts'
import type { InspectReport } from './inspect-file.ts'

const MAX_UNUSED = 20
const MAX_TEXT = 160

export function formatInspection(report: InspectReport, label: string): string {
  const { format, compression, encoding, layout, records, mapping, unused, problems, sample, estimate } = report
  const width = Math.max(0, ...Object.keys(mapping).map((field) => field.length))
  const packed = compression === undefined ? '' : `, ${compression}`
  const left = unused.map(({ column, guess }) => `${printable(column)}${guess === null ? '' : ` (${guess}?)`}`)
  const more = left.length > MAX_UNUSED ? `, and ${formatCount(left.length - MAX_UNUSED)} more` : ''
  return joinLines([
    label,
    `  format    ${format}${packed}, ${encoding}, layout ${layout}`,
    `  records   ${formatCount(records)}`,
    '  fields',
    ...Object.entries(mapping).map(([field, source]) => `    ${field.padEnd(width)}  ${printable(source, MAX_TEXT)}`),
    ...(left.length === 0 ? [] : [`  not used  ${left.slice(0, MAX_UNUSED).join(', ')}${more}`]),
    ...problems.map((problem) => `  note      ${printable(problem, 400)}`),
    ...(sample.length === 0 ? [] : [`  the first ${pluralise(sample.length, 'record')}`]),
    ...sample.flatMap((record) => [
      `    ${printable(record.indicator_id)}: ${printable(record.name, MAX_TEXT)}`,
      ...detailsOf(record),
    ]),
    ...(estimate === null ? [] : [costLine(estimate)]),
  ])
}

function detailsOf(record: InspectReport['sample'][number]): string[] {
  const points = record.sample_values
  const last = points.at(-1)
  return [
    ...(record.units === undefined ? [] : [`      units ${printable(record.units)}`]),
    ...(record.periodicity === undefined ? [] : [`      periodicity ${printable(record.periodicity)}`]),
    ...(record.description === undefined ? [] : [`      description ${printable(record.description, MAX_TEXT)}`]),
    ...(last === undefined
      ? []
      : [`      ${pluralise(points.length, 'sample value')}, the last ${last.date} = ${last.value}`]),
  ]
}

function costLine({ model_requests: requests, cost_usd: usd, model }: NonNullable<InspectReport['estimate']>): string {
  return `  cost      about ${pluralise(requests, 'request')} to ${printable(model)}, USD ${usd.toFixed(4)} (nothing was asked)`
}
