/** What is scored: the labels that came out for one indicator, with how sure who was of them. */
import { DECIDED_FIELDS } from '../classification/codebook.ts'
import { mergeDecision } from '../classification/merge.ts'
import { readIndicator } from '../classification/rules.ts'
import type { Classification, Indicator, RuleReading } from '../classification/types.ts'
import { type Field, type Labels, labelsOf, labelsOfReading, perField } from './fields.ts'

export interface Prediction {
  readonly labels: Labels
  /** What the rules alone say, whoever decided in the end: sureness and precision of rules are measured on these. */
  readonly ruleLabels: Labels
  /** Whether the rules were sure of the field. */
  readonly sure: Readonly<Record<Field, boolean>>
  /** The rule that read the field. */
  readonly rules: Readonly<Record<Field, string>>
  /** That type, aggregation and orientation are all three right, as the product states it: 0 to 1. */
  readonly confidence: number
}

/** By the rules alone. It is given the indicator and nothing else: no label can reach a rule. */
export function predictByRules(indicator: Indicator): Prediction {
  const reading = readIndicator(indicator)
  const { confidence } = mergeDecision({ mode: 'rules', reading })
  return {
    ...evidenceOf(reading),
    labels: labelsOfReading(reading),
    confidence: Math.min(...DECIDED_FIELDS.map((field) => confidence[field])),
  }
}

/** As the service answered; sureness and names of rules are read anew, since a result does not carry them. */
export function predictByResult(indicator: Indicator, result: Classification): Prediction {
  return { ...evidenceOf(readIndicator(indicator)), labels: labelsOf(result), confidence: result.confidence }
}

function evidenceOf(reading: RuleReading): Pick<Prediction, 'ruleLabels' | 'sure' | 'rules'> {
  const findingOf = (field: Field) => {
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
    sure: perField((field) => findingOf(field).sure),
    rules: perField((field) => findingOf(field).rule),
  }
}
