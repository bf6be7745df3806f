/** Processes that are known by their number alone: whether they run, what they are, and how they are ended. */
import { execFile } from 'node:child_process'
import { readFile, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'
import { retryFor } from '../lib/timing.ts'

const POLL_MS = 50

export interface ProcessDescription {
  /** The command line with its parts joined by spaces; empty where the system does not show it. */
  readonly command: string
  /** The number of the parent process. */
  readonly parent: number
  /** True where the process has ended and the system keeps its entry until the parent has read the exit code. */
  readonly isZombie: boolean
}

/** Describes `pid` by /proc on Linux and by the program `ps` elsewhere. Undefined where no such process exists. */
export async function describeProcess(pid: number): Promise<ProcessDescription | undefined> {
  try {
    return process.platform === 'linux' ? await readProc(pid) : await askPs(pid)
  } catch {
    return undefined
  }
}

async function readProc(pid: number): Promise<ProcessDescription> {
  const [command, status] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, 'utf8'),
    readFile(`/proc/${pid}/status`, 'utf8'),
  ])
  return {
    command: command.replaceAll('\0', ' ').trim(),
    parent: Number(/^PPid:\s*(\d+)/m.exec(status)?.[1]),
    isZombie: /^State:\s*Z/m.test(status),
  }
}

async function askPs(pid: number): Promise<ProcessDescription | undefined> {
  // Without -ww `ps` cuts a long command line off, and with it the mark by which `isOurProcess` knows a process.
  const args = ['-ww', '-o', 'ppid=', '-o', 'stat=', '-o', 'command=', '-p', String(pid)]
  return parsePs((await promisify(execFile)('ps', args)).stdout)
}

/** Reads the output of `ps -o ppid= -o stat= -o command=` for one process; undefined for an empty output. */
export function parsePs(stdout: string): ProcessDescription | undefined {
  const [, parent, state = '', command = ''] = /^\s*(\d+)\s+(\S+)\s*(.*)/.exec(stdout) ?? []
  return parent === undefined ? undefined : { command, parent: Number(parent), isZombie: state.startsWith('Z') }
}

/** Whether `pid` runs. A zombie does not run. */
export async function isRunning(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
  const found = await describeProcess(pid)
  return found?.isZombie !== true
}

/** Whether `pid` runs and its command line contains one of `marks`: a pid alone may belong to another program by now. */
export async function isOurProcess(pid: number, marks: readonly string[]): Promise<boolean> {
  const found = await describeProcess(pid)
  return found !== undefined && !found.isZombie && marks.some((mark) => found.command.includes(mark))
}

/**
 * Polls until `pid` has ended, because the system reports the end of a process to its parent alone. Resolves with false
 * after `timeoutMs`.
 */
export async function hasEndedWithin(timeoutMs: number, pid: number): Promise<boolean> {
  const hasEnded = await retryFor(async () => ((await isRunning(pid)) ? undefined : true), {
    delayMs: POLL_MS,
    patienceMs: timeoutMs,
    signal: new AbortController().signal,
  })
  return hasEnded === true
}

/** Ends `pid` by SIGTERM, and by SIGKILL after `timeoutMs`. A process that is gone already is no error. */
export async function endProcess(pid: number, timeoutMs: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    if (await hasEndedWithin(timeoutMs, pid)) return
  }
}

/**
 * The boot of this machine and the space in which its pids are counted, by which containers with one host name are told apart;
 * undefined where the system names neither.
 */
export async function readMachine(): Promise<string | undefined> {
  try {
    const [boot, pids] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readlink('/proc/self/ns/pid'),
    ])
    return `${boot.trim()} ${pids}`
  } catch {
    return undefined
  }
}

/** Whether the process surely has ended: it was of this machine, as `machine` says, and runs no more. */
export async function hasEndedHere({ machine, pid }: { readonly machine?: string | undefined; readonly pid: number }) {
  return machine !== undefined && machine === (await readMachine()) && !(await isRunning(pid))
}
