/** The strategy of the offline model that answers from a gold file, which is a JSON Lines file of labelled records. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { cleanText } from '../classification/clean-text.ts'
import type { ParsedPromptItem } from '../classification/user-prompt.ts'
import { messageOf, ServiceError } from '../errors.ts'
import { parseJson } from '../lib/json/json.ts'
import { OFFLINE_GOLD_NAME, OFFLINE_MODEL_NAME } from '../lib/model-names.ts'
import { type AnswerElement, type AnswerStrategy, guessLabel, type Question, SURE_PERCENT } from './answer-strategy.ts'

const labelSchema = z.union([z.string(), z.number(), z.null(), z.array(z.string())], {
  error: 'must be a text, a number, a list of texts or null',
})

const text = z.string({ error: 'must be a text' }).min(1, { error: 'must not be empty' })
const lineSchema = z.object(
  {
    indicator_id: text,
    name: text,
    units: z.string({ error: 'must be a text or null' }).nullish(),
    labels: z.record(z.string(), labelSchema, { error: 'must be an object with the labels by field' }),
  },
  { error: 'must be one JSON object' },
)

/** The gold labels of one record, by the name of their field. */
export type GoldLabels = Readonly<Record<string, z.output<typeof labelSchema>>>

/** The labels of a gold file, searchable by record. */
export interface GoldTable {
  /**
   * Returns the labels of the record with this id, or else of the first line with its name and units; undefined where the
   * gold file has neither.
   */
  find(record: Pick<ParsedPromptItem, 'id' | 'name' | 'units'>): GoldLabels | undefined
  /** The names of the fields that any line labels. */
  readonly fields: ReadonlySet<string>
}

/** Parses the content of a gold file. Throws ServiceError `config-invalid`, which names file, line and field. */
export function parseGoldTable(content: string, file: string): GoldTable {
  const byId = new Map<string, GoldLabels>()
  const byName = new Map<string, GoldLabels>()
  const fields = new Set<string>()
  for (const [index, line] of content.split('\n').entries()) {
    if (line.trim() === '') continue
    const parsed = lineSchema.safeParse(parseJson(line))
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      const fault = `${issue?.path.join('.') || 'the line'}: ${issue?.message}`
      throw new ServiceError('config-invalid', `OFFLINE_MODEL_ANSWERS: ${file}, line ${index + 1}: ${fault}`)
    }
    const { indicator_id: id, name, units, labels } = parsed.data
    const key = nameKey(name, units)
    byId.set(id, byId.get(id) ?? labels)
    byName.set(key, byName.get(key) ?? labels)
    for (const field of Object.keys(labels)) fields.add(field)
  }
  if (byId.size === 0) throw new ServiceError('config-invalid', `OFFLINE_MODEL_ANSWERS: ${file} holds no labels`)
  return { fields, find: ({ id, name, units }) => byId.get(id) ?? byName.get(nameKey(name ?? '', units)) }
}

/** Reads and parses a gold file. Throws ServiceError `config-invalid` also where the file cannot be read. */
export async function readGoldTable(file: string): Promise<GoldTable> {
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    const message = `OFFLINE_MODEL_ANSWERS: the gold file cannot be read: ${messageOf(error)}`
    throw new ServiceError('config-invalid', message, { cause: error })
  })
  return parseGoldTable(content, file)
}

/**
 * Answers with the labels of the gold table, with null for a field that does not apply by them, and with the rules' guess or a
 * filler for any other field that the table does not label. A completion with any guess in it has the name of a guess, so that
 * no guess passes as a label of the file.
 */
export function createGoldAnswers(gold: GoldTable): AnswerStrategy {
  return {
    model: OFFLINE_GOLD_NAME,
    isUnlimited: false,
    answer({ items, forms }) {
      const answered = items.map((item) => answerOne(item, gold, forms))
      return {
        model: answered.every(({ isWhole }) => isWhole) ? OFFLINE_GOLD_NAME : OFFLINE_MODEL_NAME,
        elements: answered.map(({ element }) => element),
      }
    },
  }
}

function answerOne(
  item: ParsedPromptItem,
  table: GoldTable,
  forms: Question['forms'],
): { readonly element: AnswerElement; readonly isWhole: boolean } {
  const gold = table.find(item)
  const given: GoldLabels = gold ?? {}
  const open = item.ask.filter((field) => !Object.hasOwn(given, field))
  const mayNotApply = (field: string) =>
    forms.get(field)?.isNullable === true && table.fields.has(field) && (item.guess[field] ?? null) === null
  // A line leaves out a field that does not apply. Where it also leaves out a field that always has a label, it is no whole
  // line, and its silence says nothing.
  const isNone = gold !== undefined && open.every(mayNotApply)
  const labels = item.ask.map((field) => {
    if (Object.hasOwn(given, field)) return { field, value: given[field], confidence: SURE_PERCENT }
    return isNone ? { field, value: null, confidence: SURE_PERCENT } : guessLabel(item, field, forms)
  })
  const none = `no label in its line, so none applies: ${open.join(', ')}`
  const reason =
    open.length === 0
      ? 'Taken from the gold file.'
      : isNone
        ? `Taken from the gold file; ${none}.`
        : `Not in the gold file: ${open.join(', ')}.`
  return { element: { key: item.key, reason, labels }, isWhole: open.length === 0 || isNone }
}

/** Returns the key by which the gold table finds a record from its name and units. */
function nameKey(name: string, units: string | null | undefined): string {
  return JSON.stringify([cleanText(name), cleanText(units ?? '')])
}
