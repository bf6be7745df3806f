/** The comparison of this service with queues for Node.js on the same records, limits and faults: `npm run bench -- --peers`. */
import { join } from 'node:path'
import { messageOf } from '../../../src/errors.ts'
import { makeVaried } from '../catalogues.ts'
import type { BenchContext, Scenario } from '../scenario.ts'
import { type Line, lineOf, lineWithout, type PeerRun, type SetUp, worseThanPeers } from './figures.ts'
import { installPackages, installRedis } from './install.ts'
import { SYSTEMS, type System } from './queue.ts'
import { LIMIT_RPM, type PeerSource, runOurs, runPeer, SAFETY } from './runs.ts'

const SET_UPS: readonly SetUp[] = [
  { processes: 5, isKilled: false },
  { processes: 5, isKilled: true },
  { processes: 1, isKilled: false },
]

/** The scenario over `records` records, for these systems. A peer that cannot be had or measured has a line that says why. */
export function peersScenario(records: number, systems: readonly System[] = SYSTEMS): Scenario {
  return {
    id: 'peers',
    isQuick: false,
    run: async (context) => {
      const catalogue = join(context.scratchDir, `peers-${records}.jsonl`)
      await makeVaried(catalogue, records)
      const lines: Line[] = []
      for (const system of systems) lines.push(...(await runSystem(context, system, catalogue, records)))
      const worse = worseThanPeers(lines)
      return {
        id: 'peers',
        what:
          `${records.toLocaleString('en-US')} records at pack 1, a model of 800 ms that enforces ${LIMIT_RPM.toLocaleString('en-US')} RPM ` +
          `in slices of a second, every system paced at ${SAFETY} of it; the kill is followed by a restart after a second`,
        figures: Object.fromEntries(worse.map((sentence, index) => [`worse_${index + 1}`, sentence])),
        table: lines,
        target: 'in no figure worse than the best peer with as many processes and the same fault',
        met: worse.length === 0,
        bound_by: 'the rate budget, where its share is near 0.99',
      }
    },
  }
}

async function runSystem(context: BenchContext, system: System, catalogue: string, records: number): Promise<Line[]> {
  const lines: Line[] = []
  let source: PeerSource | null = null
  try {
    if (system !== 'ours') {
      const packages = await installPackages(context)
      source = { peer: system, packages, redis: system === 'bullmq' ? await installRedis(context) : null }
    }
  } catch (error) {
    context.signal.throwIfAborted()
    context.say(`${system}: ${messageOf(error)}`)
    return SET_UPS.map((setUp) => lineWithout(system, setUp, messageOf(error)))
  }
  const undisturbed = new Map<number, PeerRun>()
  for (const setUp of SET_UPS) {
    context.say(`peers: ${system}, ${setUp.processes} processes${setUp.isKilled ? ', kill -9' : ''} …`)
    try {
      const options = { context, catalogue, records, setUp }
      const run = source === null ? await runOurs(options) : await runPeer(source, options)
      if (!setUp.isKilled) undisturbed.set(setUp.processes, run)
      lines.push(lineOf(system, setUp, run, undisturbed.get(setUp.processes)))
    } catch (error) {
      context.signal.throwIfAborted()
      lines.push(lineWithout(system, setUp, messageOf(error)))
    }
    context.say(JSON.stringify(lines.at(-1)))
  }
  return lines
}
