/** Tests of recorded answers: which answer a question gets, and what is refused. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { buildAnswerSchema } from '../../../src/classification/answer-schema.ts'
import { isOfflineGuess } from '../../../src/lib/model-names.ts'
import { createRecordedAnswers } from '../../../src/offline-model/answers-recorded.ts'
import { createRecordingReader, readRecording } from '../../../src/offline-model/recorded-file.ts'
import { createOfflineModel } from '../../../src/offline-model/server.ts'
import {
  builtInScheme,
  offlineQuestion,
  promptOf,
  type QuestionParts,
} from '../../helpers/codebooks/offline-question.ts'

const topics = builtInScheme('release-topics')
const activities = builtInScheme('business-activities')

interface LineParts extends QuestionParts {
  /** The name of the model in the answer. */
  readonly answeredBy?: string
  readonly answer?: unknown
}

/** The labels of one element of an answer; their confidence is 90. */
function element(key: string, labels: Readonly<Record<string, unknown>>, reason = 'because') {
  const list = Object.entries(labels).map(([field, value]) => ({ field, value, confidence: 90 }))
  return { key, reason, labels: list }
}

type Records = Parameters<typeof promptOf>[0]

/** A line of a recording, on records with the given texts. Without `answer` it is a captured request. */
function line(records: Records, { answer, answeredBy, model = 'small', ...parts }: LineParts): string {
  const messages = [
    { role: 'system', content: 'the codebook' },
    { role: 'user', content: promptOf(records, { scheme: topics, ...parts }) },
  ]
  return JSON.stringify({ request: { model, messages }, answer, model: answeredBy })
}

function answer(lines: readonly string[], records: Records, parts: QuestionParts = {}) {
  const reader = createRecordingReader('file.jsonl')
  for (const [index, text] of lines.entries()) reader.add(text, index + 1)
  return createRecordedAnswers(reader).answer(offlineQuestion(records, { scheme: topics, ...parts }))
}

const RATE = { name: 'Jobless rate falls', description: 'Fewer people look for work.' }
const WORK = { topics: ['work'], kind: 'figures' }

