/** Quirks of endpoints whose completion is right, while the body that holds it has another form: a stream, a wrapper, a related API. */
import { gzipSync } from 'node:zlib'
import { message, type Quirk, type Seen } from './types.ts'

const completion = (seen: Seen) => seen.completion({ role: 'assistant', content: seen.text })
const inBody =
  (write: (seen: Seen) => unknown, headers: Readonly<Record<string, string>> = {}): Quirk =>
  (seen) => ({ headers, body: write(seen) })

/** The parts of a streamed completion. */
function chunksOf(seen: Seen, delta: (text: string) => object): string[] {
  const middle = Math.floor(seen.text.length / 2)
  const part = (choice: object, over: object = {}) =>
    JSON.stringify({
      ...{ id: 'chatcmpl-quirky', object: 'chat.completion.chunk', created: 1, model: seen.body.model },
      choices: [{ index: 0, delta: {}, finish_reason: null, ...choice }],
      ...over,
    })
  const { input, output } = seen.tokens
  return [
    part({ delta: { role: 'assistant', content: '' } }),
    part({ delta: delta(seen.text.slice(0, middle)) }),
    part({ delta: delta(seen.text.slice(middle)) }),
    part({ finish_reason: 'stop' }),
    part({}, { choices: [], usage: { prompt_tokens: input, completion_tokens: output } }),
  ]
}
const content = (text: string) => ({ content: text })
const called = (text: string) => ({ tool_calls: [{ index: 0, function: { arguments: text } }] })
const events = (seen: Seen, delta: (text: string) => object = content, end = '\n\n') =>
  [...chunksOf(seen, delta), '[DONE]'].map((chunk) => `data: ${chunk}${end}`).join('')
const STREAM = { 'content-type': 'text/event-stream' }

export const BODIES = {
  stream: inBody((seen) => events(seen), STREAM),
  'stream-as-json': inBody((seen) => events(seen)),
  'stream-crlf': inBody((seen) => `: connected\r\n\r\n${events(seen, content, '\r\n\r\n')}`, STREAM),
  'stream-with-names': inBody((seen) => events(seen).replaceAll('data: ', 'event: chunk\nid: 7\ndata:'), STREAM),
  'stream-of-calls': inBody((seen) => events(seen, called), STREAM),
  'stream-of-lines': inBody((seen) => chunksOf(seen, content).join('\n'), { 'content-type': 'application/x-ndjson' }),
  'stream-of-one': inBody((seen) => `data: ${JSON.stringify(completion(seen))}\n\ndata: [DONE]\n\n`, STREAM),
  'comments-before': inBody((seen) => `${': PROCESSING\n\n'.repeat(30)}${JSON.stringify(completion(seen), null, 2)}`),
  'gzip-unsaid': inBody((seen) => gzipSync(JSON.stringify(completion(seen)))),
  'gzip-twice': inBody((seen) => gzipSync(gzipSync(JSON.stringify(completion(seen)))), { 'content-encoding': 'gzip' }),
  'body-in-list': inBody((seen) => [completion(seen)]),
  'body-in-data': inBody((seen) => ({ code: 0, message: 'ok', data: completion(seen) })),
  'body-in-text': inBody((seen) => JSON.stringify(JSON.stringify(completion(seen)))),
  'body-of-ollama': inBody(({ body, text }) => ({
    model: body.model,
    message: { content: text },
    done_reason: 'stop',
  })),
  'choice-with-delta': (seen) => ({ body: seen.completion({}, { message: undefined, delta: content(seen.text) }) }),
  'choice-with-text': (seen) => ({ body: seen.completion({}, { message: undefined, text: seen.text }) }),
  'content-part': (seen) => message(seen, { content: { type: 'text', text: seen.text } }),
  'content-json-part': (seen) => message(seen, { content: [{ type: 'json', json: seen.answer }] }),
  'content-json-object': (seen) => message(seen, { content: { type: 'output_json', output_json: seen.text } }),
  'reasoning-parts': (seen) => message(seen, { content: null, reasoning_content: [{ type: 'text', text: seen.text }] }),
  'reasoning-details': (seen) =>
    message(seen, { content: '', reasoning_details: [{ type: 'reasoning.text', text: `Hm.\n${seen.text}` }] }),
  'refusal-in-name-only': (seen) => message(seen, { content: seen.text, refusal: 'none' }),
  /** Several quirks of several layers at once. */
  layers: inBody((seen) => {
    const fenced = { ...seen, text: `<think>{"answers": []}</think>\n\`\`\`json\n${seen.text}\n\`\`\`` }
    return gzipSync(events(fenced))
  }, STREAM),
} as const satisfies Readonly<Record<string, Quirk>>
