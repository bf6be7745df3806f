/** Scenarios at a fixed rate: how much of the budget is used, and what happens when replicas die, come and go. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeVaried } from './catalogues.ts'
import { paceOf, secondsUntilPace } from './measure.ts'
import { ASK_ALL, commonFigures, FAST_RPM, LATENCY, REPLICAS, runPaced, shareScenario } from './paced-run.ts'
import { boundBy, measureRun, round, type Scenario } from './scenario.ts'

const EVEN_TARGET =
  'share of the budget at least 0.985; 429s under 0.1 %; from the third second to the third from the end none under 90 % of the pace, cold and warm'

const paced = shareScenario({
  id: 'paced',
  isQuick: true,
  what: `3,000 at pack 1, ${FAST_RPM} RPM, ${REPLICAS} replicas, the provider enforces ${FAST_RPM} in sliding minutes; twice`,
  run: { isRepeated: true },
  mustBeEven: true,
  minShare: 0.985,
  maxRefusedShare: 0.001,
  target: EVEN_TARGET,
})

const pacedOne = shareScenario({
  id: 'paced-one',
  isQuick: false,
  what: 'as paced, with one replica',
  run: { isRepeated: true, replicas: 1 },
  mustBeEven: true,
  minShare: 0.985,
  maxRefusedShare: 0.001,
  target: EVEN_TARGET,
})

const SLICES = { OFFLINE_MODEL_SLICE_MS: '100' }
const SLICES_TARGET = 'share of the budget at least 0.95; 429s under 2 %; 0 lost'

const slices = shareScenario({
  id: 'slices',
  isQuick: false,
  what: 'as paced, the provider enforcing slices of 0.1 s',
  run: { model: SLICES },
  minShare: 0.95,
  maxRefusedShare: 0.02,
  target: SLICES_TARGET,
})

const slicesUnequal = shareScenario({
  id: 'slices-unequal',
  isQuick: false,
  what: 'as slices, with 5, 3, 2, 1 and 1 parts of the work for the replicas',
  run: { model: SLICES, weights: [5, 3, 2, 1, 1] },
  minShare: 0.95,
  maxRefusedShare: 0.02,
  target: SLICES_TARGET,
})

const tokens: Scenario = {
  id: 'tokens',
  isQuick: false,
  run: async (context) => {
    const tpm = 200_000
    const file = join(context.scratchDir, 'tokens.jsonl')
    await makeVaried(file, 2_000)
    const run = await measureRun({
      args: [file, ...ASK_ALL, '--pack', '10'],
      world: {
        rate: { RATE_RPM: String(FAST_RPM), RATE_TPM: String(tpm) },
        model: { ...LATENCY, OFFLINE_MODEL_TPM: String(tpm) },
        signal: context.signal,
      },
    })
    const share = paceOf(run.samples, (sample) => sample.charged) / tpm
    const peakShare = run.stats.tokens.peak_charged_per_60s / tpm
    return {
      id: 'tokens',
      what: `2,000 at pack 10, ${tpm} TPM binding, the provider enforces as much`,
      figures: {
        share_of_tpm: round(share, 4),
        most_in_60_s_over_budget: round(peakShare, 4),
        refused_429: run.stats.requests.refused,
        requests: run.stats.requests.accepted,
        charged_per_request: round(run.stats.tokens.charged / Math.max(1, run.stats.requests.accepted)),
        seconds: round(run.report.elapsed_ms / 1_000, 1),
        failed: run.report.failed,
      },
      target: 'share of TPM at least 0.95; most in any half-open 60 s at most 1.00 of it',
      met: share >= 0.95 && peakShare <= 1 && run.report.failed === 0,
      bound_by: share >= 0.95 ? 'the token budget' : boundBy(run, share),
    }
  },
}

const killed: Scenario = {
  id: 'killed',
  isQuick: false,
  run: async (context) => {
    let killedAt = 0
    const measured = await runPaced(context, {
      rows: 4_000,
      meanwhile: async (world) => {
        await sleep(10_000, undefined, { signal: context.signal })
        const victim = world.replicas[0]
        if (victim === undefined) throw new Error('there is no replica to kill')
        killedAt = performance.now()
        await world.removeReplica(victim, 'SIGKILL')
      },
    })
    const seconds = secondsUntilPace(measured.run.samples, killedAt, FAST_RPM * 0.99, 0.95)
    return {
      id: 'killed',
      what: 'as paced with 4,000, kill -9 of a replica 10 s after the first request',
      figures: {
        ...commonFigures(measured),
        paid_twice: measured.paidTwice,
        seconds_until_95_percent_of_pace: seconds === null ? null : round(seconds, 1),
      },
      target: '0 lost; 0 doubled; 95 % of the pace again within 10 s',
      met: measured.lost === 0 && measured.doubled === 0 && seconds !== null && seconds <= 10,
      bound_by: boundBy(measured.run, measured.share),
    }
  },
}

const scaled: Scenario = {
  id: 'scaled',
  isQuick: false,
  run: async (context) => {
    const measured = await runPaced(context, {
      rows: 9_000,
      meanwhile: async (world) => {
        const pause = (ms: number) => sleep(ms, undefined, { signal: context.signal })
        await pause(15_000)
        await Promise.all([world.addReplica(), world.addReplica(), world.addReplica()])
        await pause(25_000)
        await Promise.all(world.replicas.slice(3).map((replica) => world.removeReplica(replica, 'SIGTERM')))
      },
    })
    const peakShare = measured.run.stats.peak_per_60s / FAST_RPM
    return {
      id: 'scaled',
      what: `9,000 at pack 1, ${FAST_RPM} RPM, 5 → 8 → 3 replicas under load`,
      figures: { ...commonFigures(measured), most_in_60_s_over_budget: round(peakShare, 4) },
      target: 'most requests in any half-open 60 s at most 1.00 of the budget',
      met: peakShare <= 1 && measured.lost === 0,
      bound_by: boundBy(measured.run, measured.share),
    }
  },
}

export const pacedScenarios: readonly Scenario[] = [paced, pacedOne, slices, slicesUnequal, tokens, killed, scaled]
