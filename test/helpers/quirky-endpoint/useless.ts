/** Quirks of endpoints that never answer anything that could be used. */
import { message, type Quirk, refusal } from './types.ts'

export const USELESS = {
  'prose-only': (seen) =>
    message(seen, { content: 'I am sorry, but as a small model I like to talk about the weather.' }),
  'other-json': (seen) => message(seen, { content: '{"weather": "sunny", "answers": "none today"}' }),
  'other-keys': (seen) =>
    message(seen, { content: JSON.stringify({ answers: [{ key: 'weather', reason: 'It is sunny.', labels: [] }] }) }),
  'cut-off-always': (seen) => message(seen, { content: seen.text.slice(0, 20) }, { finish_reason: 'length' }),
  'refused-always': (seen) => message(seen, { content: null, refusal: 'I cannot help with the weather.' }),
  'bad-request-always': () => refusal(400, 'The weather forbids this request.'),
  'http-500': () => ({ status: 500, body: { error: { message: 'The weather is bad today.' } } }),
  silent: () => ({ raw: () => undefined, isBilled: true }),
  // Three kinds in turn: two of them alternate also where the third is asked again without being counted.
  'mixed-useless': (seen) =>
    [
      message(seen, { content: 'The weather is fine.' }),
      message(seen, { content: '' }, { finish_reason: 'length' }),
      message(seen, { content: null, refusal: 'I cannot help with the weather.' }),
    ][seen.index % 3] ?? refusal(400, 'The weather forbids this request.'),
} as const satisfies Readonly<Record<string, Quirk>>
