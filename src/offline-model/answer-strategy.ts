/** The interface of a strategy, which decides what the offline model answers, and the default strategy: the rules' best guess. */
import type { ParsedPromptItem } from '../classification/prompt.ts'
import { OFFLINE_MODEL_NAME } from '../lib/model-names.ts'

/** The indicators of one request. */
export interface Question {
  /** The model that the client asked for. */
  readonly model: string
  readonly items: readonly ParsedPromptItem[]
}

/**
 * One element of an answer, by property name. The schema of the request decides which properties are sent, and their
 * order.
 */
export type AnswerElement = Readonly<Record<string, unknown>>

export interface AnswerStrategy {
  /** The model that completions name, so that a result shows which strategy answered and that it is no real model. */
  readonly model: string
  /** True: the answer follows neither the schema nor the token limit, like that of an endpoint that knows neither. */
  readonly isUnlimited: boolean
  /** One element for each item, in their order. An unlimited strategy may add others. */
  answer(question: Question): readonly AnswerElement[]
}

/** The confidence in percent that is stated where the rules are sure. */
export const SURE_PERCENT = 95
/** The confidence in percent that is stated where the rules are not sure. */
const GUESS_PERCENT = 75

/**
 * Answers with the readings of the rules that stand in the prompt. They are not read again here, because the prompt has cut
 * texts and few sample values, from which the rules would sometimes read something else.
 */
export function createRulesAnswers(): AnswerStrategy {
  return { model: OFFLINE_MODEL_NAME, isUnlimited: false, answer: ({ items }) => items.map(guess) }
}

function guess({ key, rules }: ParsedPromptItem): AnswerElement {
  return {
    key,
    reason: `Best guess of the rules for ${rules.type.value} in ${rules.unit}.`,
    type: rules.type.value,
    temporal_aggregation: rules.temporal_aggregation.value,
    orientation: rules.orientation.value,
    confidence: {
      type: percent(rules.type.sure),
      temporal_aggregation: percent(rules.temporal_aggregation.sure),
      orientation: percent(rules.orientation.sure),
    },
  }
}

function percent(sure: boolean): number {
  return sure ? SURE_PERCENT : GUESS_PERCENT
}
