/** The command `start`: runs the embedded stack, all parts of the service on this machine, in the foreground. */
import type { Command } from 'commander'
import { type Config, readConfig } from '../../config/config.ts'
import { type Stack, startStack } from '../../embedded/stack.ts'
import { OPENAI_API_URL } from '../../lib/network/http-url.ts'
import { addressHint } from '../client/address-hint.ts'
import { createCliLog } from '../ui/log.ts'
import { aborted, EXIT_OK, isInterrupted, say, underInterrupts } from '../ui/terminal.ts'

export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('Run the whole service on this machine, in the foreground until Ctrl+C')
    .action(async () => {
      const config = readConfig()
      await underInterrupts(
        () => say(STOPPING),
        async ({ first, second }) => {
          let stack: Stack
          try {
            stack = await startStack({
              config,
              log: createCliLog(config),
              say,
              signal: first,
              kill: second,
              withConsole: true,
            })
          } catch (error) {
            if (!isInterrupted(error)) throw error
            return say('Stopped before the service was ready.')
          }
          for (const line of describeStack(stack, config)) say(line)
          await aborted(first)
          await stack.stop()
          say('Stopped. The data is kept.')
        },
      )
      process.exitCode = EXIT_OK
    })
}

/** The message of a command that runs an embedded stack, printed at the first Ctrl+C. */
export const STOPPING = 'Stopping … Press Ctrl+C again to kill the parts that do not end.'

/**
 * Describes the model for people, with a warning about the offline model, whose answers do not come from a language
 * model.
 */
export function describeModel(stack: Pick<Stack, 'offlineModelUrl'>, { offlineModel, openai }: Config): string {
  if (stack.offlineModelUrl === null) {
    const { model, escalationModel, baseUrl = OPENAI_API_URL } = openai
    // Only the host is shown, because the address may hold a secret.
    const at = `${model} at ${new URL(baseUrl).host}`
    return escalationModel === undefined ? at : `${at}, and ${escalationModel} where the first answer is in doubt`
  }
  const { from, file, noise } = offlineModel.answers
  const origin = {
    rules: "the rules' guesses, and fillers where a codebook has no rules",
    gold: 'labels of a gold file',
    recorded: `recorded ones from ${file}`,
    hostile: 'hostile',
  }[from]
  const answers = `its answers are ${origin}${noise > 0 ? ', some made wrong' : ''}, not those of a live language model`
  const costs = 'its costs are what gpt-6-luna would cost'
  return `offline (${stack.offlineModelUrl}): ${answers}, and ${costs}. Set OPENAI_API_KEY to use a language model`
}

function describeStack(stack: Stack, config: Config): string[] {
  const hint = addressHint(config, { ingressUrls: [stack.ingressUrl], adminUrls: [stack.adminUrl] })
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
    ...(stack.consoleLink === null
      ? []
      : [
          'Look, review and start runs in a browser. The link opens it signed in, so keep it to yourself:',
          `  ${stack.consoleLink}`,
        ]),
    ...(hint === undefined ? [] : [`Other commands look elsewhere: set for them, in .env or before each, ${hint}`]),
    'Classify a catalogue from another terminal: npm run classify -- FILE',
  ]
}
