/** The part of the queue's report about invocations that do not go on by themselves: paused ones, and those of a removed deployment. */
import type { z } from 'zod'
import { joinLines } from '../../lib/visible-text.ts'
import type { ClockReport } from '../waiting/clocks.ts'
import type { PausedInvocation } from './paused.ts'
import { cleanReason, formatQueue, type orphanedRowSchema, type QueueReport } from './queue-report.ts'
import { runOfKey } from './run-invocations.ts'

/** What `queue --json` shows beside the backlog. The property names must not change because scripts use them. */
export interface HeldReport {
  /** Invocations that Restate does not try again until somebody resumes them, which `resume` does. */
  readonly paused: readonly HeldInvocation[]
  /** Invocations of a deployment that Restate does not know any more, which only `kill --force` ends. */
  readonly orphaned: readonly (Omit<HeldInvocation, 'reason'> & { readonly deployment: string })[]
  /** How many seconds each clock is ahead of the database's; negative where it is behind. */
  readonly clocks: readonly ClockReport[]
  /** What should be looked at, such as clocks that are apart, each as a sentence. */
  readonly warnings: readonly string[]
}

export interface HeldInvocation {
  readonly id: string
  readonly service: string
  readonly handler: string
  /** The run of a batch whose key names one. */
  readonly run_id: string | null
  readonly reason: string | null
}

/** The paused invocations of a report, with the run of a batch where its key names one. */
export function pausedOf(paused: readonly PausedInvocation[]): HeldReport['paused'] {
  return paused.map(({ id, service, handler, idempotency_key: key, reason }) => {
    return {
      id,
      service,
      handler,
      run_id: runOfKey(key ?? ''),
      reason: reason === undefined ? null : cleanReason(reason),
    }
  })
}

export function orphanedOf(orphaned: readonly z.infer<typeof orphanedRowSchema>[]): HeldReport['orphaned'] {
  return orphaned.map(({ id, service, handler, idempotency_key: key, deployment }) => {
    return { id, service, handler, run_id: runOfKey(key ?? ''), deployment }
  })
}

/** The whole report for people. */
export function formatWholeQueue(report: QueueReport & HeldReport): string {
  const held = formatHeld(report)
  return [formatQueue(report), ...(held.length === 0 ? [] : [joinLines(held)])].join('\n')
}

/** The lines of the report for people; each kind ends with the commands that help, one a run or an invocation. */
export function formatHeld({ paused, orphaned, warnings }: HeldReport): readonly string[] {
  const lines = warnings.map((warning) => `Warning: ${warning}`)
  if (paused.length > 0) {
    lines.push('Paused, until somebody resumes them:')
    for (const { id, service, handler, reason } of paused) {
      lines.push(`  ${id}  ${service}/${handler}${reason === null ? '' : `: ${reason}`}`)
    }
    lines.push(...commandsOf(paused).map((one) => `  npm run resume -- ${one}`))
  }
  if (orphaned.length > 0) {
    lines.push('Of a deployment that was removed, so that no replica takes them on and only kill --force ends them:')
    for (const { id, service, handler, deployment } of orphaned) {
      lines.push(`  ${id}  ${service}/${handler} of ${deployment}`)
    }
    lines.push(...commandsOf(orphaned).map((one) => `  npm run kill -- ${one} --force`))
  }
  return lines
}

/** What the command is given for each: the run, which stands for its batches and their chunks, else the invocation. */
function commandsOf(
  held: readonly { readonly id: string; readonly run_id: string | null; readonly handler: string }[],
) {
  const batches = held.filter(({ handler }) => handler !== 'chunk')
  // Chunks of a batch that is held as well go with it; else they stand for themselves.
  return [...new Set((batches.length > 0 ? batches : held).map(({ id, run_id: run }) => run ?? id))]
}
