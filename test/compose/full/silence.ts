/** One run of 6,000 indicators in which the parts fall silent in turn without dying, and one in which everything stands still. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../cluster.ts'
import { countRestarts, freeze, hang, thaw, waitUntilHealthy } from '../container-faults.ts'
import { noteFigures } from '../figures.ts'
import { runUnderFault, seconds } from '../run-under-faults.ts'
import type { Watch } from '../run-watch.ts'

const INDICATORS = 6_000
const PAUSED_INDICATORS = 1_000
/** So many results have to come before the next part falls silent. */
const BETWEEN = 200
/** Milliseconds within which results flow again while the part is frozen. */
const MOST_SILENCE_MS = 15_000
/** Milliseconds for which others have gone on without a frozen part, and have noticed it, before the next part falls silent. */
const NOTICED_MS = 12_000
/** Milliseconds in which what thaws can still do harm. */
const AFTER_THAW_MS = 8_000
const PAUSE_MS = 25_000

interface Silence {
  readonly service: string
  readonly index?: number
  /** Whether Docker starts the part again, because it exists once or because its process alone is frozen. */
  readonly isRestarted: boolean
}

/** Paused containers stay as they are until the run has ended, so that those around them have to go on without them. */
const silences: readonly Silence[] = [
  { service: 'restate-2', isRestarted: false },
  { service: 'classify-service', index: 3, isRestarted: false },
  { service: 'guard', isRestarted: true },
  { service: 'nginx', isRestarted: true },
  { service: 'pgbouncer', isRestarted: true },
  { service: 'timescaledb', isRestarted: true },
]

export function silenceTests(getCluster: () => Cluster): void {
  test(`${INDICATORS} indicators while the parts fall silent in turn: results flow again within ${MOST_SILENCE_MS / 1_000} s`, async () => {
    const cluster = getCluster()
    const frozen = await Promise.all(
      silences.map(async ({ service, index = 1, isRestarted }) => {
        const part = await cluster.container(service, index)
        return { part, isRestarted, restarts: await countRestarts(part) }
      }),
    )
    const thawAll = async () => {
      for (const { part } of frozen) await thaw(part)
    }
    try {
      const fallSilent = async (watch: Watch) => {
        for (const { part, isRestarted } of frozen) {
          assert.ok(watch.results < INDICATORS - BETWEEN, `the run is over before ${part.Name} falls silent`)
          const what = `${part.Service} ${isRestarted ? 'hangs' : 'is frozen'}`
          const silentAt = performance.now()
          await (isRestarted ? hang(part) : freeze(part))
          if (!isRestarted) await sleep(NOTICED_MS)
          await watch.waitForResults(Math.min(INDICATORS, watch.results + BETWEEN))
          const gapMs = watch.longestGap(silentAt)
          noteFigures(what, { 'longest pause, s': seconds(gapMs) })
          assert.ok(gapMs < MOST_SILENCE_MS, `${what}: no results for ${seconds(gapMs)} s`)
        }
      }
      const afterRun = async () => {
        await thawAll()
        await sleep(AFTER_THAW_MS)
      }
      const { report, ...result } = await runUnderFault(cluster, INDICATORS, fallSilent, { afterRun })
      noteFigures(`the run of ${INDICATORS} with silences`, {
        lost: INDICATORS - report.classified,
        'paid twice': result.paidTwice,
        unbooked: result.unbooked,
        'before, s': seconds(result.calmGapMs),
        'run, s': seconds(report.elapsed_ms),
      })
      for (const { part, isRestarted, restarts } of frozen)
        assert.equal((await countRestarts(part)) - restarts, isRestarted ? 1 : 0, part.Name)
      assert.equal(result.unbooked, 0)
    } finally {
      await thawAll()
      await waitUntilHealthy(cluster)
    }
  })

  test(`everything stands still for ${PAUSE_MS / 1_000} s, as in a paused machine, and goes on`, async () => {
    const cluster = getCluster()
    const parts = (await cluster.containers()).filter(({ State }) => State === 'running')
    let goneOnAt = 0
    try {
      const standStill = async () => {
        await Promise.all(parts.map(freeze))
        await sleep(PAUSE_MS)
        await Promise.all(parts.map(thaw))
        goneOnAt = performance.now()
      }
      const afterRun = () => sleep(AFTER_THAW_MS)
      const { watch, ...result } = await runUnderFault(cluster, PAUSED_INDICATORS, standStill, { afterRun })
      noteFigures(`everything paused for ${PAUSE_MS / 1_000} s`, {
        lost: PAUSED_INDICATORS - result.report.classified,
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
