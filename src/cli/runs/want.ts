/** The commands `pause` and `stop`, and what `resume` does for a run: they note what is wanted of a run, which its driver reads. */
import type { Command } from 'commander'
import { readConfig } from '../../config/config.ts'
import type { WantedState } from '../../lib/run-states.ts'
import { type DriveResponse, driveResponseSchema, type RunBody, runSchema } from '../../restate/contract.ts'
import { checkAnyRunId } from '../classify/run-id.ts'
import { createServiceClient } from '../client/service.ts'
import { httpUrls } from '../ui/option-values.ts'
import { EXIT_FAILED, printJson, printText, say, underInterrupts } from '../ui/terminal.ts'
import { describeHolder } from './hold.ts'
import { earlierRelease, INGRESS_HELP, PATIENCE_MS } from './runs.ts'

/** The output of `pause --json`, `stop --json` and `resume --json` of a run, whose property names must not change. */
export interface WantReport {
  readonly run_id: string
  readonly state: RunBody['state']
  readonly wanted: WantedState
  /** The most that the run may cost in US dollars; null where nobody has told a limit. */
  readonly max_cost_usd?: number | null
  /** The living process that reads what is wanted; null where none drives the run. */
  readonly driver: { readonly host: string; readonly pid: number; readonly since: string } | null
}

interface WantOptions {
  readonly json?: boolean
  readonly ingress?: readonly string[]
}

export function addPauseCommand(program: Command): void {
  const description = 'Pause a run: no further request starts until npm run resume -- RUN'
  addCommand(program, { name: 'pause', description, wanted: 'paused' })
}

export function addStopCommand(program: Command): void {
  const description =
    'Stop a run: no further request to the model starts, what is answered is stored, and its driver ends'
  addCommand(program, { name: 'stop', description, wanted: 'stopped' })
}

function addCommand(
  program: Command,
  { name, description, wanted }: { readonly name: string; readonly description: string; readonly wanted: WantedState },
): void {
  program
    .command(name)
    .description(description)
    .argument('<run>', 'the id of a run, as npm run runs lists them')
    .option('--json', 'print exactly one JSON object on stdout')
    .option('--ingress <urls>', INGRESS_HELP, httpUrls)
    .action(async (run: string, options: WantOptions) => {
      checkAnyRunId(run)
      const urls = options.ingress ?? readConfig().restate.ingressUrls
      const report = await underInterrupts(
        () => say('Stopping …'),
        async ({ first: signal }) => await wantOfRun(urls, run, wanted, signal),
      )
      if (options.json === true) printJson(report)
      else printText(formatWant(report))
      if (report.driver === null) process.exitCode = EXIT_FAILED
    })
}

/**
 * Notes what is wanted of a run, where a process drives it or is to take it on again. Rejects with ServiceError: input-not-found
 * for an unknown run, and ingress-unavailable.
 */
export async function wantOfRun(
  urls: readonly string[],
  runId: string,
  wanted: WantedState,
  signal: AbortSignal,
): Promise<WantReport> {
  const service = createServiceClient({ urls, patienceMs: PATIENCE_MS })
  const run = await service.ask({ handler: 'run', body: { run_id: runId }, schema: runSchema, signal })
  if (run === undefined) throw earlierRelease()
  // What is wanted of a run that ended would only mislead those who list it.
  if (run.driver === null && wanted !== 'running') return reportOf({ ...run, driver: null })
  const body = { run_id: runId, wanted }
  const noted = await service.ask({ handler: 'drive', body, schema: driveResponseSchema, signal })
  if (noted === undefined) throw earlierRelease()
  return reportOf(noted)
}

/** Notes what a run may cost in all, for the process that drives it or takes it on. Rejects like `wantOfRun`. */
export async function limitCostOfRun(
  urls: readonly string[],
  runId: string,
  maxUsd: number,
  signal: AbortSignal,
): Promise<void> {
  const body = { run_id: runId, max_cost_usd: maxUsd }
  const service = createServiceClient({ urls, patienceMs: PATIENCE_MS })
  const noted = await service.ask({ handler: 'drive', body, schema: driveResponseSchema, signal })
  if (noted?.max_cost_usd === undefined) throw earlierRelease()
}

function reportOf({
  run_id,
  state,
  wanted,
  max_cost_usd = null,
  driver,
}: Pick<DriveResponse, 'run_id' | 'state' | 'wanted' | 'max_cost_usd'> & {
  readonly driver: RunBody['driver']
}): WantReport {
  const isLive = driver !== null && driver.expires_in_ms > 0
  const holder = isLive ? { host: driver.host, pid: driver.pid, since: driver.since } : null
  return { run_id, state, wanted, max_cost_usd, driver: holder }
}

const NOTED: Readonly<Record<WantedState, string>> = {
  running: 'goes on within a few seconds',
  paused: 'starts no further request within a few seconds; what is answered is stored',
  stopped: 'starts no further request within a few seconds, stores what is answered, and ends',
}

export function formatWant({ run_id: runId, state, wanted, max_cost_usd: maxUsd, driver }: WantReport): string {
  const limit = typeof maxUsd === 'number' ? `; it may cost USD ${maxUsd} in all` : ''
  if (driver !== null) return `Run ${runId}: its driver (${describeHolder(driver)}) ${NOTED[wanted]}${limit}`
  const rest = state === 'complete' ? '' : `. Take it on with: npm run classify -- --resume ${runId}`
  return `Run ${runId}: no process drives it (${state})${limit}${rest}`
}
