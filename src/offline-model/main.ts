/** Starts the offline model as a process of its own, from the configuration. It ends on SIGTERM, on SIGINT and with its parent process. */
import { pino } from 'pino'
import { readOfflineModelConfig } from '../config/config.ts'
import type { OfflineAnswers } from '../config/offline-model-values.ts'
import { runPart } from '../lib/ending/part-process.ts'
import { LOG_HOOKS } from '../lib/visible-text.ts'
import { type AnswerStrategy, createRulesAnswers } from './answer-strategy.ts'
import { createGoldAnswers, readGoldTable } from './answers-gold.ts'
import { createHostileAnswers } from './answers-hostile.ts'
import { createNoisyAnswers } from './answers-noisy.ts'
import { createRecordedAnswers } from './answers-recorded.ts'
import { createFaults } from './faults.ts'
import { readRecording } from './recorded-file.ts'
import { createOfflineModel } from './server.ts'

/** The seed of the faults is fixed, so that the same faults come in the same order in every run. */
const FAULT_SEED = 1

runPart(async () => {
  const { logLevel, answers, faults, ...config } = readOfflineModelConfig()
  const log = pino({ level: logLevel, base: { service: 'offline-model' }, hooks: LOG_HOOKS })
  const strategy = await openAnswers(answers)
  const model = createOfflineModel({
    ...config,
    answers: strategy,
    faults: faults === undefined ? undefined : createFaults(faults, FAULT_SEED),
    log,
  })
  const { url, port } = await model.listen()
  const { unanswered } = strategy
  if (unanswered !== undefined && unanswered.fields > 0) {
    log.warn({ file: answers.file, ...unanswered }, 'fields of the recording were left unanswered')
  }
  const { latencyMs, rpm, tpm } = config
  log.info({ url, latencyMs, rpm, tpm, answers, faults }, 'the offline model listens')
  process.send?.({ ready: true, port })

  return (reason) => {
    log.info({ reason }, 'the offline model closes')
    return model.close()
  }
})

/** Builds the answer strategy that the configuration names, and reads the file of a strategy that needs one. */
async function openAnswers({ from, file, noise }: OfflineAnswers): Promise<AnswerStrategy> {
  if (from === 'hostile') return createHostileAnswers()
  if (from === 'recorded' && file !== null) return createRecordedAnswers(await readRecording(file))
  const inner = file === null ? createRulesAnswers() : createGoldAnswers(await readGoldTable(file))
  return noise === 0 ? inner : createNoisyAnswers(inner, noise)
}
