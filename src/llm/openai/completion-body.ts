/** Finds the chat completion in the body of a 200: also where it is streamed unasked, wrapped once more, or in a related form. Pure. */
import { isRecord, parseJson } from '../../lib/json/json.ts'
import { isNestedDeeper } from '../../lib/json/json-cursor.ts'

type Body = Readonly<Record<string, unknown>>

/** Why the text of a choice ended, by the words of all endpoints, in the words of OpenAI. */
export type End = 'length' | 'content_filter' | 'stop'

/** Words of endpoints for an answer that has reached its bound, and for one that a filter has withheld. */
const TOO_LONG: ReadonlySet<string> = new Set([
  'length',
  'max_tokens',
  'max_output_tokens',
  'max_length',
  'token_limit',
])
const FILTERED: ReadonlySet<string> = new Set([
  ...['content_filter', 'content_filtered', 'safety', 'recitation', 'blocklist', 'prohibited_content', 'spii'],
  ...['sensitive', 'guardrail_intervened', 'moderation'],
])

/** Why a choice ended. */
export function endOf({ finish_reason: reason }: Readonly<Record<string, unknown>>): End {
  const word =
    typeof reason === 'string'
      ? reason
          .slice(0, 100)
          .toLowerCase()
          .replace(/[\s-]+/g, '_')
      : ''
  return TOO_LONG.has(word) ? 'length' : FILTERED.has(word) ? 'content_filter' : 'stop'
}

/** The deepest nesting of a body. */
export const DEEPEST = 200
/** How often a completion may be wrapped. */
const MAX_WRAPPINGS = 3
/** The most lines of a stream that are read. The longest answer that can be asked for has fewer tokens. */
const MOST_LINES = 100_000
/** The properties under which gateways pass on what a model server has answered. */
const WRAPPERS = ['data', 'result', 'response', 'output', 'body', 'completion'] as const
/** Comments before a body, by which a gateway keeps the connection open. */
const COMMENTS = /^(?:[ \t]*(?::[^\n]{0,200})?\r?\n){1,10000}/

/** A body as it is read: its text, and the value of that text; undefined where it is no JSON. */
export interface ReadBody {
  readonly text: string
  readonly value: unknown
}

/** The completion that a body holds; the body itself where it is one already, or holds none. */
export function completionIn(text: string): ReadBody {
  const body = text.replace(COMMENTS, '')
  const whole = parse(body)
  if (whole !== undefined) {
    const found = completionOf(whole, MAX_WRAPPINGS)
    return found === undefined || found === whole ? { text: body, value: whole } : written(found)
  }
  const chunks = chunksOf(body)
  const failed = chunks.find(({ error }) => isRecord(error) || (typeof error === 'string' && error !== ''))
  if (failed !== undefined) return written({ error: failed.error })
  const [first] = chunks
  const found = first === undefined ? undefined : isChunk(first) ? joined(chunks) : completionOf(first, MAX_WRAPPINGS)
  return found === undefined ? { text, value: undefined } : written(found)
}

function written(value: Body): ReadBody {
  return { text: JSON.stringify(value), value }
}

function parse(text: string): unknown {
  return isNestedDeeper(text, DEEPEST) ? undefined : parseJson(text)
}

/** The completion in a value, with a message in its first choice; undefined where there is none. */
function completionOf(value: unknown, wrappings: number): Body | undefined {
  if (wrappings < 0) return undefined
  if (typeof value === 'string') return completionOf(parse(value), wrappings - 1)
  if (Array.isArray(value)) return value.length === 1 ? completionOf(value[0], wrappings - 1) : undefined
  if (!isRecord(value)) return undefined
  if (Array.isArray(value.choices)) return withMessage(value, value.choices)
  if (isRecord(value.message) && Object.hasOwn(value.message, 'content')) {
    const { message, done_reason: reason } = value
    return { ...value, choices: [{ index: 0, message, finish_reason: reason ?? 'stop' }] }
  }
  for (const name of WRAPPERS) {
    const inner = completionOf(value[name], wrappings - 1)
    if (inner !== undefined) return { ...named(value), ...inner }
  }
  return undefined
}

/** What a gateway says beside a completion of the completion itself. */
function named({ model, usage, service_tier }: Body): Body {
  return Object.fromEntries(Object.entries({ model, usage, service_tier }).filter(([, one]) => one !== undefined))
}

function withMessage(body: Body, choices: readonly unknown[]): Body {
  const [choice] = choices
  if (!isRecord(choice) || isRecord(choice.message)) return body
  const { delta, text } = choice
  const message = isRecord(delta) ? delta : typeof text === 'string' ? { role: 'assistant', content: text } : undefined
  return message === undefined ? body : { ...body, choices: [{ ...choice, message }] }
}

/** The JSON objects of a stream: of server-sent events, or one on each line. */
function chunksOf(text: string): readonly Body[] {
  const chunks: Body[] = []
  for (const line of text.split(/\r\n|\n|\r/, MOST_LINES)) {
    const said = line.replace(/^data:/, '').trim()
    const chunk = said.startsWith('{') ? parse(said) : undefined
    if (isRecord(chunk)) chunks.push(chunk)
  }
  return chunks
}

function isChunk({ choices, object }: Body): boolean {
  const [choice] = Array.isArray(choices) ? choices : []
  return object === 'chat.completion.chunk' || (isRecord(choice) && isRecord(choice.delta))
}

/** The completion whose parts a stream has sent. */
function joined(chunks: readonly Body[]): Body {
  const texts = new Map<string, string[]>()
  const calls = new Map<string, { readonly name: unknown; readonly parts: string[] }>()
  const partsOf = (name: string) => {
    const parts = texts.get(name) ?? []
    texts.set(name, parts)
    return parts
  }
  let reason: unknown = null
  for (const { choices } of chunks) {
    const [choice] = Array.isArray(choices) ? choices : []
    if (!isRecord(choice)) continue
    reason = choice.finish_reason ?? reason
    const delta = isRecord(choice.delta) ? choice.delta : {}
    for (const [name, value] of Object.entries(delta)) {
      if (name !== 'role' && typeof value === 'string') partsOf(name).push(value)
    }
    for (const call of Array.isArray(delta.tool_calls) ? delta.tool_calls : []) {
      const made = isRecord(call) && isRecord(call.function) ? call.function : {}
      const index = isRecord(call) ? String(call.index ?? 0) : '0'
      const known = calls.get(index) ?? { name: made.name, parts: [] }
      if (typeof made.arguments === 'string') known.parts.push(made.arguments)
      calls.set(index, known)
    }
  }
  const message = {
    role: 'assistant',
    ...Object.fromEntries([...texts].map(([name, parts]) => [name, parts.join('')])),
    ...(calls.size === 0
      ? {}
      : {
          tool_calls: [...calls.values()].map(({ name, parts }) => ({ function: { name, arguments: parts.join('') } })),
        }),
  }
  const said = Object.assign({}, ...chunks.map((chunk) => named({ ...chunk, usage: chunk.usage ?? undefined }))) as Body
  return { object: 'chat.completion', ...said, choices: [{ index: 0, message, finish_reason: reason }] }
}
