/** Takes runs on that people started in the console and whose drivers ended with its container or with the machine. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { messageOf } from '../errors.ts'
import { runStateOf } from '../lib/run-states.ts'
import type { Store } from '../store/types.ts'
import { type CommandRunner, commandFault, DRIVEN_RUN } from './commands.ts'
import type { Uploads } from './uploads.ts'

export interface LeftRunsOptions {
  readonly uploads: Pick<Uploads, 'listStarted'>
  readonly store: Pick<Store, 'findRun'>
  readonly commands: CommandRunner
  readonly log: Logger
  /** Milliseconds before the look. */
  readonly afterMs?: number
  /** Aborts when the console ends. */
  readonly signal: AbortSignal
}

/** The lease of a driver that ended together with the console has run out by then. */
const LEASES_OVER_MS = 15_000
const BEGIN_MS = 15 * 60_000

/**
 * Looks once, after the leases of drivers that died have run out. A run that ended in order, or that somebody drives, stays as it is,
 * and so does one that was to stop. Never rejects.
 */
export async function takeLeftRuns(options: LeftRunsOptions): Promise<void> {
  const { uploads, store, commands, log, signal, afterMs = LEASES_OVER_MS } = options
  try {
    await sleep(afterMs, undefined, { signal, ref: false })
    for (const { runId } of await uploads.listStarted()) {
      if (signal.aborted) return
      const run = runId === null || !DRIVEN_RUN.test(runId) ? undefined : await store.findRun(runId)
      if (run === undefined || runStateOf(run) !== 'abandoned' || run.wanted === 'stopped') continue
      const result = await commands.run(['classify', '--resume', run.runId, '--detach'], { timeoutMs: BEGIN_MS })
      if (result.code === 0)
        log.info({ run: run.runId }, 'A run goes on whose driver had ended with the console before')
      else log.warn({ run: run.runId, reason: messageOf(commandFault(result)) }, 'A run cannot be taken on')
    }
  } catch (error) {
    if (!signal.aborted)
      log.warn({ reason: messageOf(error) }, 'Runs that an earlier console has left were not looked at')
  }
}
