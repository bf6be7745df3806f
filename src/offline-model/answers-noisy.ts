/** The noisy strategy of the offline model, whose labels are wrong with a known probability. */
import { createHash } from 'node:crypto'
import type { AnswerStrategy } from './answer-strategy.ts'
import { createRandom } from './random.ts'
import { otherLabel } from './wrong-labels.ts'

const NOISY_NAME = 'offline-noisy'

/**
 * Answers as the strategy `inner` does, but replaces each label with `probability` by another value. The draw depends on
 * model, record and field, so that a model repeats its mistakes and the escalation model makes different ones. The stated
 * confidence stays, because real models state a high confidence in wrong answers too.
 */
export function createNoisyAnswers(inner: AnswerStrategy, probability: number): AnswerStrategy {
  return {
    model: NOISY_NAME,
    isUnlimited: inner.isUnlimited,
    answer(question) {
      const answers = inner.answer(question)
      if (typeof answers === 'string') return answers
      const { model, items, forms } = question
      const elements = answers.elements.map((element, index) => {
        const item = items[index]
        const labels = element.labels.map((label) => {
          const random = createRandom(seedOf([model, item?.id, item?.name, item?.units, label.field]))
          const [chance, choice] = [random(), random()]
          return chance < probability ? { ...label, value: otherLabel(label, choice, item, forms) } : label
        })
        return { ...element, labels }
      })
      return { model: NOISY_NAME, elements }
    },
  }
}

function seedOf(parts: readonly (string | undefined)[]): number {
  return createHash('sha1').update(JSON.stringify(parts)).digest().readUInt32LE(0)
}
