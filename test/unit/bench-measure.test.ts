/** Tests of the figures that the benchmark computes from its samples. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  cpuMsOf,
  longestStallSeconds,
  middlePace,
  type PaceSample,
  paceOf,
  peakRssMiB,
  secondsUntilPace,
} from '../bench/measure.ts'

const accepted = (sample: PaceSample) => sample.accepted

/** Four samples a second, where `perSecond` holds how many requests start in each second. */
function samplesOf(perSecond: readonly number[]): PaceSample[] {
  const samples: PaceSample[] = [{ at: 0, accepted: 0, refused: 0, charged: 0 }]
  let total = 0
  for (const [second, count] of perSecond.entries()) {
    for (let quarter = 1; quarter <= 4; quarter += 1) {
      total += count / 4
      samples.push({ at: second * 1_000 + quarter * 250, accepted: total, refused: 0, charged: total })
    }
  }
  return samples
}

describe('the figures of the benchmark', () => {
  it('measures an even pace rightly, whatever comes before the first request and after the last', () => {
    const pace = paceOf(samplesOf([0, 0, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 0, 0]), accepted)
    assert.ok(Math.abs(pace - 6_000) < 100, `${pace}`)
  })

  it('counts a hole in the middle against the pace', () => {
    const pace = paceOf(samplesOf([100, 100, 0, 0, 0, 0, 100, 100, 100, 100]), accepted)
    assert.ok(pace < 4_000, `${pace}`)
  })

  it('measures no pace where nothing was asked', () => {
    assert.equal(paceOf(samplesOf([0, 0, 0]), accepted), 0)
    assert.equal(paceOf([], accepted), 0)
  })

  it('finds when the pace is back after a kill', () => {
    const samples = samplesOf([100, 100, 50, 50, 50, 100, 100, 100])
    const seconds = secondsUntilPace(samples, 2_000, 6_000, 0.95)
    assert.ok(seconds !== null && seconds >= 2.5 && seconds <= 3.5, `${seconds}`)
    assert.equal(secondsUntilPace(samplesOf([100, 50, 50, 50]), 1_000, 6_000, 0.95), null)
  })

  it('finds the longest stall between the first and the last request', () => {
    assert.ok(Math.abs(longestStallSeconds(samplesOf([0, 0, 100, 0, 0, 0, 100, 100, 0, 0, 0, 0, 0])) - 3.25) < 0.01)
    assert.equal(longestStallSeconds([]), 0)
  })

  it('reads CPU time and memory of a process', { skip: process.platform !== 'linux' }, () => {
    const until = performance.now() + 60
    while (performance.now() < until);
    assert.ok(cpuMsOf(process.pid) > 0)
    assert.ok(peakRssMiB(process.pid) > 10)
    assert.equal(cpuMsOf(2 ** 30), 0)
  })
})

it('the middle pace is that of the seconds between the first two and the last two', () => {
  assert.equal(middlePace({ accepted_by_second: [2, 60, 90, 100, 110, 50, 1] }), 6_000)
  assert.equal(middlePace({ accepted_by_second: [2, 60, 90, 1] }), null)
})
