/** Reads a file of recorded requests and answers, and finds the answer to a field of a record by what the record says. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { z } from 'zod'
import { type ParsedPromptItem, parseUserPrompt } from '../classification/user-prompt.ts'
import { messageOf, ServiceError } from '../errors.ts'
import { isRecord, parseJson } from '../lib/json/json.ts'
import { isOfflineGuess } from '../lib/model-names.ts'
import type { LeftUnanswered } from './answer-strategy.ts'
import { readAnswerForm } from './label-forms.ts'
import { findFault } from './recorded-check.ts'

/** One recorded answer to one field of a record. */
export interface RecordedLabel {
  readonly value: unknown
  readonly confidence: unknown
  readonly reason: unknown
  /** Whether the offline model guessed the answer when it was recorded. */
  readonly isGuess: boolean
}

/** The answers of a file, searchable by content. */
export interface Recording {
  /**
   * Returns the answer to a field of a record with the same texts and samples; null where the field was asked and the
   * recorded model left it out; undefined where it was never answered. Of several answers one to the same candidates
   * counts first, then one of the same model, then the latest.
   */
  find(item: ParsedPromptItem, field: string, model: string): RecordedLabel | null | undefined
  /** Counts the fields that were asked and that no answered line answers. */
  unanswered(): LeftUnanswered
}

/** A recorded answer with what tells it from other answers to the same question. */
interface Entry {
  readonly label: RecordedLabel | null
  readonly model: string
  readonly candidates: string
  /** The id of the record, by which unanswered fields are counted. */
  readonly id: string
}

/** Collects the lines of a file. */
export interface RecordingReader extends Recording {
  /** Adds a line, which counts from 1. Throws ServiceError `config-invalid`, which names file, line and field. */
  add(text: string, line: number): void
  /** The number of lines with an answer so far. */
  answered(): number
}

const messages = 'must be a list of messages, each with "role" and "content"'
const lineSchema = z.object(
  {
    request: z.object(
      {
        model: z.string({ error: 'must be a text' }).default(''),
        messages: z
          .array(z.object({ role: z.string(), content: z.string() }, { error: messages }), { error: messages })
          .min(1, { error: messages }),
        response_format: z.unknown().optional(),
      },
      { error: 'must be an object with the request to the model' },
    ),
    answer: z
      .union([z.string(), z.null(), z.looseObject({ answers: z.array(z.unknown()) })], {
        error: 'must be an object with the list "answers", a text, or null where the model refused',
      })
      .optional(),
    model: z.string({ error: 'must be a text or null' }).nullish(),
  },
  { error: 'must be one JSON object' },
)

/** Builds an empty recording, to which lines are added. `file` stands in the messages about faults. */
export function createRecordingReader(file: string): RecordingReader {
  const byQuestion = new Map<string, Entry[]>()
  let answered = 0

  return {
    add(text, line) {
      if (text.trim() === '') return
      const refuse = (fault: string): never => {
        throw new ServiceError('config-invalid', `recorded answers: ${file}, line ${line}: ${fault}`)
      }
      const parsed = lineSchema.safeParse(parseJson(text))
      if (!parsed.success) {
        const [issue] = parsed.error.issues
        return refuse(`${issue?.path.join('.') || 'the line'}: ${issue?.message}`)
      }
      const { request, answer, model } = parsed.data
      const items = parseUserPrompt(request.messages.findLast(({ role }) => role === 'user')?.content ?? '')
      if (items.length === 0) return refuse('request.messages: hold no records that the classify service asks about')
      // A captured request that nobody has answered yet holds no answer, which is no fault.
      if (answer === undefined) return
      answered += 1
      const given = answersOf(typeof answer === 'string' ? parseJson(answer) : answer)
      const fault = findFault(given, { items, forms: formsOf(request.response_format), isByModel: hasName(model) })
      if (fault !== undefined) return refuse(fault)
      const elements = given.filter(isRecord)
      for (const item of items) {
        const own = elements.filter(({ key }) => key === item.key)
        for (const field of item.ask) {
          const label = labelOf(own, field, isOfflineGuess(model ?? null))
          const key = questionKey(item, field)
          const entries = byQuestion.get(key) ?? []
          byQuestion.set(key, entries)
          entries.push({ label, model: request.model, candidates: candidatesKey(item, field), id: item.id })
        }
      }
    },
    answered: () => answered,
    unanswered() {
      const open = [...byQuestion.values()].filter((entries) => entries.every(({ label }) => label === null))
      const ids = open.map((entries) => new Set(entries.map(({ id }) => id)))
      return {
        fields: ids.reduce((sum, { size }) => sum + size, 0),
        records: new Set(ids.flatMap((one) => [...one])).size,
      }
    },
    find(item, field, model) {
      const entries = byQuestion.get(questionKey(item, field))
      if (entries === undefined) return undefined
      const candidates = candidatesKey(item, field)
      const rank = (entry: Entry) =>
        (entry.label === null ? 0 : 4) + (entry.candidates === candidates ? 2 : 0) + (entry.model === model ? 1 : 0)
      return entries.reduce((best, entry) => (rank(entry) >= rank(best) ? entry : best)).label
    },
  }
}

/** Reads a file of recorded answers. Throws ServiceError `config-invalid` where it is wrong, unreadable or without answers. */
export async function readRecording(file: string): Promise<Recording> {
  const reader = createRecordingReader(file)
  try {
    const handle = await open(file)
    let line = 0
    for await (const text of handle.readLines()) reader.add(text, ++line)
  } catch (error) {
    if (error instanceof ServiceError) throw error
    throw new ServiceError('config-invalid', `the recorded answers cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
  if (reader.answered() > 0) return reader
  throw new ServiceError('config-invalid', `recorded answers: ${file} holds no line with an "answer"`)
}

function labelOf(elements: readonly Readonly<Record<string, unknown>>[], field: string, isGuess: boolean) {
  for (const { reason, labels } of elements) {
    const found = Array.isArray(labels) ? labels.find((one) => isRecord(one) && one.field === field) : undefined
    if (isRecord(found)) return { value: found.value, confidence: found.confidence, reason, isGuess }
  }
  return null
}

/** The elements of an answer; none for a text that is no JSON and for a refusal. */
function answersOf(answer: unknown): readonly unknown[] {
  return isRecord(answer) && Array.isArray(answer.answers) ? answer.answers : []
}

/** The form of each field by the schema that the request kept; null where it kept none that this service builds. */
function formsOf(format: unknown) {
  const schema = isRecord(format) && isRecord(format.json_schema) ? format.json_schema.schema : null
  return (isRecord(schema) ? readAnswerForm(schema)?.labels : undefined) ?? null
}

/** Whether the line names who answered, as lines of `eval --record` do and captured ones do not. */
function hasName(model: string | null | undefined): boolean {
  return model !== undefined && model !== null && model !== ''
}

/** The key of a question: all that the prompt shows of a record but for its key and id, and the field. */
function questionKey(
  { key: _, id: __, ask: ___, known: ____, guess: _____, codes: ______, ...content }: ParsedPromptItem,
  field: string,
): string {
  const shown = Object.entries(content).sort(([a], [b]) => (a < b ? -1 : 1))
  return `${createHash('sha1').update(JSON.stringify(shown)).digest('base64')} ${field}`
}

function candidatesKey({ codes }: ParsedPromptItem, field: string): string {
  const candidates = codes[field]
  return candidates === undefined ? '' : createHash('sha1').update(JSON.stringify(candidates)).digest('base64')
}
