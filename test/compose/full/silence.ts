/** A run of 1,200 indicators for each part that falls silent without dying: the run ends while the part is still frozen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster, Container } from '../cluster.ts'
import { countRestarts, freeze, hang, thaw, waitUntilHealthy } from '../container-faults.ts'
import { noteFigures } from '../figures.ts'
import { runUnderFault, seconds } from '../run-under-faults.ts'

const INDICATORS = 1_200
/** Milliseconds within which results flow again while the part is frozen. */
const MOST_SILENCE_MS = 15_000
/** Milliseconds in which what thaws can still do harm. */
const AFTER_THAW_MS = 8_000
const PAUSE_MS = 40_000

interface Silence {
  readonly service: string
  readonly index?: number
  /** Whether Docker starts the part again, because it exists once or because its process alone is frozen. */
  readonly isRestarted: boolean
}

/** Paused containers stay as they are, so that those around them have to go on without them. */
const silences: readonly Silence[] = [
  { service: 'restate-2', isRestarted: false },
  { service: 'classify-service', index: 3, isRestarted: false },
  { service: 'guard', isRestarted: true },
  { service: 'nginx', isRestarted: true },
  { service: 'pgbouncer', isRestarted: true },
  { service: 'timescaledb', isRestarted: true },
]

export function silenceTests(getCluster: () => Cluster): void {
  for (const { service, index = 1, isRestarted } of silences) {
    const what = isRestarted ? `${service} hangs` : `${service}-${index} is frozen`
    test(`1,200 indicators: ${what}, and results flow again within ${MOST_SILENCE_MS / 1_000} s`, async () => {
      const cluster = getCluster()
      const part = await cluster.container(service, index)
      const restarts = await countRestarts(part)
      let silentAt = 0
      try {
        const silence = async () => {
          silentAt = performance.now()
          if (isRestarted) await hang(part)
          else await freeze(part)
        }
        const { watch, ...result } = await runUnderFault(cluster, INDICATORS, silence, { afterRun: () => goOn(part) })
        const gapMs = watch.longestGap(silentAt, watch.lastResultAt)
        noteFigures(what, {
          lost: INDICATORS - result.report.classified,
          'paid twice': result.paidTwice,
          unbooked: result.unbooked,
          'longest pause, s': seconds(gapMs),
          'before, s': seconds(result.calmGapMs),
          'run, s': seconds(result.report.elapsed_ms),
          restarts: (await countRestarts(part)) - restarts,
        })
        assert.ok(gapMs < MOST_SILENCE_MS, `no results for ${seconds(gapMs)} s`)
        assert.equal((await countRestarts(part)) - restarts, isRestarted ? 1 : 0)
        assert.equal(result.unbooked, 0)
      } finally {
        await thaw(part)
        await waitUntilHealthy(cluster)
      }
    })
  }

  test(`1,200 indicators: everything stands still for ${PAUSE_MS / 1_000} s, as in a paused machine, and goes on`, async () => {
    const cluster = getCluster()
    const parts = (await cluster.containers()).filter(({ State }) => State === 'running')
    let goneOnAt = 0
    try {
      const { watch, ...result } = await runUnderFault(
        cluster,
        INDICATORS,
        async () => {
          await Promise.all(parts.map(freeze))
          await sleep(PAUSE_MS)
          await Promise.all(parts.map(thaw))
          goneOnAt = performance.now()
        },
        { afterRun: () => sleep(AFTER_THAW_MS) },
      )
      noteFigures(`everything paused for ${PAUSE_MS / 1_000} s`, {
        lost: INDICATORS - result.report.classified,
        'paid twice': result.paidTwice,
        unbooked: result.unbooked,
        'flows again after, s': seconds(watch.resumedAfter(goneOnAt)),
        'run, s': seconds(result.report.elapsed_ms),
      })
      assert.ok((watch.resumedAfter(goneOnAt) ?? Number.POSITIVE_INFINITY) < MOST_SILENCE_MS)
    } finally {
      await Promise.all(parts.map(thaw))
      await waitUntilHealthy(cluster)
    }
  })
}

async function goOn(part: Container): Promise<void> {
  await thaw(part)
  await sleep(AFTER_THAW_MS)
}
