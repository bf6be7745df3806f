/** The checker of histories: rows that are planted as lost, doubled, stale or mislabelled are found, each as what it is. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkHistory, type DrivenRun, type GivenAnswer, type History, type SavedRow } from '../../chaos/history.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer I)[] ? I[] : T[K] }

const ROUNDS = [1, 2, 3]
const IDS = ['A', 'B', 'C']

/** Three complete runs of one catalogue, the second of which another program drove to its end, without a fault. */
function faultless(): Mutable<History> {
  const runs: DrivenRun[] = ROUNDS.map((round) => ({
    runId: `run-${round}`,
    catalogue: 'same',
    round,
    asked: new Map(IDS.map((id) => [id, `Output ${id} of round ${round}`])),
    report: { classified: IDS.length, unchanged: 0, failed: 0 },
  }))
  const answers: GivenAnswer[] = []
  const saved: SavedRow[] = []
  for (const run of runs) {
    for (const [id, name] of run.asked) {
      const token = `T${answers.length + 1}`
      const labels = { type: 'flow', frequency: id === 'A' ? 'monthly' : 'annual' }
      answers.push({ token, id, name, promptVersion: 'p2', labels })
      const { runId, catalogue } = run
      saved.push({ runId, catalogue, id, name, reason: `${token} Best guess.`, promptVersion: 'p2', labels })
    }
  }
  const current = saved.filter(({ runId }) => runId === 'run-3')
  return { runs, answers, saved, current, exported: [...current], totals: new Map(runs.map(({ runId }) => [runId, 3])) }
}

function kinds(history: History): string[] {
  return checkHistory(history).map(({ kind, where }) => `${kind} ${where}`)
}

/** Changes the row of `id` in one of the lists. */
function change(rows: SavedRow[], runId: string, id: string, more: Partial<SavedRow>): void {
  const index = rows.findIndex((row) => row.runId === runId && row.id === id)
  rows[index] = { ...(rows[index] as SavedRow), ...more }
}

const without = (rows: readonly SavedRow[], runId: string, id: string) =>
  rows.filter((row) => row.runId !== runId || row.id !== id)

test('a history without a fault has no finding', () => {
  assert.deepEqual(checkHistory(faultless()), [])
})

test('answers that were paid for twice, and a run that was given up, are no finding', () => {
  const history = faultless()
  history.answers.push({ ...(history.answers[0] as GivenAnswer), token: 'T99' })
  const asked = new Map([['A', 'Output A of round 4']])
  history.runs.push({ runId: 'run-4', catalogue: 'same', round: 4, asked, report: undefined })
  const answer = { token: 'T98', id: 'A', name: 'Output A of round 4', promptVersion: 'p2', labels: {} }
  history.answers.push(answer)
  const row = { ...answer, runId: 'run-4', catalogue: 'same', reason: 'T98' }
  history.saved.push(row)
  history.current = [row, ...without(history.current, 'run-3', 'A')]
  history.exported = history.current
  assert.deepEqual(checkHistory(history), [])
})

test('lost: a row that was never saved, a latest result, an exported row, a count of the report or of the totals', () => {
  const unsaved = faultless()
  unsaved.saved = without(unsaved.saved, 'run-2', 'B')
  assert.deepEqual(kinds(unsaved), ['lost run-2 B'])
  const forgotten = faultless()
  forgotten.current = without(forgotten.current, 'run-3', 'B')
  assert.deepEqual(kinds(forgotten), ['lost run-3 B'])
  const hidden = faultless()
  hidden.exported = without(hidden.exported, 'run-3', 'C')
  assert.deepEqual(kinds(hidden), ['lost run-3 C'])
  const short = faultless()
  const report = { classified: 2, unchanged: 0, failed: 0 }
  short.runs = short.runs.map((run) => (run.runId === 'run-1' ? { ...run, report } : run))
  assert.deepEqual(kinds(short), ['lost run-1'])
  const failed = faultless()
  const withFailure = { classified: 2, unchanged: 0, failed: 1 }
  failed.runs = failed.runs.map((run) => (run.runId === 'run-1' ? { ...run, report: withFailure } : run))
  assert.deepEqual(kinds(failed), ['lost run-1'])
  const uncounted = faultless()
  uncounted.totals = new Map([...uncounted.totals, ['run-2', 2]])
  assert.deepEqual(kinds(uncounted), ['lost run-2'])
})

test('doubled: two rows of a run, two exported rows, a batch that is counted twice', () => {
  const twice = faultless()
  twice.saved.push(twice.saved[4] as SavedRow)
  assert.deepEqual(kinds(twice), ['doubled run-2 B'])
  const shown = faultless()
  shown.exported.push(shown.exported[0] as SavedRow)
  assert.deepEqual(kinds(shown), ['doubled run-3 A'])
  const counted = faultless()
  counted.totals = new Map([...counted.totals, ['run-2', 6]])
  assert.deepEqual(kinds(counted), ['doubled run-2'])
  const reported = faultless()
  const report = { classified: 4, unchanged: 0, failed: 0 }
  reported.runs = reported.runs.map((run) => (run.runId === 'run-1' ? { ...run, report } : run))
  assert.deepEqual(kinds(reported), ['doubled run-1'])
})

test('stale: an earlier run stays the latest, an old answer is saved for a new run, an export shows an old row', () => {
  const old = faultless()
  const earlier = old.saved.find((row) => row.runId === 'run-2' && row.id === 'B') as SavedRow
  old.current = [earlier, ...without(old.current, 'run-3', 'B')]
  old.exported = old.current
  assert.deepEqual(kinds(old), ['stale run-3 B'])
  const reused = faultless()
  change(reused.saved, 'run-3', 'C', { reason: 'T3 Best guess.' })
  assert.deepEqual(kinds(reused), ['stale run-3 C'])
  const named = faultless()
  change(named.saved, 'run-3', 'C', { name: 'Output C of round 2' })
  assert.deepEqual(kinds(named), ['stale run-3 C'])
  const shown = faultless()
  shown.exported = [earlier, ...without(shown.exported, 'run-3', 'B')]
  assert.deepEqual(kinds(shown), ['stale run-3 B'])
})

test('mislabelled: the answer about another row, no answer at all, another prompt, another label, a row that nobody asked for', () => {
  const swapped = faultless()
  change(swapped.saved, 'run-1', 'A', { reason: 'T2 Best guess.' })
  assert.deepEqual(kinds(swapped), ['mislabelled run-1 A'])
  const invented = faultless()
  change(invented.saved, 'run-1', 'A', { reason: 'By the rules.' })
  assert.deepEqual(kinds(invented), ['mislabelled run-1 A'])
  const released = faultless()
  change(released.saved, 'run-2', 'B', { promptVersion: 'p3' })
  assert.deepEqual(kinds(released), ['mislabelled run-2 B'])
  const changed = faultless()
  change(changed.saved, 'run-2', 'B', { labels: { type: 'stock', frequency: 'annual' } })
  assert.deepEqual(kinds(changed), ['mislabelled run-2 B'])
  const foreign = faultless()
  foreign.saved.push({ ...(foreign.saved[0] as SavedRow), id: 'Z' })
  assert.deepEqual(kinds(foreign), ['mislabelled run-1 Z'])
})