describe('recorded answers', () => {
  it('come by texts and samples, whatever key and id the record has now', () => {
    const recorded = line([{ ...RATE, indicator_id: 'old' }], { answer: { answers: [element('k1', WORK)] } })
    const answers = answer(
      [recorded],
      [
        { name: 'Other', indicator_id: 'x' },
        { ...RATE, indicator_id: 'new' },
      ],
    )
    assert.equal(answers, 'no recorded answer for x "Other" (topics, kind)')
    assert.deepEqual(answer([recorded], [{ ...RATE, indicator_id: 'new' }]), {
      model: 'offline-recorded',
      elements: [element('k1', WORK)],
    })
  })

  it('are refused where any shown text or sample differs, or where another field is asked', () => {
    const scheme = builtInScheme('economic-indicators')
    const sample = { date: '2024-01-01', value: 1 }
    const lines = [line([{ ...RATE, sample_values: [sample] }], { scheme, answer: { answers: [] } })]
    const ask = (more: object) => answer(lines, [{ ...RATE, sample_values: [sample], ...more }], { scheme })
    assert.equal(typeof ask({}), 'object')
    for (const more of [{ units: 'Percent' }, { description: 'Fewer' }, { sample_values: [{ ...sample, value: 2 }] }]) {
      assert.match(String(ask(more)), /^no recorded answer for A1 "Jobless rate falls" \(type, temporal_aggregation, /)
    }
    const reading = { topics: { value: ['work'], sure: true, rule: 'r', because: 'b' } }
    const kindOnly = line([RATE], {
      reading,
      mode: 'hybrid',
      answer: { answers: [element('k1', { kind: 'figures' })] },
    })
    assert.equal(answer([kindOnly], [RATE]), 'no recorded answer for A1 "Jobless rate falls" (topics)')
    assert.equal(typeof answer([kindOnly], [RATE], { reading, mode: 'hybrid' }), 'object')
  })

  it('name at most three records that are missing, cut to one short line', () => {
    const many = Array.from({ length: 5 }, (_, index) => ({
      indicator_id: `id.${index}`,
      name: `${'n'.repeat(80)}\u0007`,
    }))
    const said = String(answer([], many))
    assert.match(said, /^no recorded answer for id\.0 "n{59}…" \(topics, kind\); id\.1 .*; id\.2 .* and 2 more$/)
  })

  it('leave out what the recorded model left out, refused or garbled, so that the service sees the same', () => {
    const half = line([RATE], { answer: { answers: [element('k1', { kind: 'figures' })] } })
    assert.deepEqual(answer([half], [RATE]), {
      model: 'offline-recorded',
      elements: [element('k1', { kind: 'figures' })],
    })
    for (const given of [null, 'Sorry!', { answers: [] }, { answers: [{ key: 'k1' }] }]) {
      assert.deepEqual(answer([line([RATE], { answer: given })], [RATE]), {
        model: 'offline-recorded',
        elements: [{ key: 'k1', reason: '', labels: [] }],
      })
    }
  })

  it('are counted where fields or whole records are left out, once for each record and not where another line answers', () => {
    const two = [RATE, { indicator_id: 'A2', name: 'Prices rise' }]
    const lines = [
      line(two, { answer: { answers: [element('k1', { kind: 'figures' })] } }),
      line([two[1] ?? {}], { answer: null, model: 'large' }),
      line([{ indicator_id: 'A3', name: 'Trade' }], { answer: { answers: [] } }),
      line([{ indicator_id: 'A3', name: 'Trade' }], { answer: { answers: [element('k1', WORK)] } }),
    ]
    const reader = createRecordingReader('file.jsonl')
    for (const [index, text] of lines.entries()) reader.add(text, index + 1)
    assert.deepEqual(createRecordedAnswers(reader).unanswered, { fields: 3, records: 2 })
  })

  it('take an answer that stands as JSON text, as a person may paste it', () => {
    const pasted = line([RATE], { answer: JSON.stringify({ answers: [element('k1', WORK)] }) })
    assert.deepEqual(answer([pasted], [RATE]), { model: 'offline-recorded', elements: [element('k1', WORK)] })
  })

  it('prefer the model that is asked, then the latest, and an answer over none', () => {
    const by = (model: string, kind: string) =>
      line([RATE], { model, answer: { answers: [element('k1', { ...WORK, kind })] } })
    const silent = line([RATE], { answer: { answers: [] } })
    const lines = [by('small', 'figures'), by('large', 'analysis'), by('small', 'notice'), silent]
    const kindFor = (model: string) => {
      const answers = answer(lines, [RATE], { model })
      assert.ok(typeof answers !== 'string')
      return answers.elements[0]?.labels.find(({ field }) => field === 'kind')?.value
    }
    assert.deepEqual([kindFor('small'), kindFor('large')], ['notice', 'analysis'])
    assert.equal(kindFor('offline-rules'), 'notice')
  })

  it('prefer the answer to the same candidates of a code list', () => {
    const scheme = activities
    const bakery = { name: 'Bakery', description: 'bread and rolls' }
    const narrow = line([bakery], { scheme, answer: { answers: [element('k1', { industry: 'none-of-these' })] } })
    const parsed = JSON.parse(narrow)
    parsed.request.messages[1].content = parsed.request.messages[1].content.replace(
      '"codes":{"industry":[',
      '"codes":{"industry":["0000 More",',
    )
    parsed.answer = { answers: [element('k1', { industry: '3118' })] }
    const wide = JSON.stringify(parsed)
    for (const lines of [
      [narrow, wide],
      [wide, narrow],
    ]) {
      const answers = answer(lines, [bakery], { scheme })
      assert.deepEqual(answers, { model: 'offline-recorded', elements: [element('k1', { industry: 'none-of-these' })] })
    }
  })

  it('are named as guesses where the offline model guessed them', () => {
    const guessed = line([RATE], { answeredBy: 'offline-rules', answer: { answers: [element('k1', WORK)] } })
    const gold = line([RATE], { answeredBy: 'offline-gold', answer: { answers: [element('k1', WORK)] } })
    const nameOf = (lines: readonly string[]) => {
      const answers = answer(lines, [RATE])
      return typeof answers === 'string' ? answers : answers.model
    }
    assert.deepEqual([nameOf([guessed]), nameOf([gold])], ['offline-rules', 'offline-recorded'])
  })

  for (const [what, text, message] of [
    ['no JSON', '{', /file\.jsonl, line 1: the line: /],
    ['no request', '{"answer":{"answers":[]}}', /line 1: request: /],
    [
      'no records',
      '{"request":{"messages":[{"role":"user","content":"Hello"}]}}',
      /request\.messages: hold no records/,
    ],
    [
      'an answer of another form',
      line([RATE], { answer: { k1: 'work' } }),
      /answer: must be an object with the list "answers"/,
    ],
  ] as const) {
    it(`refuse a line with ${what}`, () => {
      assert.throws(
        () => createRecordingReader('file.jsonl').add(text, 1),
        (error: Error) => {
          assert.match(error.message, message)
          // No sentence of the schema library reaches the user.
          assert.doesNotMatch(error.message, /Invalid input|expected/)
          return true
        },
      )
    })
  }

  const label = (field: string, value: unknown, more: object = { confidence: 90 }) => ({
    answers: [{ key: 'k1', reason: 'r', labels: [{ field, value, ...more }] }],
  })
  /** The line with the answer schema in its request, as every recorded line has it. */
  const withSchema = (text: string, { codebook } = topics) => {
    const parsed = JSON.parse(text)
    const json_schema = { name: 'x', schema: buildAnswerSchema(codebook) }
    return JSON.stringify({ ...parsed, request: { ...parsed.request, response_format: { json_schema } } })
  }

  for (const [what, answer, message] of [
    [
      'a key that was not asked',
      { answers: [element('k9', WORK)] },
      /key "k9": the request asks of no such record; its keys are k1$/,
    ],
    ['an element without a key', { answers: [null] }, /answer\.answers\[0\]: must be an object with the "key"/],
    ['labels that are no list', { answers: [{ key: 'k1', labels: {} }] }, /key "k1": "labels" must be a list/],
    [
      'a field that the codebook has not',
      label('colour', 'red'),
      /key "k1", field "colour": was not asked; the fields are topics, kind$/,
    ],
    [
      'a value that the schema does not list',
      label('kind', 'noise'),
      /key "k1", field "kind": must be one of notice, .*; got "noise"$/,
    ],
    ['null where a label is needed', label('kind', null), /field "kind": must be one of .*; got null$/],
    [
      'no value',
      { answers: [{ key: 'k1', labels: [{ field: 'kind', confidence: 9 }] }] },
      /field "kind": must be one of .*; got none$/,
    ],
    ['one value where a list is needed', label('topics', 'work'), /field "topics": must be a list, each of it one of /],
    [
      'a wrong value in a list',
      label('topics', ['work', 'play']),
      /field "topics": must be a list, .*; got \["work","play"\]$/,
    ],
    [
      'no confidence',
      label('kind', 'figures', {}),
      /key "k1", field "kind": needs a "confidence", a whole number of 0 to 100; got none$/,
    ],
    ['a confidence from 0 to 1', label('kind', 'figures', { confidence: 0.9 }), /needs a "confidence", .*; got 0\.9$/],
  ] as const) {
    it(`refuse an answer with ${what}, and name file, line, key and field`, () => {
      const text = withSchema(line([RATE], { answer }))
      const read = () => createRecordingReader('file.jsonl').add(text, 7)
      assert.throws(read, { code: 'config-invalid', message: /^recorded answers: file\.jsonl, line 7: / })
      assert.throws(read, { message })
    })
  }

  it('refuse a code that was not shown where a person answered, and leave one of a model to the service', () => {
    const bakery = { name: 'Bakery', description: 'bread and rolls' }
    const read = (code: string, answeredBy?: string) => {
      const parts = { scheme: activities, answer: label('industry', code), ...(answeredBy ? { answeredBy } : {}) }
      createRecordingReader('file.jsonl').add(withSchema(line([bakery], parts), activities), 1)
    }
    for (const code of ['3118', 'none-of-these']) read(code)
    read('9999', 'gpt-9')
    assert.throws(
      () => read('9999'),
      /key "k1", field "industry": must be a code that the request shows, or none-of-these; got "9999"$/,
    )
  })

  it('are refused as a file that nobody has answered yet, and read from one that is answered in part', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'classify-recorded-'))
    const file = join(directory, 'captured.jsonl')
    try {
      await writeFile(file, `${line([RATE], {})}\n\n`)
      await assert.rejects(readRecording(file), { code: 'config-invalid', message: /holds no line with an "answer"/ })
      await writeFile(
        file,
        `${line([{ name: 'Other' }], {})}\n${line([RATE], { answer: { answers: [element('k1', WORK)] } })}\n`,
      )
      const strategy = createRecordedAnswers(await readRecording(file))
      assert.equal(typeof strategy.answer(offlineQuestion([RATE], { scheme: topics })), 'object')
      assert.equal(typeof strategy.answer(offlineQuestion([{ name: 'Other' }], { scheme: topics })), 'string')
    } finally {
      await rm(directory, { recursive: true, force: true })
    }
  })

  it('give a miss as HTTP 400 with the sentence', async () => {
    const answers = createRecordedAnswers(createRecordingReader('file.jsonl'))
    const none = { latencyMs: 0, sigma: 0, rpm: 0, tpm: 0, sliceMs: 0 }
    const model = createOfflineModel({ host: '127.0.0.1', port: 0, ...none, answers, log: pino({ level: 'silent' }) })
    const { url } = await model.listen()
    try {
      const messages = [{ role: 'user', content: promptOf([RATE], { scheme: topics }) }]
      const response = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: JSON.stringify({ messages }) })
      assert.equal(response.status, 400)
      const { error } = (await response.json()) as { error: Record<string, unknown> }
      assert.deepEqual(error, {
        message: 'no recorded answer for A1 "Jobless rate falls" (topics, kind)',
        type: 'invalid_request_error',
        param: null,
        code: null,
      })
      assert.deepEqual(model.stats().requests, { accepted: 1, refused: 0, failed: 1, aborted: 0 })
    } finally {
      await model.close()
    }
  })
})

describe('isOfflineGuess', () => {
  it('is true for names of the offline model but for gold and recorded answers', () => {
    for (const name of ['offline-rules', 'offline-noisy', 'offline-hostile']) assert.equal(isOfflineGuess(name), true)
    for (const name of ['offline-gold', 'offline-recorded', 'gpt-6-luna', null])
      assert.equal(isOfflineGuess(name), false)
  })
})
