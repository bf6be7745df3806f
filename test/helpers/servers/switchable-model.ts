/** Starts the offline model in the process of a test, which can change its faults and answers while it runs. */
import { pino } from 'pino'
import type { FaultRates } from '../../../src/config/offline-model-values.ts'
import { type AnswerStrategy, createRulesAnswers } from '../../../src/offline-model/answer-strategy.ts'
import { createFaults, type FaultSource } from '../../../src/offline-model/faults.ts'
import { createOfflineModel } from '../../../src/offline-model/server.ts'
import type { OfflineModelStats } from '../../../src/offline-model/stats.ts'

export interface SwitchableModel {
  /** The value for OPENAI_BASE_URL. */
  readonly url: string
  /** Sets faults and answers from now on, and the counters to zero. */
  behave(behaviour: { readonly faults?: FaultRates; readonly answers?: AnswerStrategy }): Promise<void>
  stats(): OfflineModelStats
  close(): Promise<void>
}

export async function startSwitchableModel(seed = 1): Promise<SwitchableModel> {
  let answers = createRulesAnswers()
  let faults: FaultSource = () => null
  const model = createOfflineModel({
    ...{ host: '127.0.0.1', port: 0, latencyMs: 0, sigma: 0, rpm: 0, tpm: 0, sliceMs: 0 },
    answers: {
      get model() {
        return answers.model
      },
      get isUnlimited() {
        return answers.isUnlimited
      },
      answer: (question) => answers.answer(question),
    },
    faults: () => faults(),
    log: pino({ level: 'silent' }),
  })
  const { url } = await model.listen()
  return {
    url: `${url}/v1`,
    behave: async (behaviour) => {
      answers = behaviour.answers ?? createRulesAnswers()
      faults = createFaults(behaviour.faults ?? {}, seed)
      await fetch(`${url}/stats/reset`, { method: 'POST' })
    },
    stats: () => model.stats(),
    close: () => model.close(),
  }
}
