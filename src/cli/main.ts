/** The program of the command line: gathers the commands, runs the one that was asked for, and turns errors into exit codes. */
import { Command, CommanderError } from 'commander'
import { loadDotEnv } from '../config/environment.ts'
import { findNearMisses } from '../config/near-misses.ts'
import { isServiceError, messageOf } from '../errors.ts'
import { addClassifyCommand } from './classify/classify.ts'
import { addAllInOneCommand } from './cluster/all-in-one.ts'
import {
  addClusterCleanCommand,
  addClusterLogsCommand,
  addClusterPsCommand,
  addClusterStartCommand,
  addClusterStopCommand,
  addFiveNodeCommand,
} from './cluster/commands.ts'
import { addMigrateCommand } from './database/migrate.ts'
import { addEvalCommand } from './eval/eval.ts'
import { addKillCommand } from './queue/kill.ts'
import { addQueueCommand } from './queue/queue.ts'
import { addExportCommand } from './results/export.ts'
import { addStatusCommand } from './results/status.ts'
import { addReviewCommand } from './review/review.ts'
import { addDemoCommand } from './start/demo.ts'
import { addStartCommand } from './start/start.ts'
import {
  EXIT_FAILED,
  EXIT_INTERRUPTED,
  EXIT_OK,
  EXIT_USAGE,
  endOnUncaughtErrors,
  handleOutputErrors,
  isInterrupted,
  say,
} from './ui/terminal.ts'

await main()

async function main(): Promise<void> {
  handleOutputErrors()
  endOnUncaughtErrors(reportError)
  const program = new Command('classify')
    .description('Classify catalogues of economic indicators with a language model, durably and within the rate limit')
    .exitOverride()
    .showHelpAfterError('(--help lists the options)')
  for (const add of [
    addStartCommand,
    addDemoCommand,
    addClassifyCommand,
    addStatusCommand,
    addExportCommand,
    addReviewCommand,
    addEvalCommand,
    addMigrateCommand,
    addQueueCommand,
    addKillCommand,
    addFiveNodeCommand,
    addClusterStartCommand,
    addClusterStopCommand,
    addClusterCleanCommand,
    addClusterPsCommand,
    addClusterLogsCommand,
    // It comes after classify, because it copies the options of that command.
    addAllInOneCommand,
  ]) {
    add(program)
  }
  for (const command of program.commands.flatMap((added) => [added, ...added.commands])) {
    command.exitOverride().showHelpAfterError('(--help lists the options)')
  }
  try {
    loadDotEnv()
    for (const line of findNearMisses()) say(`Warning: ${line}`)
    await program.parseAsync()
  } catch (error) {
    process.exitCode = reportError(error)
  }
}

/** Writes the sentence of an error, or the stack of a defect, and returns the exit code. */
function reportError(error: unknown): number {
  // commander has written its message already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_OK : EXIT_USAGE
  if (isServiceError(error)) {
    say(error.message)
    if (isInterrupted(error)) return EXIT_INTERRUPTED
    return error.code === 'input-invalid' || error.code === 'config-invalid' ? EXIT_USAGE : EXIT_FAILED
  }
  say(error instanceof Error && error.stack !== undefined ? error.stack : messageOf(error))
  return EXIT_FAILED
}
