/** Runs a command of the command line for the console, so that what people start here goes the same way as in a terminal. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { readEnvironment } from '../config/environment.ts'
import { ServiceError } from '../errors.ts'

const MAIN = fileURLToPath(new URL('../cli/classify.cjs', import.meta.url))
/** A command that prints more than this was not made for the console. */
const MAX_OUTPUT = 20_000_000
/** The form of the ids of runs that commands drive, by which no id is taken for an option. */
export const DRIVEN_RUN = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,99}$/
/** The last part of what a command says is what went wrong. */
const SHOWN_LINES = 8

export interface CommandResult {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly timeoutMs: number
  /** The folder that takes the files that the command writes. */
  readonly cwd?: string
}

export interface CommandRunner {
  run(args: readonly string[], options: CommandOptions): Promise<CommandResult>
}

/** A command reads the settings that this process has, and its files go to the same folder. */
export function createCommandRunner(dataDir: string): CommandRunner {
  return {
    run: async (args, { timeoutMs, cwd }) => {
      const child = spawn(process.execPath, [MAIN, ...args], {
        env: { ...readEnvironment(), DATA_DIR: dataDir },
        stdio: ['ignore', 'pipe', 'pipe'],
        timeout: timeoutMs,
        ...(cwd === undefined ? {} : { cwd }),
      })
      const read = (stream: NodeJS.ReadableStream) => {
        const parts: string[] = []
        let length = 0
        stream.setEncoding('utf8')
        stream.on('data', (text: string) => {
          length += text.length
          if (length <= MAX_OUTPUT) parts.push(text)
        })
        return () => parts.join('')
      }
      const [stdout, stderr] = [read(child.stdout), read(child.stderr)]
      const code = await new Promise<number | null>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', resolve)
      })
      return { code, stdout: stdout(), stderr: stderr() }
    },
  }
}

/** What a command said when it failed, for the person who asked for it. */
export function commandFault({ stderr, code }: CommandResult): ServiceError {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  const said = lines.slice(-SHOWN_LINES)
  return new ServiceError('input-invalid', said.length > 0 ? said : [`The command ended with ${code ?? 'a signal'}`])
}
