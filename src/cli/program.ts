/** All commands of the command line with their options, in the form that the library commander needs; nothing runs here. */
import { Command } from 'commander'
import { addCertifyCommand } from './certify/certify.ts'
import { addClassifyCommand } from './classify/classify.ts'
import {
  addAllInOneCommand,
  addClusterCleanCommand,
  addClusterLogsCommand,
  addClusterPsCommand,
  addClusterStartCommand,
  addClusterStopCommand,
  addFiveNodeCommand,
} from './cluster/commands.ts'
import { addCodebookCommand } from './codebook/codebook.ts'
import { addConsoleCommand } from './console/console.ts'
import { addMigrateCommand } from './database/migrate.ts'
import { addEvalCommand } from './eval/eval.ts'
import { addInspectCommand } from './inspect/inspect.ts'
import { addClusterRepairCommand } from './nodes/repair.ts'
import { addPurgeCommand } from './purge/purge.ts'
import { addKillCommand } from './queue/kill.ts'
import { addQueueCommand } from './queue/queue.ts'
import { addResumeCommand } from './queue/resume.ts'
import { addExportCommand } from './results/export.ts'
import { addStatusCommand } from './results/status.ts'
import { addReviewCommand } from './review/review.ts'
import { addRunsCommand } from './runs/runs.ts'
import { addPauseCommand, addStopCommand } from './runs/want.ts'
import { addDemoCommand } from './start/demo.ts'
import { addStartCommand } from './start/start.ts'
import { showUsageError } from './ui/option-values.ts'

/** Builds the program with all commands. A test compares these commands and their options with docs/commands.md. */
export function createProgram(): Command {
  const program = new Command('classify')
    .description('Classify catalogues of economic indicators with a language model, durably and within the rate limit')
    .exitOverride()
    .showHelpAfterError('(--help lists the options)')
    // Commands take this setting from the program that they are added to.
    .configureOutput({ outputError: (message, write) => write(showUsageError(message)) })
  for (const add of [
    addStartCommand,
    addDemoCommand,
    addConsoleCommand,
    addInspectCommand,
    addClassifyCommand,
    addRunsCommand,
    addPauseCommand,
    addResumeCommand,
    addStopCommand,
    addStatusCommand,
    addExportCommand,
    addReviewCommand,
    addCertifyCommand,
    addEvalCommand,
    addCodebookCommand,
    addMigrateCommand,
    addQueueCommand,
    addKillCommand,
    addPurgeCommand,
    addFiveNodeCommand,
    addClusterStartCommand,
    addClusterStopCommand,
    addClusterCleanCommand,
    addClusterPsCommand,
    addClusterRepairCommand,
    addClusterLogsCommand,
    // The command all-in-one is added after classify, because all-in-one copies the options of classify.
    addAllInOneCommand,
  ]) {
    add(program)
  }
  for (const command of program.commands.flatMap((added) => [added, ...added.commands])) {
    command.exitOverride().showHelpAfterError('(--help lists the options)')
  }
  return program
}
