/** The strategy of the offline model that answers from a gold file, which is a JSON Lines file of labelled indicators. */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { cleanText } from '../classification/clean-text.ts'
import { AGGREGATIONS, ORIENTATIONS, TYPES } from '../classification/codebook.ts'
import { messageOf, ServiceError } from '../errors.ts'
import { parseJson } from '../lib/json.ts'
import { type AnswerStrategy, createRulesAnswers, SURE_PERCENT } from './answer-strategy.ts'

const labelsSchema = z.object({
  type: z.enum(TYPES),
  temporal_aggregation: z.enum(AGGREGATIONS),
  orientation: z.enum(ORIENTATIONS),
})

const lineSchema = z.object({
  indicator_id: z.string().min(1),
  name: z.string().min(1),
  units: z.string().nullish(),
  labels: labelsSchema,
})

/** The gold labels of one indicator, in the fields that a model decides. */
export interface GoldLabels extends z.output<typeof labelsSchema> {}

/** The labels of a gold file, searchable by indicator. */
export interface GoldTable {
  /**
   * Returns the labels of the indicator with this id, or else of the first line with its name and units; undefined where the
   * gold file has neither.
   */
  find(indicator: {
    readonly indicator_id: string
    readonly name: string
    readonly units?: string
  }): GoldLabels | undefined
}

/** Parses the content of a gold file. Throws ServiceError `config-invalid`, which names file, line and field. */
export function parseGoldTable(content: string, file: string): GoldTable {
  const byId = new Map<string, GoldLabels>()
  const byName = new Map<string, GoldLabels>()
  for (const [index, line] of content.split('\n').entries()) {
    if (line.trim() === '') continue
    const parsed = lineSchema.safeParse(parseJson(line))
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      const fault = `${issue?.path.join('.') || 'the line'}: ${issue?.message}`
      throw new ServiceError('config-invalid', `OFFLINE_MODEL_ANSWERS: ${file}, line ${index + 1}: ${fault}`)
    }
    const { indicator_id: id, labels } = parsed.data
    const name = nameKey(parsed.data)
    byId.set(id, byId.get(id) ?? labels)
    byName.set(name, byName.get(name) ?? labels)
  }
  if (byId.size === 0) throw new ServiceError('config-invalid', `OFFLINE_MODEL_ANSWERS: ${file} holds no labels`)
  return { find: (indicator) => byId.get(indicator.indicator_id) ?? byName.get(nameKey(indicator)) }
}

/** Reads and parses a gold file. Throws ServiceError `config-invalid` also where the file cannot be read. */
export async function readGoldTable(file: string): Promise<GoldTable> {
  const content = await readFile(file, 'utf8').catch((error: unknown) => {
    const message = `OFFLINE_MODEL_ANSWERS: the gold file cannot be read: ${messageOf(error)}`
    throw new ServiceError('config-invalid', message, { cause: error })
  })
  return parseGoldTable(content, file)
}

/** Answers with the labels of the gold table, and with the rules' best guess for an indicator that the table lacks. */
export function createGoldAnswers(gold: GoldTable): AnswerStrategy {
  const rules = createRulesAnswers()
  return {
    model: 'offline-gold',
    isUnlimited: false,
    answer: (question) =>
      rules.answer(question).map((guess, index) => {
        const item = question.items[index]
        const labels = item === undefined ? undefined : gold.find(item.indicator)
        if (labels === undefined) return guess
        const confidence = { type: SURE_PERCENT, temporal_aggregation: SURE_PERCENT, orientation: SURE_PERCENT }
        return { ...guess, ...labels, reason: 'Taken from the gold file.', confidence }
      }),
  }
}

/** Returns the key by which the gold table finds an indicator from its name and units. */
function nameKey({ name, units }: { readonly name: string; readonly units?: string | null | undefined }): string {
  return JSON.stringify([cleanText(name), cleanText(units ?? '')])
}
