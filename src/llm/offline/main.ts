/** Entry of the offline model's own process. Ends with 0 on SIGTERM, SIGINT, or when the parent's channel closes. */
import { pino } from 'pino'
import { readOfflineModelConfig } from '../../config.ts'
import { isServiceError, messageOf } from '../../errors.ts'
import { type AnswerStrategy, createRulesAnswers } from './answers.ts'
import { createOfflineModel } from './server.ts'

type Answers = ReturnType<typeof readOfflineModelConfig>['answers']

const ANSWERS: Readonly<Record<Answers, () => AnswerStrategy>> = { rules: createRulesAnswers }

async function main(): Promise<void> {
  const { logLevel, answers, ...config } = readOfflineModelConfig()
  const log = pino({ level: logLevel, base: { service: 'offline-model' } })
  const model = createOfflineModel({ ...config, answers: ANSWERS[answers](), log })
  const { url, port } = await model.listen()
  const { latencyMs, rpm, tpm } = config
  log.info({ url, latencyMs, rpm, tpm, answers }, 'the offline model listens')
  process.send?.({ ready: true, port })

  let closing = false
  const close = (reason: string) => {
    if (closing) return
    closing = true
    log.info({ reason }, 'the offline model closes')
    model.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    )
  }
  process.on('SIGTERM', () => close('SIGTERM'))
  process.on('SIGINT', () => close('SIGINT'))
  // A parent that was killed can't send a signal; its end of the channel closes all the same.
  process.on('disconnect', () => close('the parent process is gone'))
}

function fail(error: unknown): void {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exit(isServiceError(error) && error.code === 'config-invalid' ? 2 : 1)
}

main().catch(fail)
