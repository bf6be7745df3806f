/** The interface of a strategy, which decides what the offline model answers, and the default strategy: the guess of the rules. */
import type { ParsedPromptItem } from '../classification/user-prompt.ts'
import { OFFLINE_MODEL_NAME } from '../lib/model-names.ts'
import type { LabelForm } from './label-forms.ts'

/** The records of one request to the offline model, with the model that the request names. */
export interface Question {
  /** The model that the client asked for. */
  readonly model: string
  readonly items: readonly ParsedPromptItem[]
  /** The form of each field's labels by the request's schema; empty where the request has no schema. */
  readonly forms: ReadonlyMap<string, LabelForm>
}

/** The answer to one field of a record. A strategy that answers wrongly on purpose may give any value. */
export interface AnswerLabel {
  readonly field: string
  readonly value: unknown
  /** How sure the answer is, in percent. */
  readonly confidence: unknown
}

/** The answer for one record. The schema of the request decides which properties are sent and in which order. */
export interface AnswerElement {
  readonly key: unknown
  readonly reason: unknown
  readonly labels: readonly AnswerLabel[]
  readonly [more: string]: unknown
}

/** The answers of one completion. */
export interface Answers {
  /** The model's name in the completion, which shows what the answers rest on and that no real model gave them. */
  readonly model: string
  /** One answer for each record of the request, in their order. An unlimited strategy may add further answers. */
  readonly elements: readonly AnswerElement[]
}

export interface AnswerStrategy {
  /** The model's name where no completion is sent, as in the list of models. */
  readonly model: string
  /** If true, the answer follows neither the request's schema nor its token limit, as an endpoint does that ignores both. */
  readonly isUnlimited: boolean
  /** Answers a request, or returns the sentence for the response 400 where the strategy has no answer. */
  answer(question: Question): Answers | string
  /** How much of a recording was left unanswered; absent for strategies without a recording. */
  readonly unanswered?: LeftUnanswered | undefined
}

/** The fields of a recording that were asked and have no answer, and the records that have such a field. */
export interface LeftUnanswered {
  readonly fields: number
  readonly records: number
}

/** The confidence in percent that the offline model states for a label that a person gave. */
export const SURE_PERCENT = 95
/** The confidence in percent that the offline model states for what the rules guessed. */
const GUESS_PERCENT = 75
/** The confidence in percent of a label that nothing speaks for. It is too low to stand, so the result goes to review. */
const FILLER_PERCENT = 50

/**
 * Answers with the guess of the rules that stands in the prompt. The rules are not run again here, because the prompt has
 * cut texts and few sample values, from which they would sometimes read something else.
 */
export function createRulesAnswers(): AnswerStrategy {
  return {
    model: OFFLINE_MODEL_NAME,
    isUnlimited: false,
    answer: ({ items, forms }) => ({ model: OFFLINE_MODEL_NAME, elements: items.map((item) => guess(item, forms)) }),
  }
}

function guess(item: ParsedPromptItem, forms: Question['forms']): AnswerElement {
  const unread = item.ask.filter((field) => item.guess[field] === undefined)
  const reason = unread.length === 0 ? 'Best guess of the rules.' : fillerReason(unread)
  return { key: item.key, reason, labels: item.ask.map((field) => guessLabel(item, field, forms)) }
}

/** Says of which fields an answer is a filler, which is right for codebooks with rules and for those without. */
export function fillerReason(fields: readonly string[]): string {
  return `Filled in by the offline model, nothing decides it: ${fields.join(', ')}.`
}

/** Answers one field: with the guess of the rules, else with a label that fits the schema and that nothing speaks for. */
export function guessLabel(item: ParsedPromptItem, field: string, forms: Question['forms']): AnswerLabel {
  const guessed = item.guess[field]
  if (guessed !== undefined) return { field, value: guessed, confidence: GUESS_PERCENT }
  return { field, value: fillerOf(candidatesOf(item, field), forms.get(field)), confidence: FILLER_PERCENT }
}

function fillerOf([candidate]: readonly string[], form: LabelForm | undefined): unknown {
  if (candidate !== undefined) return form?.isMulti === true ? [candidate] : candidate
  if (form?.isMulti === true) return []
  if (form === undefined || form.isNullable) return null
  return form.values?.[0] ?? (form.isNumber ? 1 : 'unknown')
}

/** Returns the candidate codes of a field, likeliest first, each without the title that the prompt shows behind it. */
export function candidatesOf({ codes }: ParsedPromptItem, field: string): string[] {
  return (codes[field] ?? []).map((shown) => shown.split(' ', 1)[0] ?? shown)
}
