/** Quirks of endpoints that answer rightly, but wrap the answer or write its values in another way. */
import { type CleanElement, message, type Quirk, type Seen } from './types.ts'

type Label = CleanElement['labels'][number]

/** The clean answer as JSON with each label changed. */
function relabelled(seen: Seen, change: (label: Label) => object): string {
  return JSON.stringify({ answers: answersWith(seen, change) })
}

function answersWith(seen: Seen, change: (label: Label) => object): object[] {
  return seen.answer.answers.map((element) => ({ ...element, labels: element.labels.map(change) }))
}

const inContent =
  (write: (seen: Seen) => unknown): Quirk =>
  (seen) =>
    message(seen, { content: write(seen) })
const indented = (seen: Seen) => JSON.stringify(seen.answer, null, 2)
const relabel = (change: (label: Label) => object) => inContent((seen) => relabelled(seen, change))
const confidence = (write: (percent: number) => unknown) =>
  relabel((label) => ({ ...label, confidence: write(label.confidence) }))
const texts = (change: (text: string) => string) =>
  relabel((label) => (typeof label.value === 'string' ? { ...label, value: change(label.value) } : label))

/** A string of the answer that holds braces, fences and a closing tag, so that no reader may cut the text at one of them. */
const TRICKY = 'Braces } { ] [ stay, ``` too, and \\"quotes\\" and </think>.'
const tricky = (seen: Seen) => seen.text.replaceAll('Answered by the quirky endpoint.', TRICKY)

const toolCall = (value: unknown) => [
  { id: 'call_1', type: 'function', function: { name: 'economic_indicators_labels', arguments: value } },
]

export const WRAPPED = {
  'fence-json': inContent((seen) => `\`\`\`json\n${indented(seen)}\n\`\`\``),
  'fence-bare': inContent((seen) => `\`\`\`\n${seen.text}\n\`\`\`\n`),
  'fence-without-end': inContent((seen) => `\`\`\`json\n${indented(seen)}`),
  'fence-in-prose': inContent((seen) => `Sure! Here are the labels:\n\n\`\`\`json\n${indented(seen)}\n\`\`\`\n\nDone.`),
  think: inContent((seen) => `<think>\nk1 could be {"type": "price"}, or [1, 2]…\n</think>\n\n${seen.text}`),
  'think-with-answer': inContent((seen) => `<think>A draft: ${seen.text.slice(0, 60)}…</think>${seen.text}`),
  'think-without-start': inContent((seen) => `The unit is {tonnes}, so a volume.\n</think>\n${seen.text}`),
  'think-empty': inContent((seen) => `<think>\n\n</think>\n\n\`\`\`json\n${seen.text}\n\`\`\``),
  preamble: inContent((seen) => `Here is the JSON you asked for (as {"answers": …}):\n${seen.text}`),
  'prose-behind': inContent((seen) => `${seen.text}\n\nNote: I chose {volume} where nothing was said [see above].`),
  'prose-around': inContent((seen) => `Sure.\n${seen.text}\nLet me know if you need more!`),
  'byte-order-mark': inContent((seen) => `\uFEFF${seen.text}\u0000`),
  tricky: inContent((seen) => `Certainly:\n${tricky(seen)}\nThat is all.`),
  'content-parts': inContent((seen) => [{ type: 'text', text: seen.text }]),
  'content-parts-split': inContent((seen) => [
    { type: 'thinking', thinking: [{ type: 'text', text: 'Let me see {…}' }] },
    { type: 'text', text: seen.text.slice(0, 40) },
    { type: 'text', text: seen.text.slice(40) },
  ]),
  'content-object': inContent((seen) => seen.answer),
  'tool-call': (seen) =>
    message(seen, { content: null, tool_calls: toolCall(seen.text) }, { finish_reason: 'tool_calls' }),
  'tool-call-object': (seen) => message(seen, { content: '', tool_calls: toolCall(seen.answer) }),
  'function-call': (seen) => message(seen, { content: null, function_call: { name: 'labels', arguments: seen.text } }),
  'reasoning-content': (seen) => message(seen, { content: '', reasoning_content: `I think so.\n${seen.text}` }),
  'reasoning-null-content': (seen) => message(seen, { content: null, reasoning: seen.text }),
  'reasoning-beside': (seen) => message(seen, { content: seen.text, reasoning_content: 'Perhaps {"answers": []}?' }),
  'parsed-beside': (seen) => message(seen, { content: null, parsed: seen.answer }),
  harmony: inContent(
    (seen) =>
      `<|channel|>analysis<|message|>Maybe {"answers": []}.<|end|><|start|>assistant<|channel|>final<|constrain|>json<|message|>${seen.text}<|return|>`,
  ),
  'harmony-bare': inContent((seen) => `analysisWe need JSON {so}.assistantfinal${seen.text}`),
  'bare-array': inContent((seen) => JSON.stringify(seen.answer.answers)),
  'bare-element': inContent((seen) => {
    const [first, ...more] = seen.answer.answers
    return JSON.stringify(more.length === 0 ? first : seen.answer.answers)
  }),
  'other-outer-key': inContent((seen) => JSON.stringify({ result: seen.answer })),
  'doubled-outer-key': inContent((seen) => `{"answers": ${JSON.stringify(seen.answer.answers)}, ${seen.text.slice(1)}`),
  'doubled-text': inContent((seen) => `${seen.text}\n${indented(seen)}`),
  'double-encoded': inContent((seen) => JSON.stringify(seen.text)),
  'double-encoded-fence': inContent((seen) => JSON.stringify(`\`\`\`json\n${seen.text}\n\`\`\``)),
  'json-lines': inContent((seen) => seen.answer.answers.map((one) => JSON.stringify(one)).join('\n')),
  'trailing-commas': inContent((seen) => indented(seen).replaceAll('\n  ]', ',\n  ]')),
  'confidence-text': confidence(String),
  'confidence-percent': confidence((percent) => `${percent}%`),
  'confidence-fraction': confidence((percent) => percent / 100),
  'confidence-fraction-text': confidence((percent) => String(percent / 100)),
  'confidence-float': confidence((percent) => `${percent}.0`),
  'confidence-word': confidence(() => 'high'),
  'values-upper-case': texts((text) => text.toUpperCase()),
  'values-title-case': texts((text) => text.replace(/(?:^|-)[a-z]/g, (start) => start.toUpperCase())),
  'values-with-spaces': texts((text) => ` ${text.replaceAll('-', ' ')} `),
  'values-with-underscores': texts((text) => text.replaceAll('-', '_')),
  'numbers-as-text': relabel((label) =>
    typeof label.value === 'number' ? { ...label, value: String(label.value) } : label,
  ),
  'field-upper-case': relabel((label) => ({ ...label, field: label.field.toUpperCase() })),
  'null-as-text': relabel((label) => (label.value === null ? { ...label, value: 'null' } : label)),
} as const satisfies Readonly<Record<string, Quirk>>
