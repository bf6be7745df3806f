/** Starts the driver of a run as a process of its own, apart from the terminal, whose output goes to a file in DATA_DIR. */
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makeDataDir } from '../../embedded/data-dir.ts'
import { ServiceError } from '../../errors.ts'
import { EXIT_FAILED, say } from '../ui/terminal.ts'

/** What a detached driver tells the process that started it. */
const begunSchema = z.object({ run_id: z.string() })

/** Tells the process that started this one by `startDetached`, if any, that the run has begun. */
export function announceRun(runId: string): void {
  if (process.connected) process.send?.({ run_id: runId } satisfies z.infer<typeof begunSchema>)
}

export interface DetachedRun {
  readonly runId: string
  readonly pid: number
  /** The file that takes what the driver says. */
  readonly log: string
}

/** The name of the file in DATA_DIR/runs that takes what a detached driver of a run says. */
export function detachedLogName(runId: string): string {
  return `${runId}.log`
}

/**
 * Starts this command again without --detach, and resolves when its run has begun. Resolves with the exit code where the command
 * ended before that; what it said is then said here. An abort of `signal` ends the command.
 */
export async function startDetached(
  dataDir: string,
  options: { readonly readsInput: boolean; readonly signal: AbortSignal },
): Promise<DetachedRun | number> {
  const { readsInput, signal } = options
  const folder = await makeDataDir(dataDir, 'runs')
  const starting = join(folder, `starting-${randomBytes(4).toString('hex')}.log`)
  const log = await open(starting, 'wx', 0o600)
  try {
    const args = process.argv.slice(1).filter((arg) => arg !== '--detach')
    const child = spawn(process.execPath, [...process.execArgv, ...args], {
      detached: true,
      stdio: [readsInput ? 'inherit' : 'ignore', log.fd, log.fd, 'ipc'],
    })
    const begun = await hasBegun(child, signal)
    if (begun === undefined || child.pid === undefined) return await explainEnd(child, starting)
    const named = join(folder, detachedLogName(begun))
    await rename(starting, named)
    child.disconnect()
    child.unref()
    return { runId: begun, pid: child.pid, log: named }
  } catch (error) {
    await rm(starting, { force: true })
    throw error
  } finally {
    await log.close()
  }
}

/** Resolves with the id of the run, or with undefined where the process ended before its run began. */
async function hasBegun(child: ChildProcess, signal: AbortSignal): Promise<string | undefined> {
  const endChild = () => void child.kill('SIGTERM')
  signal.addEventListener('abort', endChild, { once: true })
  const settled = new AbortController()
  try {
    const message = once(child, 'message', { signal: settled.signal }).then(([body]) => begunSchema.parse(body).run_id)
    const exit = once(child, 'exit', { signal: settled.signal }).then(() => undefined)
    message.catch(() => undefined)
    exit.catch(() => undefined)
    return await Promise.race([message, exit])
  } catch (error) {
    throw new ServiceError('input-invalid', 'The run could not be started apart from the terminal', { cause: error })
  } finally {
    settled.abort()
    signal.removeEventListener('abort', endChild)
  }
}

async function explainEnd(child: ChildProcess, log: string): Promise<number> {
  const text = await readFile(log, 'utf8')
  await rm(log, { force: true })
  for (const line of text.split('\n')) if (line !== '') say(line)
  return child.exitCode ?? EXIT_FAILED
}
