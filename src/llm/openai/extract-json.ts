/** Finds the answer in a message that wraps it: in fences, prose, thoughts, parts, tool calls, channels or a second encoding. */
import { isRecord, type JsonObject, type JsonValue } from '../../lib/json/json.ts'
import { canonicalJson, type JsonFound, type Meter, readJsonAt, readWholeObject } from '../../lib/json/json-reader.ts'

/** The outer form of an answer by its schema: an object whose property `list` holds elements that have all of `element`. */
export interface AnswerForm {
  readonly list: string
  readonly element: readonly string[]
}

export type Extracted =
  | { readonly kind: 'answer'; readonly answer: JsonValue }
  /** `none`: text without an answer. `two`: answers that differ, of which none is chosen. `empty`: no text at all. */
  | { readonly kind: 'none' | 'two' | 'empty'; readonly text: string }

/** The characters that reading a message may look at, for each character that it has. */
export const STEPS_PER_CHARACTER = 16
/** How often an answer may be encoded as a text, and how often it may be wrapped in an object of one property. */
const MAX_WRAPPINGS = 4

/** The outer form that the schema of a request asks for; null where the schema is no object with one list of objects. */
export function answerFormOf(schema: JsonObject): AnswerForm | null {
  const properties = isRecord(schema.properties) ? Object.entries(schema.properties) : []
  const [only] = properties
  if (only === undefined || properties.length > 1 || !isRecord(only[1]) || !isRecord(only[1].items)) return null
  const { required } = only[1].items
  // A reason decides nothing, so that an element without one is still an element.
  const element = Array.isArray(required)
    ? required.filter((name) => typeof name === 'string' && name !== 'reason')
    : []
  return element.length === 0 ? null : { list: only[0], element }
}

/**
 * Finds the one answer in the message of a chat completion. Its reasoning is only looked at where it says nothing else. Takes
 * at most STEPS_PER_CHARACTER steps for each character of the message, whatever the message holds.
 */
export function extractAnswer(
  message: Readonly<Record<string, unknown>>,
  form: AnswerForm | null,
  meter: Meter | null = null,
): Extracted {
  const said = [contentOf(message.content), ...calledWith(message)]
  const thought = [
    contentOf(message.reasoning_content),
    contentOf(message.reasoning),
    detailsOf(message.reasoning_details),
  ]
  const texts = [said, [contentOf(message.parsed)], thought]
    .map((of) => of.filter((text) => text.trim() !== ''))
    .find((of) => of.length > 0)
  const [first] = texts ?? []
  if (texts === undefined || first === undefined) return { kind: 'empty', text: '' }
  const steps = meter ?? { left: texts.reduce((sum, text) => sum + text.length, 0) * STEPS_PER_CHARACTER }
  const found = texts.flatMap((text) => answersIn(text, form, steps, MAX_WRAPPINGS))
  return choose(found, form) ?? { kind: 'none', text: first }
}

/** The text of a message's content: a text, a list of parts, or an object where the endpoint has parsed the answer already. */
function contentOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (Array.isArray(content)) return content.map(partOf).join('')
  if (!isRecord(content)) return ''
  return (typeof content.type === 'string' ? partOf(content) : '') || JSON.stringify(content)
}

function partOf(part: unknown): string {
  if (typeof part === 'string') return part
  if (!isRecord(part)) return ''
  if (isRecord(part.input)) return JSON.stringify(part.input)
  if (part.type === 'json' || part.type === 'output_json') return contentOf(part[part.type] ?? part.text)
  const isSaid = part.type === undefined || part.type === 'text' || part.type === 'output_text'
  const text = isRecord(part.text) ? part.text.value : part.text
  return isSaid && typeof text === 'string' ? text : ''
}

/** The text of a list of thoughts, as gateways pass it on beside an empty content. */
function detailsOf(details: unknown): string {
  const parts: readonly unknown[] = Array.isArray(details) ? details : []
  return parts.map((part) => (isRecord(part) && typeof part.text === 'string' ? part.text : '')).join('')
}

/** The arguments of all calls of tools and functions in a message. */
function calledWith({ tool_calls: calls, function_call: call }: Readonly<Record<string, unknown>>): string[] {
  const functions = (Array.isArray(calls) ? calls : []).map((one: unknown) =>
    isRecord(one) ? one.function : undefined,
  )
  return [...functions, call].map((one) => (isRecord(one) ? contentOf(one.arguments) : ''))
}

/** One answer that was found, with the elements that it lists. */
interface Candidate {
  readonly value: JsonValue
  readonly elements: readonly JsonValue[]
  /** Whether it is one element without the list around it, so that further elements may stand beside it. */
  readonly isBare: boolean
  readonly isAmbiguous: boolean
}

/** The one answer of several candidates: what they agree on, or all of their elements where each is one element of its own. */
function choose(found: readonly Candidate[], form: AnswerForm | null): Extracted | undefined {
  const different =
    found.length < 2 ? found : [...new Map(found.map((one) => [canonicalJson(one.elements), one])).values()]
  const [only] = different
  if (only === undefined) return undefined
  const two = () => ({ kind: 'two', text: JSON.stringify(only.value) }) as const
  if (different.some(({ isAmbiguous }) => isAmbiguous)) return two()
  if (form === null) return different.length === 1 ? { kind: 'answer', answer: only.value } : two()
  if (different.length === 1) return { kind: 'answer', answer: { [form.list]: only.elements } }
  const elements = different.flatMap((one) => one.elements)
  const keys = elements.map((one) => JSON.stringify(isRecord(one) ? one[form.element[0] ?? ''] : null))
  const isList = different.every(({ isBare }) => isBare) && new Set(keys).size === keys.length
  return isList ? { kind: 'answer', answer: { [form.list]: elements } } : two()
}

