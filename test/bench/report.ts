/** The report of the benchmark as text for people. */
import type { Baseline, ScenarioResult, TableLine } from './scenario.ts'

export interface Machine {
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memory_gib: number
  readonly os: string
  readonly node: string
  readonly commit: string | null
  /** The seed of the model's latencies. */
  readonly seed: number
  /** The share of all cores that `--hog` held, 0 to 1; null without it. */
  readonly held_by_hog: number | null
}

export interface BenchReport {
  readonly machine: Machine
  readonly baseline: Baseline | null
  readonly scenarios: readonly ScenarioResult[]
  /** One line for each scenario that could not be measured, with the reason. */
  readonly failures: readonly string[]
}

export function formatReport({ machine, baseline, scenarios, failures }: BenchReport): string {
  const { date, cores, memory_gib: memory, cpu, os, node, commit, seed, held_by_hog: held } = machine
  const hog = held === null ? '' : `, ${(held * 100).toFixed(1)} % of them held by a hog`
  return [
    `${date}, ${cores} cores (${cpu})${hog}, ${memory} GiB, ${os}, Node ${node}, commit ${commit ?? 'unknown'}, seed ${seed}`,
    '',
    ...(baseline === null ? [] : formatBaseline(baseline)),
    ...scenarios.flatMap(formatScenario),
    ...failures.map((failure) => `\nFAILED     ${failure}`),
  ].join('\n')
}

function formatBaseline(baseline: Baseline): string[] {
  return [
    `baseline   ${baseline.what}`,
    `           CPU ${baseline.cpu_ms_per_record} ms a record, ${baseline.requests_per_minute} requests a minute, ${baseline.share_of_budget} of 6,000 RPM`,
  ]
}

function formatScenario({ id, what, figures, table = [], target, met, bound_by: bound }: ScenarioResult): string[] {
  return [
    '',
    `${id.padEnd(10)} ${what}`,
    ...formatTable(table).map((line) => `           ${line}`),
    ...Object.entries(figures).map(([name, value]) => `           ${name.padEnd(34)} ${formatFigure(value)}`),
    `           ${met ? 'met' : 'NOT met'}: ${target}`,
    `           bound by ${bound}`,
  ]
}

/** The lines of a table under the names of its columns, each column as wide as its widest cell. */
export function formatTable(table: readonly TableLine[]): string[] {
  if (table.length === 0) return []
  const names = Object.keys(table[0] ?? {})
  const cells = [names, ...table.map((line) => names.map((name) => formatFigure(line[name] ?? null)))]
  const widths = names.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function formatFigure(value: ScenarioResult['figures'][string]): string {
  if (value === null) return '-'
  if (typeof value === 'number') return value.toLocaleString('en-US', { maximumFractionDigits: 4 })
  if (typeof value === 'string') return value
  return Object.entries(value)
    .map(([name, count]) => `${name} ${count.toLocaleString('en-US')}`)
    .join(', ')
}
