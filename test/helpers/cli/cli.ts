/** Runs a command of the command line as a process of its own, and gives its exit code and both outputs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from '../child-environment.ts'
import { readyCli } from './ready-cli.ts'

const MAIN = fileURLToPath(new URL('../../../src/cli/classify.cjs', import.meta.url))

export interface CliResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunningCli {
  readonly child: ChildProcess
  readonly result: Promise<CliResult>
  /** The text of stderr so far. */
  said(): string
  /** Resolves when stderr holds `text`; rejects when the process ends without it. */
  untilSaid(text: string | RegExp): Promise<void>
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  /** Whether standard input stays open, as on a terminal. */
  readonly holdsInput?: boolean
  readonly cwd?: string
  /** Takes the length of each part of stdout, which is then not kept. */
  readonly onOutput?: (bytes: number) => void
  /** Whether it runs in a process group of its own, so that a signal can go to the group. */
  readonly detached?: boolean
}

export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const child = spawn(process.execPath, [MAIN, ...args], {
    // The program chooses its own folder for compiled modules.
    env: childEnvironment({ NODE_COMPILE_CACHE: undefined, ...options.env }),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: options.detached ?? false,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  child.stdin.on('error', () => undefined)
  if (options.holdsInput === true) child.stdin.write(options.input ?? '')
  else child.stdin.end(options.input ?? '')
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  const { onOutput } = options
  if (onOutput !== undefined) child.stdout.on('data', (part: Buffer) => onOutput(part.length))
  else {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
  }
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    for (const watcher of watchers) watcher()
  })
  const result = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return {
    child,
    result,
    said: () => stderr,
    untilSaid: (text) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (typeof text === 'string' ? !stderr.includes(text) : !text.test(stderr)) return
          watchers.delete(check)
          resolve()
        }
        watchers.add(check)
        check()
        void result.then(() => reject(new Error(`the command ended without saying ${text}:\n${stderr}`)))
      }),
  }
}

interface RunOptions extends Pick<CliOptions, 'env' | 'input' | 'cwd'> {
  /**
   * Whether the command is a process of its own, as it always is for people: for tests of what such a process does beside the
   * command, as of its end, of variables that Node.js or a library reads once, or of its memory.
   */
  readonly ownProcess?: boolean
}

/**
 * Runs a command to its end: in a process that runs all commands of this test file, one after another, since loading their modules
 * takes more CPU time than most commands do. One that begins while another runs is a process of its own.
 */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<CliResult> {
  const { env, input = '', cwd = process.cwd(), ownProcess = false } = options
  const ready = ownProcess ? undefined : readyCli()
  if (ready === undefined) return await startCli(args, options).result
  return await ready.run({ args, env: childEnvironment(env), input, cwd })
}
