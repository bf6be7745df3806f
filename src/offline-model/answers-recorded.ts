/** The strategy of the offline model that repeats recorded answers, and refuses a question that was never answered. */
import { cleanText, cutText } from '../classification/clean-text.ts'
import type { ParsedPromptItem } from '../classification/user-prompt.ts'
import { OFFLINE_MODEL_NAME, OFFLINE_RECORDED_NAME } from '../lib/model-names.ts'
import type { AnswerElement, AnswerStrategy } from './answer-strategy.ts'
import type { RecordedLabel, Recording } from './recorded-file.ts'

const MOST_NAMED = 3
const MAX_SHOWN_TEXT = 60

/**
 * Answers by what the texts and samples of a record say, and never guesses: a request with a field that was never answered
 * is refused with a sentence that names record and field. A field that the recorded model left out is left out again.
 */
export function createRecordedAnswers(recording: Recording): AnswerStrategy {
  return {
    model: OFFLINE_RECORDED_NAME,
    isUnlimited: false,
    unanswered: recording.unanswered(),
    answer({ model, items }) {
      const found = items.map((item) => ({
        item,
        labels: item.ask.map((field) => ({ field, recorded: recording.find(item, field, model) })),
      }))
      const missing = found.flatMap(({ item, labels }) => {
        const fields = labels.flatMap(({ field, recorded }) => (recorded === undefined ? [field] : []))
        return fields.length === 0 ? [] : [`${nameOf(item)} (${fields.join(', ')})`]
      })
      if (missing.length > 0) return describeMissing(missing)
      const used = found.flatMap(({ labels }) => labels.flatMap(({ recorded }) => recorded ?? []))
      return {
        model: used.some(({ isGuess }) => isGuess) ? OFFLINE_MODEL_NAME : OFFLINE_RECORDED_NAME,
        elements: found.map(({ item, labels }) => elementOf(item.key, labels)),
      }
    },
  }
}

type FoundLabel = { readonly field: string; readonly recorded: RecordedLabel | null | undefined }

function elementOf(key: string, labels: readonly FoundLabel[]): AnswerElement {
  const answered = labels.flatMap(({ field, recorded }) => (recorded ? [{ field, ...recorded }] : []))
  return {
    key,
    reason: answered[0]?.reason ?? '',
    labels: answered.map(({ field, value, confidence }) => ({ field, value, confidence })),
  }
}

function nameOf({ id, name }: ParsedPromptItem): string {
  const shown = (text: string) => cutText(cleanText(text), MAX_SHOWN_TEXT)
  return `${shown(id)} "${shown(name ?? '')}"`
}

function describeMissing(missing: readonly string[]): string {
  const more = missing.length > MOST_NAMED ? ` and ${missing.length - MOST_NAMED} more` : ''
  return `no recorded answer for ${missing.slice(0, MOST_NAMED).join('; ')}${more}`
}
