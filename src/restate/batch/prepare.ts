/** Derives everything that follows from the request of a batch alone, as a pure computation that every step can repeat. */
import { packRuleOf } from '../../classification/chunks.ts'
import { normaliseIndicator } from '../../classification/indicator.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import { readIndicator } from '../../classification/rules.ts'
import { humanAnswerShapeOf, shapeOf } from '../../classification/shape.ts'
import type { Indicator, RuleReading } from '../../classification/types.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { BatchRequest, Warning } from '../contract.ts'
import type { BatchOptions } from './types.ts'

/** One indicator with its normalised form, its reading by the rules, and its hashes (SHA-256 in hexadecimal). */
export interface Prepared {
  readonly indicator: Indicator
  readonly reading: RuleReading
  /** Hash of the normalised indicator. */
  readonly inputHash: string
  readonly shape: string
  readonly shapeHash: string
  /** Hash of the shape by which human answers are kept; it holds no model and no version. */
  readonly humanHash: string
}

export function readOptions(request: BatchRequest): BatchOptions {
  return {
    mode: request.options?.mode ?? 'hybrid',
    reuse: request.options?.reuse ?? true,
    force: request.force ?? false,
    overridePerson: request.options?.override_person ?? false,
    pack: packRuleOf(request.options?.pack),
  }
}

/**
 * Normalises and reads every indicator of the request. `model` is the configured primary model, which is part of every
 * shape. Each kind of warning is given once for the whole batch, with a count.
 */
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
    const humanHash = sha256(humanAnswerShapeOf(indicator, reading))
    const inputHash = sha256(JSON.stringify(indicator))
    return { indicator, reading, inputHash, shape, shapeHash: sha256(shape), humanHash }
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
