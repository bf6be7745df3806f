/** Child processes of the embedded stack: started in a group of their own, kept alive, stopped in peace. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { messageOf, ServiceError } from '../errors.ts'
import { recordProcess } from './leftovers.ts'

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Where and under which name the process is written down, so that a later start finds it. */
  readonly record: { readonly dataDir: string; readonly name: string; readonly mark: string }
  /** What the child prints is appended here. */
  readonly logFile: string
  /** With a channel the child learns of our death, even by SIGKILL. For our own Node processes only. */
  readonly withChannel: boolean
  /** Aborted: a stop ends the process by SIGKILL, at once. */
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
  /** SIGTERM, then SIGKILL after `timeoutMs` or when `kill` is aborted. Resolves when the process is gone. */
  stop(timeoutMs: number): Promise<Exit>
  /** "Its last words, from FILE: …": the end of what this process, and no earlier one, has printed. */
  lastWords(): string
}

const LAST_LINES = 5
const MAX_LAST_WORDS = 2_000

/**
 * Starts a process that a signal to our own group does not reach: Ctrl+C in a terminal goes to the whole group, and the
 * stack must be stopped in order, not all at once. A file takes its output, so that it outlives a broken pipe.
 * Rejects with embedded-failed, and has then left no process.
 */
export async function startProcess(command: Command): Promise<RunningProcess> {
  const { record, logFile } = command
  const { child, logStart } = await spawnInto(command).catch((error: unknown) => {
    const message = `The ${record.name} could not be started (${command.file}): ${messageOf(error)}`
    throw new ServiceError('embedded-failed', message, { cause: error })
  })
  // A signal that could not be sent: whether the process still runs is what `exited` says.
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
    throw new ServiceError('embedded-failed', `The ${record.name} could not be written down: ${messageOf(error)}`)
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
    lastWords: () => {
      const words = endOf(logFile, logStart)
      return words === '' ? `It said nothing; its log is ${logFile}` : `Its last words, from ${logFile}:\n${words}`
    },
  }
}

async function spawnInto(command: Command): Promise<{ readonly child: ChildProcess; readonly logStart: number }> {
  const log = openSync(command.logFile, 'a', 0o600)
  try {
    const logStart = fstatSync(log).size
    const child = spawn(command.file, command.args, {
      env: command.env,
      detached: true,
      stdio: command.withChannel ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
    })
    await once(child, 'spawn')
    return { child, logStart }
  } finally {
    closeSync(log)
  }
}

function endOf(file: string, start: number): string {
  try {
    const lines = readFileSync(file).subarray(start).toString('utf8').trimEnd().split('\n')
    return lines.slice(-LAST_LINES).join('\n').slice(-MAX_LAST_WORDS)
  } catch {
    return ''
  }
}
