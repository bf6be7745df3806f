/** A PostgreSQL server that still runs on a data directory after the process that started it was killed. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { ServiceError } from '../errors.ts'
import { describeProcess, hasEndedWithin, isRunning } from './pids.ts'

/**
 * Stops the server that still runs on the directory `cluster` after the process that started it was killed. Rejects
 * with `ServiceError` embedded-failed where the parent of the server is alive and has the recorded pid `ownerPid`,
 * because the server is then in use, and where the server ends neither by SIGINT nor by SIGKILL within `timeoutMs`
 * each.
 */
export async function stopOrphan(
  cluster: string,
  ownerPid: number | undefined,
  timeoutMs: number,
  log: Logger,
): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid')
  const pid = Number.parseInt((await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0] ?? '', 10)
  if (!(pid > 1) || !(await isRunning(pid))) return
  const orphan = await describeProcess(pid)
  if (orphan === undefined || !orphan.command.includes('postgres') || !orphan.command.includes(cluster)) {
    // The process id in postmaster.pid belongs to another program by now. PostgreSQL would see that program alive and
    // refuse to start, so the file is removed.
    await rm(pidFile, { force: true })
    return
  }
  if (orphan.parent === ownerPid) {
    throw new ServiceError(
      'embedded-failed',
      `The database in ${cluster} is in use by process ${ownerPid}: stop that first`,
    )
  }
  log.warn({ pid, cluster }, 'Stopping a PostgreSQL that an earlier start left running')
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    if (await signalAndWait(pid, signal, timeoutMs)) return
  }
  throw new ServiceError(
    'embedded-failed',
    `The PostgreSQL with process ${pid} on ${cluster} does not end: stop it by hand`,
  )
}

async function signalAndWait(pid: number, signal: NodeJS.Signals, timeoutMs: number): Promise<boolean> {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(await isRunning(pid))) return true
    throw new ServiceError('embedded-failed', `The PostgreSQL with process ${pid} cannot be stopped`, { cause: error })
  }
  return await hasEndedWithin(timeoutMs, pid)
}
