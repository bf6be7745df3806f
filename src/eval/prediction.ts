/** Builds what eval scores: the labels predicted for one indicator, with what the rules read of it and the stated confidence. */
import { DECIDED_FIELDS } from '../classification/codebook.ts'
import { mergeDecision } from '../classification/merge.ts'
import { readIndicator } from '../classification/rules.ts'
import type { Classification, Indicator, RuleReading } from '../classification/types.ts'
import { type Field, type Labels, labelsOf, labelsOfReading, perField } from './fields.ts'

export interface Prediction {
  readonly labels: Labels
  /**
   * The labels that the rules alone give. Coverage and precision of the rules are measured on these labels, even where a
   * model or a person decided the result.
   */
  readonly ruleLabels: Labels
  /** Whether the rules are sure of their label, by field. */
  readonly sure: Readonly<Record<Field, boolean>>
  /** The name of the rule that gave the label, by field. */
  readonly rules: Readonly<Record<Field, string>>
  /** The stated confidence that type, aggregation and orientation are all three right, 0 to 1. */
  readonly confidence: number
}

/** Predicts by the rules alone. The rules get nothing but the indicator, so that no gold label can reach them. */
export function predictByRules(indicator: Indicator): Prediction {
  const reading = readIndicator(indicator)
  const { confidence } = mergeDecision({ mode: 'rules', reading })
  return {
    ...ruleReadingOf(reading),
    labels: labelsOfReading(reading),
    confidence: Math.min(...DECIDED_FIELDS.map((field) => confidence[field])),
  }
}

/**
 * Takes the prediction from a result of the service. The rules read the indicator again, because a result does not hold their
 * reading.
 */
export function predictByResult(indicator: Indicator, result: Classification): Prediction {
  return { ...ruleReadingOf(readIndicator(indicator)), labels: labelsOf(result), confidence: result.confidence }
}

/** Takes the labels of the rules from a reading, with the rule that gave each and whether it was sure. */
function ruleReadingOf(reading: RuleReading): Pick<Prediction, 'ruleLabels' | 'sure' | 'rules'> {
  const readingOf = (field: Field) => {
    switch (field) {
      case 'unit.kind':
      case 'unit.scale':
      case 'unit.currency':
        return reading.unit
      default:
        return reading[field]
    }
  }
  return {
    ruleLabels: labelsOfReading(reading),
    sure: perField((field) => readingOf(field).sure),
    rules: perField((field) => readingOf(field).rule),
  }
}
