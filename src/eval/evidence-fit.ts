/** Fits the evidence of a codebook's rules on labelled rows: counts how often they are right where they are sure, and where they are not. */
import { isSameLabel } from '../classification/fields.ts'
import type { LabelValue, ReadingCounts, Scheme } from '../classification/types.ts'
import type { Field } from '../codebooks/codebook.ts'
import { isLabelled } from './fields.ts'
import type { GoldRow } from './gold-file.ts'
import { readBy } from './prediction.ts'

/** How often the rules were right, in the form that the code of a codebook ships. */
export interface EvidenceFit {
  readonly codebookVersion: string
  readonly indicators: number
  readonly fields: Readonly<Record<string, { readonly sure: ReadingCounts; readonly unsure: ReadingCounts }>>
}

interface Outcome {
  readonly isSure: boolean
  readonly isRight: boolean
}

/**
 * Counts right and wrong readings of each scored field that a model may be asked for and that the rules read. Where the gold
 * file keeps a first reading of a field, that reading counts; otherwise what the rules read now.
 */
export function fitEvidence(scheme: Scheme, rows: readonly GoldRow[], fields: readonly Field[]): EvidenceFit {
  const read = rows.map((row) => ({ row, now: readBy(scheme, row.indicator) }))
  const outcomesOf = (field: Field): Outcome[] =>
    read.flatMap(({ row, now }) => {
      if (!isLabelled(row, field)) return []
      const finding = now[field.name]
      const today: readonly [LabelValue, boolean] | undefined = finding && [finding.value, finding.sure]
      const counted = row.firstReading?.[field.name] ?? today
      if (counted === undefined) return []
      return [{ isSure: counted[1], isRight: isSameLabel(counted[0], row.labels[field.name]) }]
    })
  const counted = fields.flatMap((field) => {
    const outcomes = field.asked ? outcomesOf(field) : []
    const sure = countsOf(outcomes.filter(({ isSure }) => isSure))
    const unsure = countsOf(outcomes.filter(({ isSure }) => !isSure))
    return outcomes.length === 0 ? [] : [[field.name, { sure, unsure }] as const]
  })
  return {
    codebookVersion: scheme.codebook.version,
    indicators: rows.length,
    fields: Object.fromEntries(counted),
  }
}

function countsOf(outcomes: readonly Outcome[]): ReadingCounts {
  return { n: outcomes.length, right: outcomes.filter(({ isRight }) => isRight).length }
}

/** Writes the fit as TypeScript, to be pasted as EVIDENCE into the code of the codebook. */
export function formatEvidence({ codebookVersion, indicators, fields }: EvidenceFit): string {
  const counts = ({ n, right }: ReadingCounts) => `{ n: ${n}, right: ${right} }`
  return [
    'export const EVIDENCE: Evidence = {',
    `  codebookVersion: '${codebookVersion}',`,
    `  indicators: ${indicators},`,
    '  fields: {',
    ...Object.entries(fields).map(
      ([name, { sure, unsure }]) => `    ${name}: { sure: ${counts(sure)}, unsure: ${counts(unsure)} },`,
    ),
    '  },',
    '}',
  ].join('\n')
}
