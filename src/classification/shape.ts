/** Computes the shape of a record, which is the key of reuse: records of one shape share the answer to each field. */
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
  const texts = Object.fromEntries(codebook.record.texts.map(({ name }) => [name, canonical(record[name])]))
  if (code !== null) return { ...texts, ...code.shapeParts(record, reading, asked) }
  const { samples: shown } = codebook.record
  const samples = shown === 0 ? [] : record.sample_values.slice(-shown).map(({ date, value }) => [date, value])
  return { ...texts, ...(samples.length > 0 ? { samples } : {}) }
}

/**
 * Maps spellings of the same text to one spelling: case, white space, full-width signs and ligatures (NFKC), quotes and
 * dashes no longer differ. Returns null where there is no text.
 */
function canonical(text: string | undefined): string | null {
  if (text === undefined) return null
  return text
    .normalize('NFKC')
    .replace(/[\u2018-\u201b\u2032`´]/gu, "'")
    .replace(/[\u201c-\u201f\u2033«»]/gu, '"')
    .replace(/[\u2010-\u2015\u2212]/gu, '-')
    .replace(/\s+/gu, ' ')
    .trim()
    .toLowerCase()
}
