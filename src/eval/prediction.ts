/** Builds what eval scores: the labels predicted for one record, with what the rules read of it and the stated confidence. */
import { completeLabels } from '../classification/fields.ts'
import { mergeLabels } from '../classification/merge.ts'
import type { Finding, Indicator, Labels, Reading, Scheme } from '../classification/types.ts'
import type { Codebook } from '../codebooks/codebook.ts'

export interface Prediction {
  readonly labels: Labels
  /**
   * The labels that the rules alone give. Coverage and precision of the rules are measured on these labels, even where a
   * model or a person decided the result.
   */
  readonly ruleLabels: Labels
  /** What the rules read of each field; absent for a field that no rule reads. */
  readonly findings: Readonly<Record<string, Pick<Finding, 'sure' | 'rule'>>>
  /** The stated confidence that the fields that a model may be asked for are all right, 0 to 1. */
  readonly confidence: number
}

/** Predicts by the rules alone. The rules get nothing but the record, so that no gold label can reach them. */
export function predictByRules(scheme: Scheme, indicator: Indicator): Prediction {
  const reading = readBy(scheme, indicator)
  const { labels, confidence, undecided } = mergeLabels({ scheme, mode: 'rules', reading, decisions: [] })
  const stated = scheme.codebook.fields.flatMap(({ name, asked }) => (asked ? (confidence[name] ?? []) : []))
  const least = stated.length === 0 || undecided.length > 0 ? 0 : Math.min(...stated)
  return { ...ruleReadingOf(scheme.codebook, reading), labels, confidence: least }
}

/**
 * Takes the prediction from a result of the service. The rules read the record again, because a result does not hold their
 * reading.
 */
export function predictByResult(
  scheme: Scheme,
  indicator: Indicator,
  result: { readonly labels: Labels; readonly confidence: number },
): Prediction {
  const { labels, confidence } = result
  return { ...ruleReadingOf(scheme.codebook, readBy(scheme, indicator)), labels, confidence }
}

/** Reads a record by the codebook's rules; nothing is read for a codebook that has none. */
export function readBy({ code }: Scheme, indicator: Indicator): Reading {
  return code?.read(indicator) ?? {}
}

function ruleReadingOf(codebook: Codebook, reading: Reading): Pick<Prediction, 'ruleLabels' | 'findings'> {
  const values = Object.fromEntries(Object.entries(reading).map(([name, { value }]) => [name, value]))
  const findings = codebook.fields.flatMap(({ name, type }) => {
    const finding = reading[type.kind === 'derived' ? type.from : name]
    return finding === undefined ? [] : [[name, { sure: finding.sure, rule: finding.rule }] as const]
  })
  return { ruleLabels: completeLabels(codebook, values), findings: Object.fromEntries(findings) }
}
