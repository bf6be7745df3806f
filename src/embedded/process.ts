/** Child processes of the embedded stack: started in a process group of their own, recorded on disk, and stopped. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fchmodSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { messageOf, ServiceError } from '../errors.ts'
import { recordProcess } from './leftovers.ts'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The record on disk by which a later start finds the process; `recordProcess` explains its parts. */
  readonly record: { readonly dataDir: string; readonly name: string; readonly mark: string }
  /** The output of the child is appended to this file. */
  readonly logFile: string
  /**
   * Whether the child gets an IPC channel, whose end tells a Node.js child that this process has died, even by SIGKILL.
   */
  readonly withChannel: boolean
  /** When this signal aborts, a stop that is under way ends its process by SIGKILL at once. */
  readonly kill: AbortSignal
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface RunningProcess {
  readonly pid: number
  /** Resolves when the process is gone, however it ended. */
  readonly exited: Promise<Exit>
  /** Sends SIGTERM, then SIGKILL after `timeoutMs` or when `kill` aborts. Resolves when the process is gone. */
  stop(timeoutMs: number): Promise<Exit>
  /** Sends SIGKILL to the process and its children, which also ends what is frozen. */
  kill(): void
  /** A sentence with the last lines that this process printed, for messages about a failed start. */
  describeOutput(): string
  /** The last lines that this process printed; "" where it printed nothing. */
  output(): string
}

const MAX_LINES = 5
const MAX_OUTPUT_CHARACTERS = 2_000

/**
 * Starts a process in a process group of its own, so that Ctrl+C in a terminal, which goes to this process's whole
 * group, does not reach it: the stack stops its parts in order. The output goes to a file, so that a broken pipe does
 * not end the process. Rejects with `ServiceError` embedded-failed, and then leaves no process.
 */
export async function startProcess(command: Command): Promise<RunningProcess> {
  const { record, logFile } = command
  const { child, logStart } = await spawnWithLog(command).catch((error: unknown) => {
    const message = `The ${record.name} could not be started (${command.file}): ${messageOf(error)}`
    throw new ServiceError('embedded-failed', message, { cause: error })
  })
  // The listener keeps a signal that could not be sent from throwing; `exited` says whether the child still runs.
  child.on('error', () => undefined)
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  const pid = child.pid ?? -1
  try {
    await recordProcess(record.dataDir, record.name, pid, record.mark)
  } catch (error) {
    child.kill('SIGKILL')
    await exited
    throw new ServiceError('embedded-failed', `The ${record.name} could not be recorded: ${messageOf(error)}`)
  }
  return {
    pid,
    exited,
    stop: async (timeoutMs) => {
      const killNow = () => child.kill('SIGKILL')
      child.kill(command.kill.aborted ? 'SIGKILL' : 'SIGTERM')
      command.kill.addEventListener('abort', killNow, { once: true })
      const timer = setTimeout(killNow, timeoutMs)
      try {
        return await exited
      } finally {
        clearTimeout(timer)
        command.kill.removeEventListener('abort', killNow)
      }
    },
    kill: () => killGroup(pid),
    output: () => readEnd(logFile, logStart),
    describeOutput: () => {
      const output = readEnd(logFile, logStart)
      return output === ''
        ? `It printed nothing; its log is ${logFile}`
        : `Its last output, from ${logFile}:\n${output}`
    },
  }
}

/** Kills the process group that `leader` leads; one that is gone already is no error. */
export function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL')
  } catch {
    // The group has ended meanwhile.
  }
}

/** Starts the child with its output appended to the log. `logStart` is the size in bytes that the log had before. */
async function spawnWithLog(command: Command): Promise<{ readonly child: ChildProcess; readonly logStart: number }> {
  const log = openSync(command.logFile, 'a', 0o600)
  try {
    fchmodSync(log, 0o600)
    const logStart = fstatSync(log).size
    const child = withPrivateUmask(() =>
      spawn(command.file, command.args, {
        env: command.env,
        detached: true,
        stdio: command.withChannel ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
      }),
    )
    await once(child, 'spawn')
    return { child, logStart }
  } finally {
    closeSync(log)
  }
}

/** Starts a child that inherits a umask by which only the owner may read the files that it makes. */
function withPrivateUmask<T>(start: () => T): T {
  const before = process.umask(0o077)
  try {
    return start()
  } finally {
    process.umask(before)
  }
}

/** The last lines of `file` after the first `start` bytes, which earlier processes wrote; '' where the file cannot be read. */
function readEnd(file: string, start: number): string {
  try {
    const lines = readFileSync(file).subarray(start).toString('utf8').trimEnd().split('\n')
    return lines.slice(-MAX_LINES).join('\n').slice(-MAX_OUTPUT_CHARACTERS)
  } catch {
    return ''
  }
}
