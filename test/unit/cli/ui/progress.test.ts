/** The progress line on a clock of the test: what is drawn and when, and the pace and the end that it shows. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { createEta, createRateMeter, etaOf } from '../../../../src/cli/ui/pace.ts'
import { createProgress } from '../../../../src/cli/ui/progress.ts'
import { clip, formatDuration, formatProgress, type ProgressCounts } from '../../../../src/cli/ui/progress-text.ts'

const CLEAR = '\r\u001b[K'

/** A progress on a fake clock: `pass` moves the clock and the timers together. */
function startedProgress(t: TestContext, options: { isLive: boolean; total: number; columns?: number }) {
  t.mock.timers.enable({ apis: ['setInterval'] })
  let nowMs = 1_000
  const writes: string[] = []
  const { columns = 200, ...rest } = options
  const stream = { columns, write: (text: string) => writes.push(text) }
  const progress = createProgress({ ...rest, stream, now: () => nowMs })
  const pass = (ms: number) => {
    nowMs += ms
    t.mock.timers.tick(ms)
  }
  return { progress, writes, pass, stream }
}

const counts = (done: number, more: Partial<ProgressCounts> = {}): ProgressCounts => {
  return { done, failed: 0, needsReview: 0, unverified: 0, inFlight: 3, ...more }
}

test('a terminal has one line that is redrawn in place and cleared at the end', (t) => {
  const { progress, writes, pass } = startedProgress(t, { isLive: true, total: 1_000 })
  pass(2_000)
  progress.update(counts(100, { failed: 20, needsReview: 7 }))
  pass(200)
  assert.match(
    writes.at(-1) ?? '',
    /120\/1,000 {2}12% {2}[\d,]+\/min {2}ETA 0:\d\d {2}failed 20 {2}needs review 7 {2}in flight 3$/,
  )
  assert.ok(writes.every((text) => text.startsWith(CLEAR) && !text.includes('\n')))
  progress.end()
  assert.equal(writes.at(-1), CLEAR)
})

test('unverified results are counted beside those that need review, where there are any', (t) => {
  const { progress, writes, pass } = startedProgress(t, { isLive: true, total: 1_000 })
  progress.update(counts(100, { needsReview: 7, unverified: 12 }))
  pass(200)
  assert.match(writes.at(-1) ?? '', / {2}needs review 7 {2}unverified 12 {2}in flight 3$/)
  progress.end()
})

test('a long pause stands in the line with its end and its reason, and is written at once where lines are rare', (t) => {
  const endsAt = new Date(2026, 10, 20, 14, 5, 10).getTime()
  const { progress, writes, pass } = startedProgress(t, { isLive: false, total: 1_000 })
  progress.update(counts(120))
  pass(700_000)
  const before = writes.length
  progress.update(counts(120, { pause: { endsAt, reason: 'the endpoint limits the rate (429)' } }))
  assert.equal(writes.length, before + 1)
  assert.match(
    writes.at(-1) ?? '',
    /^120\/1,000 {2}12% {2}paused until 14:05:10 \(the endpoint limits the rate \(429\)\) {2}failed 0/,
  )
  progress.update(counts(120, { pause: { endsAt, reason: 'the endpoint limits the rate (429)' } }))
  assert.equal(writes.length, before + 1)
  progress.end()
})

test('nothing is written after the end, and no timer is left', (t) => {
  const { progress, writes, pass } = startedProgress(t, { isLive: true, total: 10 })
  progress.end()
  const before = writes.length
  pass(60_000)
  progress.update(counts(10))
  progress.end()
  assert.equal(writes.length, before)
})

test('a terminal line is clipped to its width, which may change', (t) => {
  const { progress, writes, pass, stream } = startedProgress(t, { isLive: true, total: 1_000, columns: 20 })
  const visible = () => (writes.at(-1) ?? '').replace(CLEAR, '')
  assert.equal(visible().length, 17)
  assert.ok(visible().endsWith('…'))
  stream.columns = 30
  pass(200)
  assert.equal(visible().length, 27)
  progress.end()
})

test('a window that became narrower leaves no rows of the wrapped line behind', (t) => {
  const { progress, writes, pass, stream } = startedProgress(t, { isLive: true, total: 1_000, columns: 100 })
  const shown = (writes.at(-1) ?? '').replace(CLEAR, '').length
  assert.ok(shown > 60 && shown < 90, String(shown))
  stream.columns = 30
  pass(200)
  // The terminal has wrapped the line into three rows, and the cursor stands in the last of them.
  assert.ok((writes.at(-1) ?? '').startsWith('\u001b[2A\r\u001b[J'), JSON.stringify(writes.at(-1)))
  pass(200)
  assert.ok((writes.at(-1) ?? '').startsWith(CLEAR))
  progress.end()
})

test('answers of open batches move the line, and the end of a batch never moves it back', (t) => {
  const { progress, writes, pass } = startedProgress(t, { isLive: true, total: 228 })
  const show = (next: ProgressCounts) => {
    progress.update(next)
    pass(200)
    return /(\d+)\/228/.exec(writes.at(-1) ?? '')?.[1]
  }
  for (let second = 1; second <= 10; second += 1) {
    pass(800)
    assert.equal(show(counts(0, { answered: second * 5 })), String(second * 5))
  }
  assert.match(writes.at(-1) ?? '', /50\/228 {2}21% {2}[23]\d\d\/min {2}ETA 0:[34]\d /)
  assert.equal(show(counts(40, { answered: 0 })), '50')
  assert.equal(show(counts(40, { answered: 15 })), '55')
  assert.equal(show(counts(40, { answered: 300 })), '228')
  progress.end()
})

