/** `start`: the embedded stack in the foreground. */
import type { Command } from 'commander'
import { type Config, readConfig } from '../../config/config.ts'
import { type Stack, startStack } from '../../embedded/stack.ts'
import { aborted, createCliLog, EXIT_OK, isInterrupted, say, underInterrupts } from '../ui/terminal.ts'

export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('Run the whole service on this machine in the foreground; Ctrl+C stops it')
    .action(async () => {
      const config = readConfig()
      await underInterrupts(
        () => say('Stopping … Press Ctrl+C again to kill what does not end.'),
        async ({ first, second }) => {
          let stack: Stack
          try {
            stack = await startStack({ config, log: createCliLog(config), say, signal: first, kill: second })
          } catch (error) {
            if (!isInterrupted(error)) throw error
            return say('Stopped before it had started.')
          }
          say(describeStack(stack, config))
          await aborted(first)
          await stack.stop()
          say('Stopped. The data stays.')
        },
      )
      process.exitCode = EXIT_OK
    })
}

/** Nobody must take the offline model's answers for a real model's. */
export function describeModel(stack: Pick<Stack, 'offlineModelUrl'>, { offlineModel }: Config): string {
  if (stack.offlineModelUrl === null) return 'the endpoint that OPENAI_* names'
  const { from, noise } = offlineModel.answers
  const whose = { rules: "the rules' guesses", gold: 'labels of a gold file', hostile: 'hostile' }[from]
  return `offline (${stack.offlineModelUrl}): its answers are ${whose}${noise > 0 ? ', some made wrong' : ''}, not a model's, and its costs what gpt-6-luna would cost. Set OPENAI_API_KEY for a real one`
}

function describeStack(stack: Stack, config: Config): string {
  return [
    'The classify service is ready:',
    `  Restate ingress  ${stack.ingressUrl}`,
    `  Restate admin    ${stack.adminUrl}`,
    `  health, metrics  ${stack.replicaUrl}/classify-api/health, ${stack.replicaUrl}/metrics`,
    `  model            ${describeModel(stack, config)}`,
    `  database         address in ${stack.stateFile} (database_url)`,
    `  logs             ${stack.logsDir}`,
    `  processes        ${Object.entries(stack.pids())
      .map(([name, pid]) => `${name} ${pid}`)
      .join(', ')}`,
    'Classify a catalogue from another terminal: npm run classify -- FILE',
  ].join('\n')
}
