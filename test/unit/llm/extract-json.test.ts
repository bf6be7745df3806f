/** Tests of how the one answer is found in a message that wraps it, and of the bound on the steps that this takes. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { buildAnswerSchema } from '../../../src/classification/answer-schema.ts'
import { parseJson } from '../../../src/lib/json/json.ts'
import { readJsonAt, readWholeObject } from '../../../src/lib/json/json-reader.ts'
import { answerFormOf, extractAnswer, STEPS_PER_CHARACTER } from '../../../src/llm/openai/extract-json.ts'
import { anyText } from '../../helpers/any-text.ts'
import { builtInScheme } from '../../helpers/codebooks/offline-question.ts'

const FORM = answerFormOf(buildAnswerSchema(builtInScheme('economic-indicators').codebook))

const label = (value: unknown) => ({ field: 'type', value, confidence: 95 })
const element = (key: string, value: unknown, reason = 'so') => ({ key, reason, labels: [label(value)] })
const ANSWER = { answers: [element('k1', 'price'), element('k2', 'volume')] }
const TEXT = JSON.stringify(ANSWER)
const OTHER = TEXT.replace('price', 'stock')

const read = (message: object) => extractAnswer({ role: 'assistant', ...message }, FORM)
const inContent = (content: unknown) => read({ content })
const kindOf = (content: unknown) => inContent(content).kind

it('reads the outer form off the schema of the service', () => {
  assert.deepEqual(FORM, { list: 'answers', element: ['key', 'labels'] })
  assert.equal(answerFormOf({ type: 'object' }), null)
})

describe('an answer that is right and wrapped', () => {
  const wrapped: readonly (readonly [string, object])[] = [
    ['plain', { content: TEXT }],
    ['in a fence', { content: `\`\`\`json\n${TEXT}\n\`\`\`` }],
    ['behind thoughts with a draft', { content: `<think>${OTHER}</think>\n${TEXT}` }],
    ['behind thoughts whose first tag is missing', { content: `${OTHER}, or not.\n</think>${TEXT}` }],
    ['behind two thoughts', { content: `<think>{</think> <THINKING>${OTHER}</THINKING>${TEXT}` }],
    ['before thoughts without an end', { content: `${TEXT}<think>${OTHER}` }],
    ['behind a preamble with an ellipsis', { content: `As {"answers": [...]}, with [brackets]:\n${TEXT}` }],
    ['behind a stray quotation mark', { content: `I took ["k1 as it is {tonnes}.\n${TEXT}` }],
    ['behind a quotation mark on its line', { content: `He wrote {"${TEXT}` }],
    ['before prose', { content: `${TEXT}\nThat {was} [all], "folks"` }],
    ['said twice alike', { content: `${TEXT}\n${JSON.stringify(ANSWER, null, 2)}` }],
    [
      'in parts',
      {
        content: [
          { type: 'text', text: TEXT.slice(0, 9) },
          { type: 'text', text: TEXT.slice(9) },
        ],
      },
    ],
    [
      'in a part beside a thought',
      {
        content: [
          { type: 'thinking', thinking: OTHER },
          { type: 'text', text: TEXT },
        ],
      },
    ],
    ['as an object', { content: ANSWER }],
    ['in a tool call', { content: null, tool_calls: [{ function: { arguments: TEXT } }] }],
    ['in a tool call beside prose', { content: 'I call it.', tool_calls: [{ function: { arguments: TEXT } }] }],
    ['in a call whose arguments are an object', { content: '', tool_calls: [{ function: { arguments: ANSWER } }] }],
    [
      'in several calls, one for each element',
      { tool_calls: ANSWER.answers.map((one) => ({ function: { arguments: one } })) },
    ],
    ['in a function call', { content: null, function_call: { arguments: TEXT } }],
    ['in a part that uses a tool', { content: [{ type: 'tool_use', input: ANSWER }] }],
    ['in the reasoning', { content: ' \n', reasoning_content: `So:\n${TEXT}` }],
    ['parsed', { content: null, parsed: ANSWER, reasoning: OTHER }],
    ['beside reasoning with a draft', { content: TEXT, reasoning_content: OTHER }],
    ['as a bare list', { content: JSON.stringify(ANSWER.answers) }],
    ['as lines of elements', { content: ANSWER.answers.map((one) => JSON.stringify(one)).join('\n') }],
    ['under another key', { content: JSON.stringify({ output: { result: ANSWER } }) }],
    [
      'with doubled outer keys that agree',
      { content: `{"answers":${JSON.stringify(ANSWER.answers)},${TEXT.slice(1)}` },
    ],
    ['encoded twice', { content: JSON.stringify(TEXT) }],
    ['encoded three times, fenced', { content: JSON.stringify(JSON.stringify(`\`\`\`\n${TEXT}\n\`\`\``)) }],
    ['with an encoded list', { content: JSON.stringify({ answers: JSON.stringify(ANSWER.answers) }) }],
    ['with commas before brackets', { content: TEXT.replaceAll('}]', '},]').replace(/\}$/, ',}') }],
    ['behind a byte order mark', { content: `\uFEFF${TEXT}` }],
    ['in channels', { content: `<|channel|>analysis<|message|>${OTHER}<|end|><|channel|>final<|message|>${TEXT}` }],
    ['in the channel of a tool', { content: `<|channel|>commentary to=f<|constrain|>json<|message|>${TEXT}<|call|>` }],
    ['in channels without their tokens', { content: `analysisPerhaps ${OTHER}assistantfinal${TEXT}` }],
  ]
  for (const [name, message] of wrapped) {
    it(`is found ${name}`, () => assert.deepEqual(read(message), { kind: 'answer', answer: ANSWER }))
  }

  it('is found where it is one element alone', () => {
    assert.deepEqual(inContent(JSON.stringify(ANSWER.answers[0])), {
      kind: 'answer',
      answer: { answers: [ANSWER.answers[0]] },
    })
  })

  it('may have no element at all', () => {
    assert.deepEqual(inContent('{"answers": []}'), { kind: 'answer', answer: { answers: [] } })
  })

  it('keeps a key __proto__ as any other', () => {
    const answer = inContent('{"answers": [{"key": "k1", "labels": [], "__proto__": {"polluted": true}}]}')
    assert.equal(JSON.stringify(answer).includes('polluted'), true)
    assert.equal('polluted' in {}, false)
  })
})

describe('of two answers that differ none is chosen', () => {
  const two: readonly (readonly [string, unknown])[] = [
    ['one after the other', `${TEXT}\n${OTHER}`],
    ['in two fences', `\`\`\`json\n${TEXT}\n\`\`\`\nor\n\`\`\`json\n${OTHER}\n\`\`\``],
    ['in an object whose outer key is doubled', `{"answers": [], ${TEXT.slice(1)}`],
    ['in an element whose value is doubled', TEXT.replace('"value":"price"', '"value":"stock","value":"price"')],
    [
      'in elements of one key',
      [element('k1', 'price'), element('k1', 'stock')].map((one) => JSON.stringify(one)).join('\n'),
    ],
    ['as a list and an element', `${TEXT}\n${JSON.stringify(element('k3', 'price'))}`],
  ]
  for (const [name, content] of two) {
    it(name, () => assert.equal(kindOf(content), 'two'))
  }

  it('in content and a tool call', () => {
    assert.equal(read({ content: TEXT, tool_calls: [{ function: { arguments: OTHER } }] }).kind, 'two')
  })
})

describe('what holds no answer', () => {
  const none: readonly unknown[] = [
    'Sure!',
    '{}',
    '[]',
    '[1, 2]',
    'null',
    '"words"',
    '{"answers": null}',
    '{"labels": []}',
  ]
  const torn = [TEXT.slice(0, -1), TEXT.slice(0, 60), `<think>${TEXT}`, `<|channel|>analysis<|message|>${TEXT}`]
  for (const content of [...none, ...torn, `${'['.repeat(70)}${TEXT}${']'.repeat(70)}`]) {
    it(JSON.stringify(content).slice(0, 60), () => assert.equal(kindOf(content), 'none'))
  }

  it('is told from no text at all', () => {
    for (const message of [
      {},
      { content: null },
      { content: ' ' },
      { content: [] },
      { content: 7 },
      { tool_calls: [null] },
    ]) {
      assert.deepEqual(read(message), { kind: 'empty', text: '' })
    }
  })

  it('is not looked for in reasoning beside words', () => {
    assert.equal(read({ content: 'I cannot tell.', reasoning_content: TEXT }).kind, 'none')
  })
})

const words = fc.oneof(
  anyText({ maxLength: 40 }),
  fc.constantFrom(
    '```',
    '</think>',
    '<think>',
    '{"answers": []}',
    '"',
    '\\',
    ']}',
    '<|channel|>final',
    'assistantfinal',
  ),
)
const elements = fc.uniqueArray(
  fc.record({ key: words, reason: words, labels: fc.array(fc.record({ field: words, value: words })) }),
  {
    minLength: 1,
    maxLength: 4,
    selector: ({ key }) => key,
  },
)
const prose = fc.constantFrom(
  '',
  'Sure:\n',
  'As {so}, [thus]: ',
  '\n',
  '{',
  '[["',
  '```json\n',
  '<think>{"</think>',
  '{"answers": …}',
)

describe('for any answer and any message', () => {
  const expected = (answers: unknown) => JSON.stringify({ kind: 'answer', answer: { answers } })

  it('finds what any wrapping holds, whatever texts stand in the answer', () => {
    const wrap = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => `<think>Hm, ${text.slice(0, 20).replaceAll('<', '')}</think>\n${text}`,
      (text) => `\`\`\`json\n${text}\n\`\`\``,
      (text) => JSON.stringify(text),
      (text) => `{"result": ${text.trim()}}`,
      (text) => JSON.stringify({ result: text }),
    )
    fc.assert(
      fc.property(elements, wrap, wrap, fc.boolean(), (answers, inner, outer, isIndented) => {
        const text = JSON.stringify({ answers }, null, isIndented ? 2 : 0)
        const wrapped = outer(inner(text))
        const found = inContent(wrapped)
        // A fence around an encoded text is no form that was seen, and an object can only be put around JSON.
        if (wrapped.startsWith('```json\n"')) return
        if (parseJson(inner(text)) === undefined && outer('0').startsWith('{"result": ')) return
        assert.equal(JSON.stringify(found), expected(answers), wrapped)
      }),
      { numRuns: 500 },
    )
  })

  it('finds it in prose', () => {
    fc.assert(
      fc.property(elements, prose, fc.constantFrom('', '\nThanks!', ' }', '```', ' [x]'), (answers, before, behind) => {
        const wrapped = `${before.endsWith('{') || before.endsWith('"') ? `${before}\n` : before}${JSON.stringify({ answers })}${behind}`
        assert.equal(JSON.stringify(inContent(wrapped)), expected(answers), wrapped)
      }),
      { numRuns: 500 },
    )
  })

  it('never throws, and chooses nothing that is not in the text', () => {
    const piece = fc.oneof(
      words,
      prose,
      fc.jsonValue().map((value) => JSON.stringify(value)),
      fc.constant(TEXT),
      fc.constant(OTHER),
    )
    const content = fc.oneof(
      fc.array(piece).map((pieces) => pieces.join('')),
      fc.jsonValue({ maxDepth: 4 }),
    )
    fc.assert(
      fc.property(content, fc.jsonValue({ maxDepth: 4 }), (said, more) => {
        const found = extractAnswer({ content: said, tool_calls: more, reasoning: more }, FORM)
        if (found.kind === 'answer') assert.ok(Array.isArray((found.answer as typeof ANSWER).answers))
      }),
      { numRuns: 1_000 },
    )
  })

  it('reads what JSON.parse reads, at any place of a text', () => {
    fc.assert(
      fc.property(fc.string(), fc.json({ noUnicodeString: false }), fc.string(), (before, json, behind) => {
        const { value, end } = readJsonAt(`${before}${json} ${behind}`, before.length, { left: 1e6 })
        const isNumber = /^-?\d/.test(json)
        assert.deepEqual(JSON.stringify(value), JSON.stringify(JSON.parse(json)))
        if (!isNumber) assert.equal(`${before}${json} ${behind}`.slice(before.length, end).trim(), json.trim())
      }),
      { numRuns: 1_000 },
    )
  })

  it('reads no whole object that holds or nests more than any answer does', () => {
    assert.equal(readWholeObject(`{"a":[${'{},'.repeat(300_000)}{}]}`), undefined)
    assert.equal(readWholeObject(`{"a":${'['.repeat(2_000_000)}${']'.repeat(2_000_000)}}`), undefined)
    assert.equal(readWholeObject(`{"a":"${'x'.repeat(100_000)}"}`)?.end, 100_008)
  })

  it('reads a whole object as one in the middle of a text, and leaves one that may give a key twice', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false }))
    fc.assert(
      fc.property(object, fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const whole = readWholeObject(text)
        if (whole === undefined) return assert.match(text, /":|"\s+:/)
        assert.deepEqual(whole, readJsonAt(text, 0, { left: 1e6 }))
      }),
      { numRuns: 1_000 },
    )
    assert.deepEqual(readWholeObject('{"a":1,"b":[{"c":"\\"x\\":"}]}'), undefined)
    for (const text of ['{"a":1,"a":2}', '{"a":{"b":1,"b" :1}}', '[]', '"{}"', '{"a":', 'a {"a":1}']) {
      assert.equal(readWholeObject(text), undefined, text)
    }
    assert.deepEqual(readWholeObject(TEXT)?.value, ANSWER)
  })
})

describe('hostile texts of a hundred thousand characters and more', () => {
  const repeated = (piece: string, length: number) => piece.repeat(Math.ceil(length / piece.length))
  const hostile: readonly string[] = [
    '{',
    '[',
    '<think>',
    '</think>',
    '[{',
    '{"a":',
    '["',
    '{"',
    '"',
    '\\"',
    '["[',
    '[""',
    '[1,',
    '{"a":[',
    '<think>{',
    '<|channel|>analysis',
    '<|channel|>final{',
    '[]',
    '{}',
    '[[],',
    '{"answers":',
    '{"answers":[{"key":"k","labels":[',
    '[THINK]',
    '[/THINK]{"',
    'assistantfinal[',
    '["\n',
    '{"a":1,"a":2,',
    ' ',
    '[ ',
    '"{\\"',
    '\\u0022{',
    '{"answers":"{\\"answers\\":',
    '-',
    '1',
    '[1e',
    `${'['.repeat(63)}"x"`,
    `${'[['.repeat(31)}"x",`,
  ]
  for (const piece of hostile) {
    it(`of ${JSON.stringify(piece.slice(0, 20))} take a bounded number of steps`, () => {
      // The steps are counted, so that this shows what a million characters would take ten times as long to show.
      const text = repeated(piece, 100_000)
      for (const content of [text, `"${text}`, `${TEXT}${text}`]) {
        const bound = content.length * STEPS_PER_CHARACTER
        const meter = { left: bound }
        extractAnswer({ content }, FORM, meter)
        assert.ok(meter.left >= 0, `it ran out of its ${bound} steps`)
      }
    })
  }

  it('do not hide an answer before or behind them', () => {
    for (const piece of ['{', '["', '{"a":', '<think></think>', '</think>', '[]', 'assistantfinal']) {
      assert.equal(kindOf(`${repeated(piece, 1_000_000)}\n${TEXT}`), 'answer', piece)
      assert.equal(kindOf(`${TEXT}\n${piece.includes('/') ? '' : repeated(piece, 1_000_000)}`), 'answer', piece)
    }
  })

  it('end where the meter ends', () => {
    const meter = { left: 50 }
    assert.equal(extractAnswer({ content: TEXT }, FORM, meter).kind, 'none')
  })
})