test('a note stays above the live line', (t) => {
  const { progress, writes } = startedProgress(t, { isLive: true, total: 10 })
  progress.note('node 2 is away')
  assert.deepEqual(writes.slice(-3, -1), [CLEAR, 'node 2 is away\n'])
  assert.match(writes.at(-1) ?? '', /0\/10/)
  progress.end()
})

test('elsewhere lines come at most every 5 s, without control characters, and the last state is said', (t) => {
  const { progress, writes, pass } = startedProgress(t, { isLive: false, total: 100 })
  for (let step = 1; step <= 120; step += 1) {
    pass(100)
    progress.update(counts(Math.floor(step / 2)))
  }
  assert.equal(writes.length, 2)
  progress.update(counts(100, { inFlight: 0 }))
  progress.end()
  assert.equal(writes.length, 3)
  assert.match(writes[2] ?? '', /^100\/100 {2}100% .*ETA 0:00/)
  assert.ok(writes.every((text) => /^[^\p{Cc}]+\n$/u.test(text)))
})

test('elsewhere a run without news still shows that it is alive', (t) => {
  const { progress, writes, pass } = startedProgress(t, { isLive: false, total: 100 })
  pass(10_000)
  assert.equal(writes.length, 2)
  assert.match(writes[0] ?? '', /^0\/100 {2}0% {2}0\/min {2}ETA --/)
  progress.end()
})

test('the rate is that of the last 15 s, and falls when nothing ends', () => {
  const meter = createRateMeter()
  meter.note(0, 0)
  assert.equal(meter.perMinute(500), undefined)
  for (let second = 1; second <= 60; second += 1) meter.note(second * 1_000, second * 10)
  assert.equal(meter.perMinute(60_000), 600)
  for (let second = 61; second <= 90; second += 1) meter.note(second * 1_000, 600 + (second - 60) * 100)
  assert.equal(meter.perMinute(90_000), 6_000)
  assert.ok((meter.perMinute(100_000) ?? 0) < 6_000)
  assert.equal(meter.perMinute(200_000), 0)
})

test('in long runs elsewhere the lines become fewer', (t) => {
  const { progress, writes, pass } = startedProgress(t, { isLive: false, total: 1_000_000 })
  for (let second = 1; second <= 3_600; second += 1) {
    pass(1_000)
    progress.update(counts(second))
  }
  assert.ok(writes.length >= 60 && writes.length <= 90, String(writes.length))
  progress.end()
})

test('indicators that were done before a resume do not count for the pace', (t) => {
  const { progress, writes, pass } = startedProgress(t, { isLive: true, total: 20_000 })
  progress.update(counts(10_000, { resumed: 10_000 }))
  for (let second = 1; second <= 10; second += 1) {
    pass(1_000)
    progress.update(counts(10_000 + second * 10, { resumed: 10_000 }))
  }
  assert.match(writes.at(-1) ?? '', / 540\/min {2}ETA 1[89]:\d\d /)
  progress.end()
})

test('the shown end counts down by itself and follows a new pace within seconds', () => {
  const eta = createEta()
  assert.equal(eta.at(0, undefined), undefined)
  assert.equal(eta.at(1_000, 600_000), 600_000)
  for (let at = 1_200; at <= 31_000; at += 200) eta.at(at, 600_000)
  // One look that says twice as long moves it a little, and a pace that stays so moves it all the way.
  const first = eta.at(31_200, 1_200_000) ?? 0
  assert.ok(first > 600_000 && first < 630_000, String(first))
  let shown: number | undefined
  for (let at = 31_400; at <= 91_400; at += 200) shown = eta.at(at, 1_200_000 - (at - 31_400))
  assert.ok(Math.abs((shown ?? 0) - 1_140_000) < 12_000, String(shown))
  assert.equal(eta.at(91_600, 0), 0)
  assert.equal(eta.at(91_800, undefined), undefined)
})

test('durations and widths', () => {
  assert.deepEqual([360_000_000, 1_000_000_000].map(formatDuration), ['4 d 4 h', '11 d 13 h'])
  assert.deepEqual([0, 1, 7_000, 725_000, 11_045_000].map(formatDuration), ['0:00', '0:01', '0:07', '12:05', '3:04:05'])
  assert.deepEqual([undefined, Number.NaN, Number.POSITIVE_INFINITY, -1].map(formatDuration), ['--', '--', '--', '--'])
  assert.deepEqual(
    [5, 4, 1, 0, -3].map((width) => clip('abcde', width)),
    ['abcde', 'abc…', 'a', '', ''],
  )
})

test('whatever the numbers, the line never says NaN or Infinity', () => {
  const number = fc.oneof(fc.nat(), fc.constantFrom(0, Number.NaN, Number.POSITIVE_INFINITY))
  const rate = fc.oneof(fc.constant(undefined), fc.double({ min: 0 }))
  const property = fc.property(number, number, number, number, rate, (total, finished, failed, inFlight, perMinute) => {
    const etaMs = etaOf(total - finished, perMinute)
    const line = formatProgress({ total, finished, failed, needsReview: 0, unverified: 0, inFlight, perMinute, etaMs })
    assert.doesNotMatch(line, /NaN|Infinity|∞|undefined|\n/)
  })
  fc.assert(property, { numRuns: 10_000, seed: 20_261_122 })
})
