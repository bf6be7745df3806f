/** Tests of the table in which the benchmark compares the service with other queues. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Line, lineOf, lineWithout, type PeerRun, worseThanPeers } from '../bench/peers/figures.ts'
import { inChunks } from '../bench/peers/queue.ts'
import { formatTable } from '../bench/report.ts'

const UNDISTURBED = { processes: 5, isKilled: false }
const KILLED = { processes: 5, isKilled: true }

/** A run of four records, of which `asked` says how often the provider was asked about each. */
function runOf(run: Partial<PeerRun> & { readonly asked?: readonly number[]; readonly refused?: number }): PeerRun {
  const { asked = [1, 1, 1, 1], refused = 0, ...rest } = run
  const accepted = asked.reduce((sum, times) => sum + times, 0)
  const byId = Object.fromEntries(asked.map((times, index) => [`V${index}`, times]))
  return {
    records: 4,
    share: 0.99,
    stats: { requests: { accepted, refused, failed: 0 }, requests_by_indicator: byId },
    cpuMs: 10,
    stored: 4,
    doubled: 0,
    seconds: 30,
    secondsUntilPace: null,
    ...rest,
  }
}

describe('the comparison with other queues', () => {
  it('counts what was refused, lost, stored twice and paid twice', () => {
    const run = runOf({ asked: [1, 3, 2], refused: 7, stored: 3, doubled: 2, cpuMs: 12.04, seconds: 154.6 })
    const { note, ...line } = lineOf('bullmq', UNDISTURBED, run, undefined)
    assert.deepEqual(line, {
      system: 'bullmq',
      processes: 5,
      fault: 'none',
      share_of_budget: 0.99,
      refused_429: 7,
      cpu_ms_a_record: 3.01,
      lost: 1,
      doubled: 2,
      paid_twice: 3,
      pace_again_s: null,
      kill_cost_s: null,
    })
    assert.equal(note, 'gave up after 155 s')
  })

  it('takes what a kill costs from the same system without a kill', () => {
    const killed = runOf({ seconds: 52.26, secondsUntilPace: 2.25 })
    const line = lineOf('pg-boss', KILLED, killed, runOf({ seconds: 30 }))
    assert.deepEqual([line.fault, line.pace_again_s, line.kill_cost_s, line.note], ['kill -9', 2.3, 22.3, ''])
    assert.equal(lineOf('pg-boss', KILLED, killed, undefined).kill_cost_s, null)
  })

  it('names the figures in which ours is worse than the best peer with the same processes and fault', () => {
    const lines: Line[] = [
      lineOf('ours', UNDISTURBED, runOf({ cpuMs: 40, refused: 1 }), undefined),
      lineOf('bullmq', UNDISTURBED, runOf({ share: 0.95, cpuMs: 32 }), undefined),
      lineOf('pg-boss', UNDISTURBED, runOf({ share: 0.993, refused: 5, cpuMs: 36 }), undefined),
      // Neither a better run with a kill nor a peer that could not be had counts for the runs without a kill.
      lineOf('graphile-worker', KILLED, runOf({ cpuMs: 4 }), undefined),
      lineWithout('graphile-worker', UNDISTURBED, 'npm could not install it'),
    ]
    assert.deepEqual(worseThanPeers(lines), [
      'refused_429 (5 processes, none): 1, and 0 of bullmq',
      'cpu_ms_a_record (5 processes, none): 10, and 8 of bullmq',
    ])
    assert.deepEqual(worseThanPeers(lines.filter(({ system }) => system !== 'bullmq')), [
      'cpu_ms_a_record (5 processes, none): 10, and 9 of pg-boss',
    ])
  })

  it('prints one column a figure, with a dash for what could not be measured', () => {
    const lines = [
      { system: 'ours', lost: 0, note: '' },
      { system: 'bullmq', lost: null, note: 'this machine has no Redis' },
    ]
    assert.deepEqual(formatTable(lines), ['system  lost  note', 'ours    0', 'bullmq  -     this machine has no Redis'])
    assert.deepEqual(formatTable([]), [])
  })

  it('splits records into lists that a queue takes at once', () => {
    assert.deepEqual(inChunks([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]])
    assert.deepEqual(inChunks([], 2), [])
  })
})
