/** The command `demo`: starts an embedded stack, classifies the sample catalogue, shows some results, and stops the stack. */
import { access } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { askableFields } from '../../classification/fields.ts'
import { type Config, readConfig } from '../../config/config.ts'
import { startStack } from '../../embedded/stack.ts'
import { messageOf, ServiceError } from '../../errors.ts'
import type { ResultBody } from '../../restate/contract.ts'
import { classifyFile } from '../classify/classify-file.ts'
import { formatClassification, formatFailures, formatReport } from '../classify/format.ts'
import { defaultScheme } from '../codebook/codebook-option.ts'
import { createCliLog } from '../ui/log.ts'
import {
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  EXIT_OK,
  type Interrupts,
  printJson,
  printText,
  say,
  underInterrupts,
} from '../ui/terminal.ts'
import { describeModel, STOPPING } from './start.ts'

/** The path of the sample catalogue, which holds indicators of public statistics as JSON lines. */
export const SAMPLE_FILE = fileURLToPath(new URL('./sample/indicators.jsonl', import.meta.url))
/**
 * The path of the answers to the questions about the sample, which readers of this project wrote by the codebook alone. It has
 * the form of a file of `eval --record`.
 */
export const RECORDED_SAMPLE = fileURLToPath(
  new URL('../../codebooks/economic-indicators/sample-answers.jsonl', import.meta.url),
)
/** The number of results that the demo shows in full. */
const SHOWN_RESULTS = 5

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('Start the service, classify a sample of real-world indicators, show some results, and stop')
    .option('--json', 'print one JSON object on stdout, and everything else on stderr')
    .action(async (options: { readonly json?: boolean }) => {
      const config = await withRecordedAnswers(readConfig())
      process.exitCode = await underInterrupts(
        () => say(STOPPING),
        (interrupts) => runDemo(options, config, interrupts),
      )
    })
}

/**
 * Lets the offline model answer from the recorded answers to the sample, unless the environment names a model or other answers.
 * Rejects with ServiceError embedded-failed where the answers are missing.
 */
export async function withRecordedAnswers(config: Config, file = RECORDED_SAMPLE): Promise<Config> {
  const { openai, offlineModel } = config
  if (openai.apiKey !== undefined || openai.baseUrl !== undefined || offlineModel.isAnswersSet) return config
  await access(file).catch((error: unknown) => {
    const message = `The recorded answers to the sample are missing: ${messageOf(error)}`
    throw new ServiceError('embedded-failed', `${message}. Install this project again, or set OPENAI_API_KEY`)
  })
  say(
    'The answers to this sample were written by readers of this project, not by a live model. ' +
      'To ask a real one, set OPENAI_API_KEY (and OPENAI_BASE_URL for another endpoint than OpenAI).',
  )
  return { ...config, offlineModel: { ...offlineModel, answers: { from: 'recorded', file, noise: 0 } } }
}

/** Runs the demo, resolves with the exit code, and stops the embedded stack in every case. */
async function runDemo(options: { readonly json?: boolean }, config: Config, interrupts: Interrupts): Promise<number> {
  const { first: signal, second: kill } = interrupts
  say('Starting PostgreSQL, restate-server, the model and a replica …')
  const stack = await startStack({ config, log: createCliLog(config), say, signal, kill })
  try {
    say(`Model: ${describeModel(stack, config)}`)
    const [first] = askableFields((await defaultScheme()).codebook)
    const shown = new Map<unknown, ResultBody>()
    const report = await classifyFile(
      SAMPLE_FILE,
      { mode: 'hybrid', trust: 'shipped', reuse: true, batchSize: 50, ingress: [stack.ingressUrl], command: 'demo' },
      config,
      interrupts,
      (results) => {
        // Only the first result of each value of the first field is kept, so that the shown results differ.
        for (const result of results) {
          const value = first === undefined ? result.indicator_id : result[first.name]
          if (!shown.has(value)) shown.set(value, result)
        }
      },
    )
    const results = [...shown.values()].slice(0, SHOWN_RESULTS)
    if (options.json === true) printJson({ ...report, results })
    else {
      printText(`${formatReport(report)}\n\n${results.map((one) => formatClassification(one)).join('\n\n')}\n`)
      printText('Next: npm start, then npm run classify -- FILE, npm run export -- --format csv')
    }
    for (const line of formatFailures(report)) say(line)
    if (signal.aborted) return EXIT_INTERRUPTED
    return report.failed > 0 ? EXIT_FAILED : EXIT_OK
  } finally {
    await stack.stop()
  }
}
