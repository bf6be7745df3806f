/** Draws which request of the offline model gets which fault, and spoils answers accordingly. */
import { type FaultRates, MODEL_FAULTS, type ModelFault } from '../config/offline-model-values.ts'
import type { AnswerElement, Question } from './answer-strategy.ts'
import { createRandom } from './random.ts'
import { otherLabel } from './wrong-labels.ts'

/** A fault that the offline model makes on purpose. */
export interface Fault {
  readonly kind: ModelFault
  /** A random number from 0 to 1 (exclusive) that chooses among the forms of the fault. */
  readonly form: number
}

/** Returns the fault of the next request, or null where the request gets none. */
export type FaultSource = () => Fault | null

/** Draws at most one fault for each request. The sequence of faults depends on `rates` and `seed` alone. */
export function createFaults(rates: FaultRates, seed: number): FaultSource {
  const random = createRandom(seed)
  return () => {
    const [draw, form] = [random(), random()]
    let upTo = 0
    for (const kind of MODEL_FAULTS) {
      upTo += rates[kind] ?? 0
      if (draw < upTo) return { kind, form }
    }
    return null
  }
}

/**
 * Applies the fault `missing`, which leaves out one or more answers, or `double`, which repeats one answer with other labels.
 */
export function spoilElements(
  elements: readonly AnswerElement[],
  { kind, form }: Fault,
  { items, forms }: Pick<Question, 'items' | 'forms'>,
): readonly AnswerElement[] {
  const at = Math.floor(form * elements.length)
  const chosen = elements[at]
  if (chosen === undefined) return elements
  if (kind === 'missing') {
    const isMany = (form * elements.length) % 1 < 0.5
    return isMany ? elements.slice(0, at) : elements.filter((element) => element !== chosen)
  }
  if (kind !== 'double') return elements
  const labels = chosen.labels.map((label) => ({ ...label, value: otherLabel(label, form, items[at], forms) }))
  return [...elements, { ...chosen, labels }]
}

/** Applies the fault `badjson` to the content of a completion: returns the first half of the JSON, or words instead of JSON. */
export function spoilContent(content: string, { kind, form }: Fault): string {
  if (kind !== 'badjson') return content
  return form < 0.5 ? content.slice(0, Math.floor(content.length / 2)) : 'Sure! Here are the labels you asked for:\n'
}

/** How a completion with the fault `refusal` refuses: by words or by a content filter. Null for any other fault. */
export function refusalOf(fault: Fault | null): 'words' | 'filter' | null {
  if (fault?.kind !== 'refusal') return null
  return fault.form < 0.5 ? 'words' : 'filter'
}
