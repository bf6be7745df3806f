/** How far people agree who labelled the same rows blind, and the rows on which they differ, as cases for the codebook. */
import { labelText } from '../../catalogue/results-writer.ts'
import { krippendorffAlpha } from '../../evidence/agreement.ts'
import type { StoredLabel } from '../../store/types.ts'
import type { LabelledRow } from './row-labels.ts'

/** The agreement of people in one field. The property names are those of `certify --json`. */
export interface FieldAgreement {
  readonly field: string
  /** Rows that two or more people labelled. */
  readonly rows: number
  readonly observed: number | null
  readonly alpha: number | null
  readonly interval: readonly [number, number] | null
  readonly disagreements: number
}

/** A field of a row in which people gave different labels. */
export interface Case {
  readonly id: string
  readonly field: string
  readonly labels: readonly { readonly by: string; readonly label: string }[]
  /** The third decision, with the name of who took it; null where it is still to be taken. */
  readonly decided: { readonly by: string; readonly label: string } | null
}

/**
 * Krippendorff's alpha by field over the rows that two or more people labelled blind. Who could not tell counts as one who gave
 * no label. `seed` makes the bootstrap repeatable. Fields without such a row are left out.
 */
export function agreementOf(rows: readonly LabelledRow[], fields: readonly string[], seed: string): FieldAgreement[] {
  return fields.flatMap((field): FieldAgreement[] => {
    const units = rows.flatMap((row) => {
      const given = blindLabels(row, field).filter(({ isKnown }) => isKnown)
      if (given.length < 2) return []
      return [{ id: row.id, labels: Object.fromEntries(given.map((label) => [label.by, canonicalText(label)])) }]
    })
    if (units.length === 0) return []
    const { observed, alpha, interval, disagreements } = krippendorffAlpha(units, { seed: numberOf(seed) })
    const pair = interval === null ? null : ([interval[0], interval[1]] as const)
    return [{ field, rows: units.length, observed, alpha, interval: pair, disagreements: disagreements.length }]
  })
}

/** The cases in which people gave different labels. */
export function casesOf(rows: readonly LabelledRow[]): Case[] {
  return rows.flatMap((row) =>
    row.fields.flatMap(({ field, labels }): Case[] => {
      const given = blindLabels(row, field)
      if (new Set(given.map(canonicalText)).size < 2) return []
      const third = labels.find(({ adjudicates }) => adjudicates)
      const decided = third === undefined ? null : { by: third.by, label: textOf(third) }
      return [{ id: row.id, field, labels: given.map((label) => ({ by: label.by, label: textOf(label) })), decided }]
    }),
  )
}

function blindLabels({ fields }: LabelledRow, field: string): readonly StoredLabel[] {
  const labels = fields.find((one) => one.field === field)?.labels ?? []
  return labels.filter(({ blind, adjudicates }) => blind && !adjudicates)
}

/** A label as a text that is equal where labels are: the order of several labels does not count. */
function canonicalText({ label, isKnown }: StoredLabel): string {
  if (!isKnown) return '?'
  return JSON.stringify(Array.isArray(label) ? label.toSorted() : label)
}

/** A label as people read it. */
export function textOf({ label, isKnown }: Pick<StoredLabel, 'label' | 'isKnown'>): string {
  if (!isKnown) return '?'
  return label === null ? 'none' : labelText(label)
}

/** What a third person sees of a case, such as "kind: notice (Anna), figures (Ben)". */
export function describeCase({ field, labels }: Case): string {
  return `${field}: ${labels.map(({ by, label }) => `${label} (${by})`).join(', ')}`
}

/** The first 32 bits of a seed in hexadecimal digits; of any other text a number that depends on its characters. */
function numberOf(seed: string): number {
  const parsed = Number.parseInt(seed.slice(0, 8), 16)
  return Number.isNaN(parsed)
    ? [...seed].reduce((sum, one) => sum * 31 + (one.codePointAt(0) ?? 0), 0) % 2 ** 32
    : parsed
}
