/** What is derived from the indicators of a batch alone: pure, so that every step may do it again. */
import { createHash } from 'node:crypto'
import { normaliseIndicator } from '../../classification/indicator.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import { readIndicator } from '../../classification/rules.ts'
import { personShapeOf, shapeOf } from '../../classification/shape.ts'
import type { Indicator, RuleReading } from '../../classification/types.ts'
import type { BatchRequest, Warning } from '../contract.ts'

/** One indicator with all that is derived from it alone. */
export interface Prepared {
  readonly indicator: Indicator
  readonly reading: RuleReading
  readonly inputHash: string
  readonly shape: string
  readonly shapeHash: string
  /** Of the shape by which a person's word is kept. */
  readonly personHash: string
}

export function prepare(request: BatchRequest, model: string): { prepared: Prepared[]; warnings: Warning[] } {
  const unknown = new Set<string>()
  let unknownFields = 0
  let droppedPoints = 0
  const prepared = request.indicators.map((raw) => {
    const { indicator, warnings } = normaliseIndicator(raw)
    for (const field of warnings.unknownFields) unknown.add(field)
    unknownFields += warnings.unknownFields.length
    droppedPoints += warnings.droppedPoints
    const reading = readIndicator(indicator)
    const shape = shapeOf(indicator, reading, { model, promptVersion: PROMPT_VERSION })
    const personHash = sha256(personShapeOf(indicator, reading))
    const inputHash = sha256(JSON.stringify(indicator))
    return { indicator, reading, inputHash, shape, shapeHash: sha256(shape), personHash }
  })
  const warnings: Warning[] = []
  if (unknownFields > 0) {
    const names = [...unknown].slice(0, 10).map((name) => JSON.stringify(name.slice(0, 60)))
    const message = `unknown fields were left out: ${names.join(', ')}`
    warnings.push({ code: 'unknown-field', message, count: unknownFields })
  }
  if (droppedPoints > 0) {
    const message = 'sample values without a readable date and number were left out'
    warnings.push({ code: 'dropped-sample-value', message, count: droppedPoints })
  }
  return { prepared, warnings }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
