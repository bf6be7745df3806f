/** Answers that are wrong at a known rate. */
import { createHash } from 'node:crypto'
import { DECIDED_FIELDS } from '../classification/codebook.ts'
import type { AnswerStrategy } from './answer-strategy.ts'
import { createRandom } from './latency.ts'
import { otherLabel } from './wrong-labels.ts'

/**
 * `inner`, each label replaced by another value of its enum with `probability`. The draw depends on the indicator and
 * on the model that was asked for: asked again, the same mistake comes back; the escalation model makes others. The
 * confidence stays: a model that errs is not less sure of itself.
 */
export function createNoisyAnswers(inner: AnswerStrategy, probability: number): AnswerStrategy {
  return {
    model: 'offline-noisy',
    isUnbound: inner.isUnbound,
    answer: (question) =>
      inner.answer(question).map((element, index) => {
        const indicator = question.items[index]?.indicator
        const random = createRandom(
          seedOf([question.model, indicator?.indicator_id, indicator?.name, indicator?.units]),
        )
        const noisy: Record<string, unknown> = { ...element }
        for (const field of DECIDED_FIELDS) {
          // Both are drawn in any case, so that one label's luck does not move the next one's.
          const [luck, which] = [random(), random()]
          if (luck < probability) noisy[field] = otherLabel(field, element[field], which)
        }
        return noisy
      }),
  }
}

function seedOf(parts: readonly (string | undefined)[]): number {
  return createHash('sha1').update(JSON.stringify(parts)).digest().readUInt32LE(0)
}
