/** The scenario of large backlogs: a file of a million rows, and 2,000 batches that are queued before any is worked on. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeVaried, ROWS } from './catalogues.ts'
import { longestStallSeconds, paceOf, peakRssMiB, samplePace } from './measure.ts'
import { type BenchContext, measureRun, percent, round, type Scenario } from './scenario.ts'
import { submitFile } from './submit.ts'
import { startWorld, type World } from './world.ts'

const FILE_ROWS = 1_000_000
/** MiB by which a process may grow for a hundred times the rows and still count as flat. */
const FLAT_MIB = 100
const [BATCHES, RPM, PACK] = [2_000, 6_000, 10]

export const backlog: Scenario = {
  id: 'backlog',
  isQuick: false,
  run: async (context) => {
    const small = await measureFile(context, ROWS)
    const large = await measureFile(context, FILE_ROWS)
    const send = await measureSend(context)
    const growth = { cli: large.cliMiB - small.cliMiB, replica: large.replicaMiB - small.replicaMiB }
    return {
      id: 'backlog',
      what:
        `(a) a file of ${FILE_ROWS.toLocaleString('en-US')} rows through the command line, rules only, beside one of ${ROWS.toLocaleString('en-US')}; ` +
        `(b) ${BATCHES.toLocaleString('en-US')} batches of 100 by /send before any is worked, ${RPM.toLocaleString('en-US')} RPM, pack ${PACK}, 2 replicas`,
      figures: {
        a_cli_mib: large.cliMiB,
        a_cli_growth_mib: growth.cli,
        a_replica_mib: large.replicaMiB,
        a_replica_growth_mib: growth.replica,
        a_restate_server_mib: large.restateMiB,
        a_indicators_per_minute: large.perMinute,
        a_failed: large.failed,
        b_longest_stall_seconds: send.stallSeconds,
        b_share_of_budget: send.share,
        b_requests: send.requests,
        b_wanted: send.wanted,
        b_replica_mib: send.replicaMiB,
        b_restate_server_mib: send.restateMiB,
      },
      target: `(a) CLI and replica flat (at most ${FLAT_MIB} MiB more); (b) longest stall while budget is free at most 5 s, all asked`,
      met:
        Math.max(growth.cli, growth.replica) <= FLAT_MIB &&
        large.failed === 0 &&
        send.stallSeconds <= 5 &&
        send.requests >= send.wanted,
      bound_by: `(a) CPU (${percent(large.busy)} of the machine); (b) ${send.share >= 0.97 ? 'the rate budget' : 'how fast Restate and the replicas start chunks'}`,
    }
  },
}

async function measureFile(context: BenchContext, rows: number) {
  context.say(`backlog: a file of ${rows.toLocaleString('en-US')} rows`)
  const file = join(context.scratchDir, `rows-${rows}.jsonl`)
  await makeVaried(file, rows)
  let replicaMiB = 0
  let restateMiB = 0
  const { report, peakCliRssMiB, busy } = await measureRun({
    // The rules alone decide, because at the pace of the rate budget the file would take hours.
    args: [file, '--mode', 'rules'],
    world: { rate: {}, model: {}, signal: context.signal },
    after: async (world) => {
      replicaMiB = round(peakRssMiB(world.replicas[0]?.pid ?? -1))
      restateMiB = round(peakRssMiB(world.restatePid))
    },
  })
  const { failed, indicators_per_minute: perMinute } = report
  return { cliMiB: round(peakCliRssMiB), replicaMiB, restateMiB, failed, perMinute, busy }
}

async function measureSend(context: BenchContext) {
  const file = join(context.scratchDir, 'backlog.jsonl')
  await makeVaried(file, BATCHES * 100)
  const world = await startWorld({
    replicas: 2,
    rate: { RATE_RPM: String(RPM) },
    model: { OFFLINE_MODEL_LATENCY_MS: '800', OFFLINE_MODEL_RPM: String(RPM) },
    signal: context.signal,
  })
  try {
    for (const replica of [...world.replicas]) await world.removeReplica(replica, 'SIGTERM')
    await submitFile({
      ingressUrl: world.ingressUrl,
      file,
      options: { mode: 'model', reuse: false, pack: PACK },
      inFlight: 8,
      isSend: true,
      signal: context.signal,
    })
    context.say(`backlog: ${BATCHES} batches are queued`)
    const pace = samplePace(world.modelUrl)
    await Promise.all([world.addReplica(), world.addReplica()])
    const wanted = (BATCHES * 100) / PACK
    const deadline = performance.now() + 2 * (wanted / RPM) * 60_000
    const peaks = { replica: 0, restate: 0 }
    while ((pace.samples.at(-1)?.accepted ?? 0) < wanted && performance.now() < deadline) {
      await sleep(1_000, undefined, { signal: context.signal })
      notePeaks(world, peaks)
    }
    const samples = await pace.stop()
    return {
      stallSeconds: round(longestStallSeconds(samples), 1),
      share: round(paceOf(samples, (sample) => sample.accepted) / RPM, 4),
      requests: samples.at(-1)?.accepted ?? 0,
      wanted,
      replicaMiB: round(peaks.replica),
      restateMiB: round(peaks.restate),
    }
  } finally {
    await world.stop()
  }
}

function notePeaks(world: World, peaks: { replica: number; restate: number }): void {
  peaks.replica = Math.max(peaks.replica, ...world.replicas.map(({ pid }) => peakRssMiB(pid)))
  peaks.restate = Math.max(peaks.restate, peakRssMiB(world.restatePid))
}
