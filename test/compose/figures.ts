/** Figures that the Compose tests measure: tests note them in a file, and the summary prints them as tables. */
import { appendFileSync, readFileSync } from 'node:fs'

export interface Figure {
  /** What was measured: the name of the row. */
  readonly what: string
  readonly figures: Readonly<Record<string, string | number>>
}

/** Adds a row to the summary, or prints it where no summary follows. */
export function noteFigures(what: string, figures: Figure['figures']): void {
  const path = process.env.COMPOSE_TEST_FIGURES
  if (path === undefined) console.log(formatRow({ what, figures }))
  else appendFileSync(path, `${JSON.stringify({ what, figures })}\n`)
}

export function readFigures(path: string): Figure[] {
  try {
    const lines = readFileSync(path, 'utf8').split('\n')
    return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Figure)
  } catch {
    return []
  }
}

/** One table for each set of columns; rows keep the order in which they were noted. */
export function formatFigures(rows: readonly Figure[]): string {
  const tables = new Map<string, Figure[]>()
  for (const row of rows) {
    const columns = Object.keys(row.figures).join('|')
    tables.set(columns, [...(tables.get(columns) ?? []), row])
  }
  return [...tables.values()].map(formatTable).join('\n\n')
}

function formatTable(rows: readonly Figure[]): string {
  const columns = Object.keys(rows[0]?.figures ?? {})
  const cells = [
    ['', ...columns],
    ...rows.map(({ what, figures }) => [what, ...columns.map((c) => String(figures[c]))]),
  ]
  const widths = ['', ...columns].map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  return cells
    .map((row) => {
      return row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd()
    })
    .join('\n')
}

function formatRow({ what, figures }: Figure): string {
  const parts = Object.entries(figures).map(([name, value]) => `${name} ${value}`)
  return `${what}: ${parts.join(', ')}`
}
