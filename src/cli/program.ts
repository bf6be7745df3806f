/** All commands of the command line with their options, in the form that the library commander needs; nothing runs here. */
import { Command } from 'commander'
import { showUsageError } from './ui/option-values.ts'

type AddCommand = (program: Command) => void

/**
 * The commands by their names, in the order of the help. The module of a command is loaded only where it is needed, because all of
 * them together take longer to load than most commands take to run.
 */
const COMMANDS: ReadonlyMap<string, () => Promise<AddCommand>> = new Map([
  ['start', async () => (await import('./start/start.ts')).addStartCommand],
  ['demo', async () => (await import('./start/demo.ts')).addDemoCommand],
  ['console', async () => (await import('./console/console.ts')).addConsoleCommand],
  ['inspect', async () => (await import('./inspect/inspect.ts')).addInspectCommand],
  ['classify', async () => (await import('./classify/classify.ts')).addClassifyCommand],
  ['runs', async () => (await import('./runs/runs.ts')).addRunsCommand],
  ['pause', async () => (await import('./runs/want.ts')).addPauseCommand],
  ['resume', async () => (await import('./queue/resume.ts')).addResumeCommand],
  ['stop', async () => (await import('./runs/want.ts')).addStopCommand],
  ['status', async () => (await import('./results/status.ts')).addStatusCommand],
  ['export', async () => (await import('./results/export.ts')).addExportCommand],
  ['review', async () => (await import('./review/review.ts')).addReviewCommand],
  ['certify', async () => (await import('./certify/certify.ts')).addCertifyCommand],
  ['eval', async () => (await import('./eval/eval.ts')).addEvalCommand],
  ['codebook', async () => (await import('./codebook/codebook.ts')).addCodebookCommand],
  ['migrate', async () => (await import('./database/migrate.ts')).addMigrateCommand],
  ['move', async () => (await import('./database/move.ts')).addMoveCommand],
  ['backup', async () => (await import('./backup/commands.ts')).addBackupCommand],
  ['restore', async () => (await import('./backup/commands.ts')).addRestoreCommand],
  ['queue', async () => (await import('./queue/queue.ts')).addQueueCommand],
  ['kill', async () => (await import('./queue/kill.ts')).addKillCommand],
  ['purge', async () => (await import('./purge/purge.ts')).addPurgeCommand],
  ['cluster:5node', async () => (await import('./cluster/five-node.ts')).addFiveNodeCommand],
  ['cluster:start', async () => (await import('./cluster/start.ts')).addClusterStartCommand],
  ['cluster:stop', async () => (await import('./cluster/stop.ts')).addClusterStopCommand],
  ['cluster:clean', async () => (await import('./cluster/clean.ts')).addClusterCleanCommand],
  ['cluster:ps', async () => (await import('./cluster/ps.ts')).addClusterPsCommand],
  ['cluster:repair', async () => (await import('./nodes/repair.ts')).addClusterRepairCommand],
  ['cluster:logs', async () => (await import('./cluster/logs.ts')).addClusterLogsCommand],
  ['kubernetes:secrets', async () => (await import('./kubernetes/secrets.ts')).addKubernetesSecretsCommand],
  ['all-in-one', async () => (await import('./cluster/all-in-one.ts')).addAllInOneCommand],
])

/** The command all-in-one copies the options of classify, which is therefore added before it. */
const NEEDED_FIRST: ReadonlyMap<string, string> = new Map([['all-in-one', 'classify']])

/**
 * Builds the program with the command `name` alone, or with all commands where there is none of this name, as for the help and for
 * a name that is mistyped. A test compares the commands and their options with docs/commands.md.
 */
export async function createProgram(name = ''): Promise<Command> {
  const program = new Command('classify')
    .description('Classify catalogues of economic indicators with a language model, durably and within the rate limit')
    .exitOverride()
    .showHelpAfterError('(--help lists the options)')
    // Commands take this setting from the program that they are added to.
    .configureOutput({ outputError: (message, write) => write(showUsageError(message)) })
  const wanted = COMMANDS.has(name) ? [NEEDED_FIRST.get(name), name] : [...COMMANDS.keys()]
  for (const load of wanted.flatMap((one) => COMMANDS.get(one ?? '') ?? [])) {
    const add = await load()
    add(program)
  }
  for (const command of program.commands.flatMap((added) => [added, ...added.commands])) {
    command.exitOverride().showHelpAfterError('(--help lists the options)')
  }
  return program
}
