/** Runs commands of the command line in one process, which loads their modules once and not for each of them. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { childEnvironment } from '../child-environment.ts'
import type { CliResult } from './cli.ts'

const PROCESS = fileURLToPath(new URL('ready-cli-process.cjs', import.meta.url))

export interface CommandToRun {
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly input: string
  readonly cwd: string
  /** A text that no command writes, by which the end of its outputs is known. */
  readonly mark: string
}

interface ReadyCli {
  /** Whether no command runs. */
  readonly isIdle: boolean
  run(command: Omit<CommandToRun, 'mark'>): Promise<CliResult>
}

let ready: ReadyCli | undefined

/** The process of this test file; undefined while it runs a command. It ends with the test file. */
export function readyCli(): ReadyCli | undefined {
  ready ??= start()
  return ready.isIdle ? ready : undefined
}

function start(): ReadyCli {
  const child = spawn(process.execPath, [PROCESS], {
    env: childEnvironment({ NODE_COMPILE_CACHE: undefined }),
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const mark = `\0${crypto.randomUUID()}\0`
  let [stdout, stderr] = ['', '']
  let settle: { resolve(result: CliResult): void; reject(error: Error): void } | undefined
  const look = () => {
    if (!stdout.endsWith(mark) || !stderr.endsWith(mark)) return
    const [text = '', code, behind] = stdout.split(mark)
    if (behind === undefined) return
    end({ code: Number(code), signal: null, stdout: text, stderr: stderr.slice(0, -mark.length) })
  }
  const end = (result: CliResult) => {
    holdOpen(child, false)
    settle?.resolve(result)
    settle = undefined
  }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    look()
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    look()
  })
  child.once('error', (error) => settle?.reject(error))
  // A command that ends its process has its result too; the next command gets another process.
  child.once('close', (code, signal) => {
    ready = undefined
    end({ code, signal, stdout, stderr })
  })
  holdOpen(child, false)
  return {
    get isIdle() {
      return settle === undefined
    },
    run: (command) =>
      new Promise((resolve, reject) => {
        settle = { resolve, reject }
        ;[stdout, stderr] = ['', '']
        holdOpen(child, true)
        child.send({ ...command, mark } satisfies CommandToRun)
      }),
  }
}

/** Whether this process goes on for as long as the child does. */
function holdOpen(child: ChildProcess, isHeld: boolean): void {
  for (const part of [child, child.channel, child.stdout as Socket | null, child.stderr as Socket | null]) {
    if (isHeld) part?.ref()
    else part?.unref()
  }
}
