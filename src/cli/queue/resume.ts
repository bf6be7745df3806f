/** The command `resume RUN`: lets a run that was paused go on. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import { checkAnyRunId } from '../classify/run-id.ts'
import { INGRESS_HELP } from '../runs/runs.ts'
import { formatWant, wantOfRun } from '../runs/want.ts'
import { httpUrls } from '../ui/option-values.ts'
import { EXIT_FAILED, printJson, printText, say, underInterrupts } from '../ui/terminal.ts'

interface ResumeOptions {
  readonly json?: boolean
  readonly ingress?: readonly string[]
}

export function addResumeCommand(program: Command): void {
  program
    .command('resume')
    .description('Let a paused run go on')
    .argument('<run>', 'the id of a run, as npm run runs lists them')
    .option('--json', 'print exactly one JSON object on stdout')
    .option('--ingress <urls>', INGRESS_HELP, httpUrls)
    .action(async (run: string, options: ResumeOptions) => {
      checkAnyRunId(run)
      const urls = options.ingress ?? readConfig().restate.ingressUrls
      const report = await underInterrupts(
        () => say('Stopping …'),
        async ({ first: signal }) => await wantOfRun(urls, run, 'running', signal),
      )
      if (options.json === true) printJson(report)
      else printText(formatWant(report))
      if (report.driver === null) process.exitCode = EXIT_FAILED
    })
}
