/** The interface of a strategy, which decides what the offline model answers, and the default strategy: the rules' best guess. */
import type { ParsedPromptItem } from '../classification/prompt.ts'
import { OFFLINE_MODEL_NAME } from '../lib/model-names.ts'

/** The indicators of one request to the offline model, with the model that the request names. */
export interface Question {
  /** The model that the client asked for. */
  readonly model: string
  readonly items: readonly ParsedPromptItem[]
}

/**
 * The answer for one indicator, as property names with their values. The schema of the request decides which properties are
 * sent and in which order.
 */
export type AnswerElement = Readonly<Record<string, unknown>>

export interface AnswerStrategy {
  /** The model's name in the completions, which shows which strategy answered and that no real model did. */
  readonly model: string
  /** If true, the answer follows neither the request's schema nor its token limit, as an endpoint does that ignores both. */
  readonly isUnlimited: boolean
  /** Returns one answer for each indicator of the request, in their order. An unlimited strategy may add further answers. */
  answer(question: Question): readonly AnswerElement[]
}

/** The confidence in percent that the offline model states for a label of which the rules are sure. */
export const SURE_PERCENT = 95
/** The confidence in percent that the offline model states for a label of which the rules are not sure. */
const GUESS_PERCENT = 75

/**
 * Answers with the readings of the rules that stand in the prompt. The rules are not run again here, because the prompt has
 * cut texts and few sample values, from which they would sometimes read something else.
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
