/** Where the offline model's answers come from. A mode is one strategy. */
import type { ParsedPromptItem } from '../classification/prompt.ts'
import { OFFLINE_MODEL_NAME } from '../lib/model-names.ts'

export interface Question {
  /** The model that was asked for. */
  readonly model: string
  readonly items: readonly ParsedPromptItem[]
}

/** One element of the answer by property name; the schema that was asked for decides order and which are there. */
export type AnswerElement = Readonly<Record<string, unknown>>

export interface AnswerStrategy {
  /** The model that completions name: it tells which mode answered, and that it is no real model. */
  readonly model: string
  /** True: holds to neither the schema nor the token bound, like an endpoint that knows neither. */
  readonly isUnbound: boolean
  /** One element for each item, in their order; an unbound strategy may say more. */
  answer(question: Question): readonly AnswerElement[]
}

export const SURE_PERCENT = 95
const GUESS_PERCENT = 75

/**
 * The rules' best guess. It is taken from the evidence in the prompt, which was read from the whole indicator: rules
 * run over the prompt's cut texts and few samples would now and then contradict it, as no model with the prompt would.
 */
export function createRulesAnswers(): AnswerStrategy {
  return { model: OFFLINE_MODEL_NAME, isUnbound: false, answer: ({ items }) => items.map(guess) }
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
