/** Processes that are known by their number alone. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const POLL_MS = 50

export interface ProcessDescription {
  /** Command line, its parts joined by spaces; empty where the system does not tell. */
  readonly command: string
  readonly parent: number
  /** It has ended, and only waits for its parent to notice. */
  readonly isZombie: boolean
}

/** What the system tells of `pid`: from /proc on Linux, else from ps. Undefined where it is gone. */
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
  // Without -ww a long command line is cut, and with it the mark that we look for.
  const args = ['-ww', '-o', 'ppid=', '-o', 'stat=', '-o', 'command=', '-p', String(pid)]
  return parsePs((await promisify(execFile)('ps', args)).stdout)
}

/** Exported for its test. */
export function parsePs(stdout: string): ProcessDescription | undefined {
  const [, parent, state = '', command = ''] = /^\s*(\d+)\s+(\S+)\s*(.*)/.exec(stdout) ?? []
  return parent === undefined ? undefined : { command, parent: Number(parent), isZombie: state.startsWith('Z') }
}

/** Whether `pid` runs. One that has ended and only waits for its parent to notice does not. */
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

/** Ends a process that an earlier, killed supervisor left behind. */
export async function endProcess(pid: number, timeoutMs: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal)
    } catch {
      return
    }
    const deadline = Date.now() + timeoutMs
    while (Date.now() < deadline) {
      if (!(await isRunning(pid))) return
      await sleep(POLL_MS)
    }
  }
}
