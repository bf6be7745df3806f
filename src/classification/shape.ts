/** Computes the shape of a record, which is the key of reuse: records of one shape share the answer to each field. */
import { canonicalText } from '../codebooks/canonical-text.ts'
import type { Indicator, Reading, Scheme } from './types.ts'

export interface ShapeContext {
  /** The model's name in the configuration, which may differ from the name that its endpoint returns. */
  readonly model: string
  readonly promptVersion: string
  /** The fields that an answer is wanted for: the texts from which a field is read must then stand in the shape. */
  readonly asked: readonly string[]
}

/**
 * Returns the shape of a record, as a JSON text with its parts in a fixed order. The shape holds all that the model is shown
 * and may answer by, without ids and, where the codebook's code says so, without what does not change a right answer.
 */
export function shapeOf(scheme: Scheme, record: Indicator, reading: Reading, context: ShapeContext): string {
  return JSON.stringify({
    ...contentOf(scheme, record, reading, context.asked),
    codebook: scheme.hash,
    prompt: context.promptVersion,
    model: context.model,
  })
}

/**
 * Returns the shape under which the answer of a person is stored. Model, prompt and version of the codebook are left out,
 * because the answer holds for all of them. With `isExact` the shape also tells records apart that differ in a field whose
 * label is a matter of the single record.
 */
export function humanShapeOf(scheme: Scheme, record: Indicator, reading: Reading, isExact = false): string {
  const { codebook, code } = scheme
  if (code !== null) return code.humanShape(record, reading, isExact)
  return JSON.stringify({ ...contentOf(scheme, record, reading, []), codebook: codebook.name })
}

function contentOf({ codebook, code }: Scheme, record: Indicator, reading: Reading, asked: readonly string[]) {
  const texts = Object.fromEntries(codebook.record.texts.map(({ name }) => [name, canonicalText(record[name])]))
  if (code !== null) return { ...texts, ...code.shapeParts(record, reading, asked) }
  const { samples: shown } = codebook.record
  const samples = shown === 0 ? [] : record.sample_values.slice(-shown).map(({ date, value }) => [date, value])
  return { ...texts, ...(samples.length > 0 ? { samples } : {}) }
}
