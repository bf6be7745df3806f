/** The handlers classify-api/run, runs and drive: they list runs, lease a run to the process that drives it, and note what is wanted of it. */
import { ServiceError } from '../../errors.ts'
import { costStopOf, whyLimitTooLow } from '../../lib/cost-limits.ts'
import { runStateOf } from '../../lib/run-states.ts'
import type { DriverState, DriverStore, ListedRun, Store } from '../../store/types.ts'
import { toTotalsBody } from '../batch/summary.ts'
import {
  DRIVER_HOLD_MS,
  type DriveRequest,
  type DriveResponse,
  type RunBody,
  type RunRequest,
  type RunsRequest,
  type RunsResponse,
} from '../contract.ts'

export async function answerRun(store: Pick<Store, 'findRun'>, { run_id: id }: RunRequest) {
  const run = await store.findRun(id)
  if (run === undefined) throw unknownRun(id)
  return toRunBody(run)
}

export async function answerRuns(store: Pick<Store, 'listRuns'>, wanted: RunsRequest): Promise<RunsResponse> {
  return { runs: (await store.listRuns(wanted)).map(toRunBody) }
}

/**
 * Rejects with ServiceError input-not-found for a run that nobody has opened, which only `take` opens, and with input-invalid for a
 * limit of the cost under which the run cannot go on.
 */
export async function answerDrive(drivers: DriverStore, request: DriveRequest): Promise<DriveResponse> {
  const { run_id: id, wanted, max_cost_usd: maxUsd, take, renew, release } = request
  if (take !== undefined) {
    const { driver, replaces, ...run } = take
    await drivers.take(id, driver, { run, holdMs: DRIVER_HOLD_MS, replaces })
  } else if (renew !== undefined) await drivers.renew(id, renew, DRIVER_HOLD_MS)
  else if (release !== undefined) await drivers.release(id, release.token, release.outcome)
  else if (wanted !== undefined) await drivers.want(id, wanted)
  else if (maxUsd !== undefined) await limitCost(drivers, id, maxUsd)
  const found = await drivers.find(id)
  if (found === undefined) throw unknownRun(id)
  const { driver } = found
  const holder = driver === null ? null : { ...driverBody(driver), token: driver.token, machine: driver.machine }
  return {
    run_id: id,
    state: runStateOf(found),
    wanted: found.wanted,
    max_cost_usd: found.maxCostUsd,
    driver: holder,
  }
}

async function limitCost(drivers: DriverStore, id: string, maxUsd: number): Promise<void> {
  const found = await drivers.find(id)
  const reason = found === undefined ? undefined : whyLimitTooLow(maxUsd, found)
  if (reason !== undefined) throw new ServiceError('input-invalid', `max_cost_usd: ${reason}`)
  await drivers.limitCost(id, maxUsd)
}

export function toRunBody(run: ListedRun): RunBody {
  return {
    run_id: run.runId,
    started_at: run.startedAt,
    updated_at: run.updatedAt,
    state: runStateOf(run),
    wanted: run.wanted,
    max_cost_usd: run.maxCostUsd,
    cost_stop: costStopBody(run),
    driver: run.driver === null ? null : driverBody(run.driver),
    catalogue: run.catalogue,
    codebook: run.codebook,
    command: run.command,
    size: run.size,
    indicators_per_minute: Math.round(run.perMinute),
    batches: run.batches,
    answered: run.answered,
    ...toTotalsBody(run),
  }
}

function costStopBody({ costUsd: spentUsd, maxCostUsd, refusal }: ListedRun): RunBody['cost_stop'] {
  const stop = costStopOf({ spentUsd, maxCostUsd, refusal })
  return stop === null ? null : { next_usd: stop.nextUsd, needed_usd: stop.neededUsd }
}

function driverBody({ host, pid, since, expiresInMs }: NonNullable<DriverState['driver']>) {
  return { host, pid, since, expires_in_ms: Math.round(expiresInMs) }
}

function unknownRun(id: string): ServiceError {
  return new ServiceError('input-not-found', `run "${id}" is not known`)
}
