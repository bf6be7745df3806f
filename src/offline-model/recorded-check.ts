/** Checks the answer in a line of a recording against what its request asked, so that no slip of whoever answered passes as a wrong label. */
import { readPercent } from '../classification/answers.ts'
import { cleanText, cutText } from '../classification/clean-text.ts'
import { NONE_OF_THESE } from '../classification/prompt.ts'
import type { ParsedPromptItem } from '../classification/user-prompt.ts'
import { isRecord } from '../lib/json/json.ts'
import { candidatesOf, type Question } from './answer-strategy.ts'
import type { LabelForm } from './label-forms.ts'

/** What a line asked. */
export interface AskedLine {
  readonly items: readonly ParsedPromptItem[]
  /** The form of each field's labels by the request's schema; null where the line keeps no schema. */
  readonly forms: Question['forms'] | null
  /** Whether a model gave the answer. It may name a code that it was not shown, which the service judges by the whole list. */
  readonly isByModel: boolean
}

const MAX_SHOWN = 60
const MOST_LISTED = 20

/**
 * Returns a sentence for the first fault of an answer, which names its key and field; undefined where the service can use each
 * label. A record or a field that is left out is no fault.
 */
export function findFault(elements: readonly unknown[], asked: AskedLine): string | undefined {
  for (const [index, element] of elements.entries()) {
    if (!isRecord(element) || typeof element.key !== 'string') {
      return `answer.answers[${index}]: must be an object with the "key" of a record`
    }
    const item = asked.items.find(({ key }) => key === element.key)
    if (item === undefined) {
      const keys = asked.items.map(({ key }) => key)
      return `key ${shown(element.key)}: the request asks of no such record; its keys are ${listOf(keys)}`
    }
    const { labels = [] } = element
    if (!Array.isArray(labels)) return `key ${shown(element.key)}: "labels" must be a list`
    for (const label of labels as readonly unknown[]) {
      const fault = faultOfLabel(label, item, asked)
      if (fault !== undefined) return `key ${shown(element.key)}, ${fault}`
    }
  }
  return undefined
}

function faultOfLabel(label: unknown, item: ParsedPromptItem, { forms, isByModel }: AskedLine): string | undefined {
  if (!isRecord(label) || typeof label.field !== 'string') return 'labels: each must be an object with a "field"'
  const { field, value, confidence } = label
  const form = forms?.get(field)
  if (forms === null ? !item.ask.includes(field) : form === undefined) {
    return `field ${shown(field)}: was not asked; the fields are ${listOf(forms === null ? item.ask : [...forms.keys()])}`
  }
  const fault = faultOfValue(value, form)
  if (fault !== undefined) return `field ${shown(field)}: ${fault}; got ${shown(value)}`
  const candidates = isByModel ? [] : candidatesOf(item, field)
  const unknown = [value]
    .flat()
    .find((one) => one !== null && one !== NONE_OF_THESE && !candidates.includes(String(one)))
  if (candidates.length > 0 && unknown !== undefined) {
    return `field ${shown(field)}: must be a code that the request shows, or ${NONE_OF_THESE}; got ${shown(unknown)}`
  }
  if (readPercent(confidence) !== null) return undefined
  const got = confidence === undefined ? 'none' : shown(confidence)
  return `field ${shown(field)}: needs a "confidence", a whole number of 0 to 100; got ${got}`
}

/** Why the schema does not allow a value; undefined where it does. */
function faultOfValue(value: unknown, form: LabelForm | undefined): string | undefined {
  if (form === undefined) {
    return isSingle(value) || value === null || (Array.isArray(value) && value.every(isSingle))
      ? undefined
      : 'needs a "value"'
  }
  if (value === null) return form.isNullable ? undefined : `must be ${describe(form)}`
  if (!form.isMulti) return isAllowed(value, form) ? undefined : `must be ${describe(form)}`
  return Array.isArray(value) && value.every((one) => isAllowed(one, form))
    ? undefined
    : `must be a list, each of it ${describe(form)}`
}

function isSingle(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number'
}

function isAllowed(value: unknown, { values, isNumber, isWhole }: LabelForm): boolean {
  if (values !== null) return values.some((one) => one === value)
  return isNumber ? Number.isFinite(value) && (!isWhole || Number.isInteger(value)) : typeof value === 'string'
}

function describe({ values, isNumber, isWhole }: LabelForm): string {
  if (values !== null) return `one of ${listOf(values)}`
  if (isNumber) return isWhole ? 'a whole number' : 'a number'
  return 'a text'
}

function listOf(values: readonly (string | number)[]): string {
  const more = values.length > MOST_LISTED ? ` and ${values.length - MOST_LISTED} more` : ''
  return `${values.slice(0, MOST_LISTED).join(', ')}${more}`
}

function shown(value: unknown): string {
  if (value === undefined) return 'none'
  return cutText(cleanText(JSON.stringify(value)), MAX_SHOWN)
}
