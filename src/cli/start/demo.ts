/** The command `demo`: starts an embedded stack, classifies the sample catalogue, shows some results, and stops the stack. */
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import type { Classification } from '../../classification/types.ts'
import { type Config, readConfig } from '../../config/config.ts'
import { startStack } from '../../embedded/stack.ts'
import { classifyFile } from '../classify/classify-file.ts'
import { formatClassification, formatFailures, formatReport } from '../classify/format.ts'
import {
  createCliLog,
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  EXIT_OK,
  type Interrupts,
  printJson,
  say,
  underInterrupts,
} from '../ui/terminal.ts'
import { describeModel, STOPPING } from './start.ts'

/** The path of the sample catalogue, which holds indicators of public statistics as JSON lines. */
export const SAMPLE_FILE = fileURLToPath(new URL('./sample/indicators.jsonl', import.meta.url))
/** The number of results that the demo shows in full. */
const SHOWN_RESULTS = 5

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('Start the service, classify a sample of real-world indicators, show some results, and stop')
    .option('--json', 'print one JSON object on stdout, and everything else on stderr')
    .action(async (options: { readonly json?: boolean }) => {
      const config = readConfig()
      process.exitCode = await underInterrupts(
        () => say(STOPPING),
        (interrupts) => runDemo(options, config, interrupts),
      )
    })
}

/** Runs the demo, resolves with the exit code, and stops the embedded stack in every case. */
async function runDemo(options: { readonly json?: boolean }, config: Config, interrupts: Interrupts): Promise<number> {
  const { first: signal, second: kill } = interrupts
  say('Starting PostgreSQL, restate-server, the model and a replica …')
  const stack = await startStack({ config, log: createCliLog(config), say, signal, kill })
  try {
    say(`Model: ${describeModel(stack, config)}`)
    const shown = new Map<string, Classification>()
    const report = await classifyFile(
      SAMPLE_FILE,
      { mode: 'hybrid', reuse: true, batchSize: 50, ingress: [stack.ingressUrl] },
      config,
      interrupts,
      (results) => {
        // Only the first result of each indicator type is kept, so that the shown results differ.
        for (const result of results) if (!shown.has(result.type)) shown.set(result.type, result)
      },
    )
    const results = [...shown.values()].slice(0, SHOWN_RESULTS)
    if (options.json === true) printJson({ ...report, results })
    else {
      process.stdout.write(`${formatReport(report)}\n\n${results.map(formatClassification).join('\n\n')}\n\n`)
      process.stdout.write('Next: npm start, then npm run classify -- FILE, npm run export -- --format csv\n')
    }
    if (report.failures.length > 0) say(formatFailures(report))
    if (signal.aborted) return EXIT_INTERRUPTED
    return report.failed > 0 ? EXIT_FAILED : EXIT_OK
  } finally {
    await stack.stop()
  }
}
