/**
 * A process that runs one command of the command line after another, as the process of a command does. `ready-cli.ts` starts it and
 * tells it what to run.
 */
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { prepareProcess, runCommand } from '../../../src/cli/run-command.ts'
import type { CommandToRun } from './ready-cli.ts'

const MAIN = fileURLToPath(new URL('../../../src/cli/classify.cjs', import.meta.url))

prepareProcess()
process.on('disconnect', () => process.exit())
process.on('message', (command: CommandToRun) => void run(command))

async function run({ args, env, input, cwd, mark }: CommandToRun): Promise<void> {
  process.chdir(cwd)
  for (const name of Object.keys(process.env)) if (env[name] === undefined) delete process.env[name]
  Object.assign(process.env, env)
  process.argv = [process.execPath, MAIN, ...args]
  process.exitCode = undefined
  Object.defineProperty(process, 'stdin', { value: Readable.from([Buffer.from(input)]), configurable: true })
  await runCommand()
  process.stderr.write(mark)
  process.stdout.write(`${mark}${process.exitCode ?? 0}${mark}`)
}
