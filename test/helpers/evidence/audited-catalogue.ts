/** Makes catalogues for tests of audits: rows of which rules are sure or not, no two of one shape, and what a right model answers. */
import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { askableFields } from '../../../src/classification/fields.ts'
import type { Labels } from '../../../src/classification/types.ts'
import { type GoldTable, parseGoldTable } from '../../../src/offline-model/answers-gold.ts'
import { builtInScheme } from '../codebooks/offline-question.ts'

const scheme = builtInScheme('economic-indicators')
const ASKED = askableFields(scheme.codebook).map(({ name }) => name)

export interface MadeRow {
  readonly indicator_id: string
  readonly name: string
  readonly units: string
  readonly periodicity: string
  /** What a right model answers for each field that it may be asked for. */
  readonly labels: Labels
}

/** How a row is read: by one rule for the type, by one of several other rules, or by none but that for the frequency. */
export type Kind = 'money-stock' | 'others' | 'unread'

const PARTS = ['Mining', 'Fishing', 'Forestry', 'Construction', 'Tourism', 'Manufacturing', 'Banking', 'Transport']
const GROUPS = ['Rural', 'Urban', 'Domestic', 'Foreign', 'Private', 'Public', 'Small', 'Large']
const OTHERS = [
  ['Exports of Textile', 'USD Million'],
  ['Consumer Price Index', 'Index'],
  ['Unemployment Rate', '%'],
  ['Retail Sales', 'EUR Million'],
] as const
/** The rule that decides the type of the rows of kind `money-stock`. */
export const MONEY_STOCK_RULE = 'stock-of-money'
/** What a right model answers where that rule is wrong. */
export const OTHER_THAN_STOCK: Labels = { type: 'flow', temporal_aggregation: 'period-total' }

/**
 * Makes a row of a kind, whose number makes its shape another one. A right model answers what the rules read, except for the
 * labels in `over`.
 */
export function makeRow(kind: Kind, prefix: string, number: number, over: Labels = {}): MadeRow {
  const [name, units] = textsOf(kind, number)
  const record = { indicator_id: `${prefix}.${number}`, name, units, periodicity: 'Annual' }
  const reading = scheme.code?.read({ ...record, sample_values: [] }) ?? {}
  const sure = ASKED.filter((field) => reading[field]?.sure === true)
  assert.deepEqual(sure, kind === 'unread' ? ['frequency'] : ASKED, `${name} is read otherwise than the test needs it`)
  assert.equal(reading['type']?.rule === MONEY_STOCK_RULE, kind === 'money-stock', name)
  const read = Object.fromEntries(ASKED.map((field) => [field, reading[field]?.value ?? null]))
  return { ...record, labels: { ...read, ...over } }
}

function textsOf(kind: Kind, number: number): readonly [name: string, units: string] {
  const part = PARTS[number % PARTS.length]
  const group = GROUPS[number % GROUPS.length]
  if (kind === 'unread') return [`Zorbic attainment of the ${part} ${number}`, 'widgets']
  const [head, units] = kind === 'money-stock' ? ['Broad Money', 'USD Million'] : (OTHERS[number % OTHERS.length] ?? [])
  return [`${head}, ${part}, ${group} ${number}`, units ?? '']
}

/** Writes the rows as a catalogue, without their labels. */
export async function writeRows(path: string, rows: readonly MadeRow[]): Promise<void> {
  await writeFile(path, rows.map(({ labels: _, ...record }) => `${JSON.stringify(record)}\n`).join(''))
}

/** The right answers for the rows, as the offline model takes them. */
export function goldOf(rows: readonly MadeRow[]): GoldTable {
  return parseGoldTable(rows.map((row) => JSON.stringify(row)).join('\n'), 'made rows')
}

/** The number of rows whose stored labels are right in every field. */
export function countRight(rows: readonly MadeRow[], stored: ReadonlyMap<string, Labels>): number {
  return rows.filter(({ indicator_id: id, labels }) => {
    const found = stored.get(id)
    return found !== undefined && ASKED.every((field) => found[field] === labels[field])
  }).length
}
