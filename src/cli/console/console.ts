/** The command `console`: runs the page where people look, judge and decide, beside a service that runs already. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { type Config, readConfig } from '../../config/config.ts'
import { readEnvironment } from '../../config/environment.ts'
import { readStackState } from '../../embedded/state.ts'
import { ServiceError } from '../../errors.ts'
import { isRecord } from '../../lib/json/json.ts'
import { CONSOLE_NODE_OPTIONS } from '../../lib/network/console-link.ts'
import { databaseUrlFile } from '../cluster/secrets.ts'
import { isExistingFile } from '../ui/output-file.ts'
import { aborted, EXIT_FAILED, EXIT_OK, say, underInterrupts } from '../ui/terminal.ts'

const MAIN = fileURLToPath(new URL('../../console/main.ts', import.meta.url))

export function addConsoleCommand(program: Command): void {
  program
    .command('console')
    .description('Show runs, results, reviews and accuracy in a browser, in the foreground until Ctrl+C')
    .action(async () => {
      const config = readConfig()
      const variables = await databaseVariables(config)
      const code = await underInterrupts(
        () => say('Stopping …'),
        async ({ first, second }) => {
          const child = spawn(process.execPath, [...CONSOLE_NODE_OPTIONS, MAIN], {
            env: { ...readEnvironment(), ...variables, LOG_LEVEL: config.logLevel ?? 'warn' },
            stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
            detached: true,
          })
          child.on('message', (told) => {
            if (isRecord(told) && typeof told.link === 'string')
              for (const line of describeConsole(told.link)) say(line)
          })
          return await untilEnd(child, first, second)
        },
      )
      process.exitCode = code
    })
}

/** Tells a person how the console is opened. */
export function describeConsole(link: string): string[] {
  return [`The console is ready: open ${link}`, 'The link opens it signed in, so that it is as secret as a password.']
}

async function untilEnd(child: ChildProcess, first: AbortSignal, second: AbortSignal): Promise<number> {
  const exit = once(child, 'exit')
  void aborted(first).then(() => child.kill('SIGTERM'))
  void aborted(second).then(() => child.kill('SIGKILL'))
  const [code] = await exit
  if (first.aborted) return EXIT_OK
  return typeof code === 'number' ? code : EXIT_FAILED
}

/** How the console finds the database: as it is configured, else that of the stack or of the cluster that runs here. */
async function databaseVariables(config: Config): Promise<Readonly<Record<string, string>>> {
  if (config.database.connection !== null) return {}
  const stack = await readStackState(config.dataDir)
  if (stack !== undefined) return { DATABASE_URL: stack.database_url }
  const file = databaseUrlFile(config)
  if (await isExistingFile(file)) return { DATABASE_URL_FILE: file }
  const advice = 'start it with npm start, which brings the console along, or set DATABASE_URL or POSTGRES_HOST'
  throw new ServiceError('config-invalid', `No service runs in ${config.dataDir}: ${advice}`)
}
