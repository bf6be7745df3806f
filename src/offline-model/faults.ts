/** Which request meets which fault, and what a spoilt answer looks like. Pure: no clock, no I/O. */
import { DECIDED_FIELDS } from '../classification/codebook.ts'
import { type FaultRates, MODEL_FAULTS, type ModelFault } from '../config/offline-model-values.ts'
import type { AnswerElement } from './answer-strategy.ts'
import { createRandom } from './latency.ts'
import { otherLabel } from './wrong-labels.ts'

export interface Fault {
  readonly kind: ModelFault
  /** From 0 to 1 (exclusive): which of the fault's forms. */
  readonly form: number
}

/** The fault of the next request, or null. */
export type FaultSource = () => Fault | null

/** A request meets one fault at most. The sequence depends on rates and seed alone. */
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

/** `missing` leaves out one element or more, up to all; `double` says one again with other labels. */
export function spoilElements(elements: readonly AnswerElement[], { kind, form }: Fault): readonly AnswerElement[] {
  const at = Math.floor(form * elements.length)
  const chosen = elements[at]
  if (chosen === undefined) return elements
  if (kind === 'missing') {
    const isMany = (form * elements.length) % 1 < 0.5
    return isMany ? elements.slice(0, at) : elements.filter((element) => element !== chosen)
  }
  if (kind !== 'double') return elements
  const other = Object.fromEntries(DECIDED_FIELDS.map((field) => [field, otherLabel(field, chosen[field], form)]))
  return [...elements, { ...chosen, ...other }]
}

/** `badjson`: half of the JSON, or words around no JSON at all. */
export function spoilContent(content: string, { kind, form }: Fault): string {
  if (kind !== 'badjson') return content
  return form < 0.5 ? content.slice(0, Math.floor(content.length / 2)) : 'Sure! Here are the labels you asked for:\n'
}

/** The form of a refusal, or null where the fault is another. */
export function refusalOf(fault: Fault | null): 'words' | 'filter' | null {
  if (fault?.kind !== 'refusal') return null
  return fault.form < 0.5 ? 'words' : 'filter'
}
