/** Where the offline model's answers come from. A mode is one strategy. */
import type { ParsedPromptItem } from '../../classification/prompt.ts'

export interface Question {
  readonly items: readonly ParsedPromptItem[]
  /** The user message as it came, for modes that read more than the items. */
  readonly userText: string
}

/** One element of the answer by property name; the schema that was asked for decides order and which are there. */
export type AnswerElement = Readonly<Record<string, unknown>>

export interface AnswerStrategy {
  answer(question: Question): readonly AnswerElement[]
}

const SURE_PERCENT = 95
const GUESS_PERCENT = 75

/**
 * The rules' best guess. It is taken from the evidence in the prompt, which was read from the whole indicator: rules
 * run over the prompt's cut texts and few samples would now and then contradict it, as no model with the prompt would.
 */
export function createRulesAnswers(): AnswerStrategy {
  return {
    answer: ({ items }) =>
      items.map(({ key, rules }) => ({
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
      })),
  }
}

function percent(sure: boolean): number {
  return sure ? SURE_PERCENT : GUESS_PERCENT
}