/** The tags around thoughts. Templates sometimes leave out the first one. */
const OPEN_THOUGHT = '<(?:think|thinking|thought|reasoning)>|\\[THINK\\]|◁think▷'
const CLOSE_THOUGHT = '</(?:think|thinking|thought|reasoning)>|\\[/THINK\\]|◁/think▷'
const OPENS_THOUGHT = new RegExp(`^(?:${OPEN_THOUGHT})$`, 'i')
/** What begins the final channel in the harmony format where the endpoint has dropped the special tokens. */
const BARE_FINAL = /assistantfinal/
const MARK = new RegExp(
  [OPEN_THOUGHT, CLOSE_THOUGHT, '<\\|channel\\|>(\\w{0,20})', BARE_FINAL.source, '[{[]'].join('|'),
  'gi',
)
const SPACE = /^[\s\uFEFF]*/
/** The most characters of space that are looked through before and behind a JSON text. */
const MOST_SPACE = 100

/** The answers that a text holds outside thoughts, in their order. */
function answersIn(text: string, form: AnswerForm | null, meter: Meter, wrappings: number): Candidate[] {
  const whole = meter.left < text.length ? undefined : readWholeObject(text)
  if (whole !== undefined) {
    meter.left -= text.length
    return candidatesOf(whole, form, meter, wrappings)
  }
  const isHarmony = text.trimStart().startsWith('analysis')
  const mark = new RegExp(MARK)
  let found: Candidate[] = []
  for (let isBehindThoughts = true; ; ) {
    const encoded = isBehindThoughts ? encodedAt(text, mark.lastIndex, form, meter, wrappings) : null
    if (encoded !== null) return [...found, ...encoded]
    isBehindThoughts = false
    const from = mark.lastIndex
    const hit = mark.exec(text)
    meter.left -= (hit === null ? text.length : mark.lastIndex) - from
    if (hit === null || meter.left < 0) return found
    const [token, channel] = hit
    if (token === '{' || token === '[') {
      const read = readJsonAt(text, hit.index, meter)
      if (read.value !== undefined) found.push(...candidatesOf(read, form, meter, wrappings))
      mark.lastIndex = read.end
    } else if (OPENS_THOUGHT.test(token)) {
      const close = new RegExp(CLOSE_THOUGHT, 'gi')
      close.lastIndex = mark.lastIndex
      // Thoughts without an end are all that the text holds from here on.
      if (close.exec(text) === null) return found
      mark.lastIndex = close.lastIndex
      isBehindThoughts = true
    } else if (channel !== undefined && channel !== 'final') {
      const next = channel === 'commentary' ? mark.lastIndex : text.indexOf('<|channel|>', mark.lastIndex)
      if (next < 0) return found
      mark.lastIndex = next
    } else if (channel === 'final' || isHarmony || token.toLowerCase() !== BARE_FINAL.source) {
      // What stands before the end of thoughts, or before the final channel, was no answer yet.
      found = []
      isBehindThoughts = true
    }
  }
}

/** The answers in the text that begins at `start` and is encoded as JSON up to its end; null where it is not. */
function encodedAt(
  text: string,
  start: number,
  form: AnswerForm | null,
  meter: Meter,
  wrappings: number,
): Candidate[] | null {
  const quote = SPACE.exec(text.slice(start, start + MOST_SPACE))?.[0].length ?? 0
  if (text[start + quote] !== '"' || wrappings === 0) return null
  const { value, end } = readJsonAt(text, start + quote, meter)
  const isWhole = typeof value === 'string' && text.slice(end, end + MOST_SPACE).trim() === ''
  return isWhole ? answersIn(value, form, meter, wrappings - 1) : null
}

/** The answer that a JSON value is; none where it has not the form that was asked for. */
function candidatesOf(read: JsonFound, form: AnswerForm | null, meter: Meter, wrappings: number): Candidate[] {
  const { value, isAmbiguous } = read
  if (form === null) return [{ value, elements: [value], isBare: false, isAmbiguous }]
  const unwrapped = unwrap(value, form, meter, wrappings)
  return unwrapped === undefined ? [] : [{ value, isAmbiguous, ...unwrapped }]
}

/** The elements of an answer of whatever outer form; undefined where it has none. */
function unwrap(
  value: JsonValue | undefined,
  form: AnswerForm,
  meter: Meter,
  wrappings: number,
): Pick<Candidate, 'elements' | 'isBare'> | undefined {
  const isElement = (one: JsonValue) => isRecord(one) && form.element.every((name) => Object.hasOwn(one, name))
  if (value === undefined || wrappings < 0) return undefined
  if (typeof value === 'string') {
    const [only, ...more] = answersIn(value, form, meter, wrappings - 1)
    if (only === undefined || more.length > 0 || only.isAmbiguous) return undefined
    return { elements: only.elements, isBare: only.isBare }
  }
  if (Array.isArray(value)) {
    if (value.some(isElement)) return { elements: value, isBare: false }
    return value.length === 1 ? unwrap(value[0], form, meter, wrappings - 1) : undefined
  }
  if (!isRecord(value)) return undefined
  if (Object.hasOwn(value, form.list)) {
    const list = value[form.list] as JsonValue
    return Array.isArray(list) ? { elements: list, isBare: false } : unwrap(list, form, meter, wrappings - 1)
  }
  if (isElement(value as JsonValue)) return { elements: [value as JsonValue], isBare: true }
  const [only, ...more] = Object.values(value)
  return more.length === 0 ? unwrap(only as JsonValue | undefined, form, meter, wrappings - 1) : undefined
}
