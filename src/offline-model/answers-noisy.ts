/** The noisy strategy of the offline model, whose labels are wrong with a known probability. */
import { createHash } from 'node:crypto'
import { DECIDED_FIELDS } from '../classification/codebook.ts'
import type { AnswerStrategy } from './answer-strategy.ts'
import { createRandom } from './random.ts'
import { otherLabel } from './wrong-labels.ts'

/**
 * Answers as the strategy `inner` does, but replaces each label with `probability` by another value. The draw depends on
 * model and indicator, so that a model repeats its mistakes and the escalation model makes different ones. The stated
 * confidence stays, because real models state a high confidence in wrong answers too.
 */
export function createNoisyAnswers(inner: AnswerStrategy, probability: number): AnswerStrategy {
  return {
    model: 'offline-noisy',
    isUnlimited: inner.isUnlimited,
    answer: (question) =>
      inner.answer(question).map((element, index) => {
        const indicator = question.items[index]?.indicator
        const random = createRandom(
          seedOf([question.model, indicator?.indicator_id, indicator?.name, indicator?.units]),
        )
        const noisy: Record<string, unknown> = { ...element }
        for (const field of DECIDED_FIELDS) {
          // Both random numbers are drawn for every label, so that the draws for one label do not depend on the other labels.
          const [chance, choice] = [random(), random()]
          if (chance < probability) noisy[field] = otherLabel(field, element[field], choice)
        }
        return noisy
      }),
  }
}

function seedOf(parts: readonly (string | undefined)[]): number {
  return createHash('sha1').update(JSON.stringify(parts)).digest().readUInt32LE(0)
}
