/** Builds the question to the model about one record: the fields that are open, what is known and guessed of them, and candidate codes. */
import { decisiveLabels, openFields } from './fields.ts'
import type { PreparedScheme } from './scheme.ts'
import { shapeOf } from './shape.ts'
import type { Indicator, Labels, Mode, Reading } from './types.ts'
import type { PromptItem } from './user-prompt.ts'

/** The question about one record. The journal of a batch fixes the property names. */
export interface Question {
  /** The record with its latest sample values only, because the prompt shows no more and the journal carries it to every chunk. */
  readonly indicator: Indicator
  readonly reading: Reading
  /** The names of the fields asked. */
  readonly fields: readonly string[]
  /** The candidates of each code field asked, the likeliest first. */
  readonly codes: Readonly<Record<string, readonly string[]>>
  /** Whether the question is an audit: the model is asked blind, without what the rules found. */
  readonly audit?: boolean
}

export interface QuestionOptions {
  readonly mode: Mode
  /** Labels of answers that are there already. */
  readonly decided?: Labels
  /** Whether the model is asked without what the rules found. */
  readonly isAudit?: boolean
}

/**
 * Returns the question about a record, or null where nothing is open. Fields in `decided`, which have an answer already, are
 * not asked.
 */
export function questionOf(
  scheme: PreparedScheme,
  record: Indicator,
  reading: Reading,
  { mode, decided = {}, isAudit = false }: QuestionOptions,
): Question | null {
  const fields = openFields(scheme, reading, mode, decided)
  if (fields.length === 0) return null
  const { samples } = scheme.codebook.record
  const indicator = { ...record, sample_values: samples === 0 ? [] : record.sample_values.slice(-samples) }
  const question = { indicator, reading, fields, codes: candidatesOf(scheme, record, fields) }
  return isAudit ? { ...question, audit: true } : question
}

/** Returns the candidates of each code field in `fields`. With a `factor` greater than 1 more candidates are given. */
export function candidatesOf(
  { codebook, shortlisters }: PreparedScheme,
  record: Indicator,
  fields: readonly string[],
  factor = 1,
): Record<string, readonly string[]> {
  return Object.fromEntries(
    fields.flatMap((name) => {
      const type = codebook.field.get(name)?.type
      if (type?.kind !== 'codes') return []
      return [[name, shortlisters.get(name)?.find(record, type.shortlist * factor) ?? []] as const]
    }),
  )
}

/**
 * Returns what the prompt says about a record: a sure finding and an answered label as known, a finding that is not sure as a
 * guess. In mode `model` all findings are guesses, because the model's answer then counts more than they do. An audit shows
 * neither, because what the model is shown sways it.
 */
export function promptItemOf(key: string, question: Question, mode: Mode, answered: Labels = {}): PromptItem {
  const { indicator, reading, fields, codes } = question
  const isBlind = question.audit === true
  const sure = mode === 'model' || isBlind ? {} : decisiveLabels(reading)
  const known = Object.entries({ ...sure, ...answered }).filter(([name]) => !fields.includes(name))
  const guess = isBlind ? [] : Object.entries(reading).filter(([name]) => fields.includes(name))
  return {
    key,
    indicator,
    fields,
    known: Object.fromEntries(known),
    guess: Object.fromEntries(guess.map(([name, { value }]) => [name, value])),
    codes,
  }
}

/** Returns the shape of a record for the fields that an answer is wanted for. */
export function questionShapeOf(
  scheme: PreparedScheme,
  record: Indicator,
  reading: Reading,
  context: { readonly mode: Mode; readonly model: string; readonly promptVersion: string },
): string {
  const { mode, model, promptVersion } = context
  return shapeOf(scheme, record, reading, { model, promptVersion, asked: openFields(scheme, reading, mode) })
}
