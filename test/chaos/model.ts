/** The model of a check: it answers as the offline model does, and remembers every answer with a token that it writes into the reason. */
import { pino } from 'pino'
import { PROMPT_VERSION } from '../../src/classification/prompt.ts'
import { type AnswerStrategy, createRulesAnswers } from '../../src/offline-model/answer-strategy.ts'
import { createOfflineModel } from '../../src/offline-model/server.ts'
import type { GivenAnswer } from './history.ts'
import { PROMPT_MARK } from './names.ts'

export interface RecordingModel {
  readonly port: number
  readonly answers: readonly GivenAnswer[]
  /** When answers about the indicators of these names were given, in milliseconds of `performance.now`. */
  answeredAt(names: ReadonlySet<string>): number[]
  close(): Promise<void>
}

/** Starts the model on any free port of `host`, an address that the containers reach. */
export async function startRecordingModel(host: string, latencyMs: number): Promise<RecordingModel> {
  const answers: GivenAnswer[] = []
  const times: number[] = []
  const strategy = record(createRulesAnswers(), (answer) => {
    answers.push(answer)
    times.push(performance.now())
  })
  const model = createOfflineModel({
    ...{ host, port: 0, latencyMs, sigma: 0.3, rpm: 0, tpm: 0, sliceMs: 0 },
    answers: strategy,
    log: pino({ level: 'silent' }),
  })
  const { port } = await model.listen()
  return {
    port,
    answers,
    answeredAt: (names) => times.filter((_, index) => names.has(answers[index]?.name ?? '')),
    close: () => model.close(),
  }
}

let tokens = 0

function record(inner: AnswerStrategy, note: (answer: GivenAnswer) => void): AnswerStrategy {
  return {
    ...inner,
    answer: (question) => {
      const given = inner.answer(question)
      if (typeof given === 'string') return given
      const elements = given.elements.map((element, index) => {
        tokens += 1
        const token = `T${tokens}`
        const { id = '', name = '' } = question.items[index] ?? {}
        const labels = Object.fromEntries(element.labels.map(({ field, value }) => [field, value]))
        note({ token, id, name, promptVersion: versionOf(question), labels })
        return { ...element, reason: `${token} ${element.reason}` }
      })
      return { ...given, elements }
    },
  }
}

/** The version of the prompt by what stands in it, not by what the asking release calls it. */
function versionOf(question: object): string {
  const isOther = 'prefix' in question && typeof question.prefix === 'string' && question.prefix.includes(PROMPT_MARK)
  return isOther ? PROMPT_MARK : PROMPT_VERSION
}
