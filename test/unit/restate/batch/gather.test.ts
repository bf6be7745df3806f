/** Gathers replies into decisions and reasons by field, and folds the decisions of one position into one stored answer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadBuiltIns } from '../../../../src/catalogue/codebook-files.ts'
import { createSchemes } from '../../../../src/catalogue/schemes.ts'
import { questionOf } from '../../../../src/classification/question.ts'
import type { Labels } from '../../../../src/classification/types.ts'
import { gatherReplies, noAnswers } from '../../../../src/restate/batch/gather.ts'
import { prepare } from '../../../../src/restate/batch/prepare.ts'
import { answersToStore } from '../../../../src/restate/batch/results.ts'
import type { BatchQuestion, Plan } from '../../../../src/restate/batch/types.ts'
import type { ChunkReply } from '../../../../src/restate/chunk-contract.ts'
import { UNAUDITED } from '../options.ts'

const schemes = createSchemes(await loadBuiltIns(), null)
const scheme = await schemes.find(undefined)
const request = {
  indicators: ['a', 'b'].map((id) => ({ indicator_id: id, name: `Zorbic attainment of ${id}`, units: '%' })),
}
const questions = (await prepare(scheme, request, 'small', UNAUDITED)).prepared.map(
  ({ indicator, reading, shape, shapeHash }): BatchQuestion => {
    const question = questionOf(scheme, indicator, reading, { mode: 'model' })
    assert.ok(question)
    return { ...question, fields: ['type', 'temporal_aggregation', 'orientation'], shape, shapeHash, answers: [] }
  },
)
const plan: Plan = {
  runStartedAt: '2026-01-01T00:00:00.000Z',
  models: { primary: 'small', escalation: 'large' },
  codebook: { name: scheme.codebook.name, version: '2', hash: scheme.hash },
  promptVersion: 'p9',
  ways: questions.map((question) => ({ kind: 'ask', ...question })),
  chunks: [[0, 1]],
  warnings: [],
}
const CHUNK = [[0, 1]]

const decision = (labels: Labels, confidence = 0.9, reason = 'so') => {
  return { labels, confidence: Object.fromEntries(Object.keys(labels).map((field) => [field, confidence])), reason }
}
const said = (labels: Labels, key = 'k1') => ({ key, decision: decision(labels), model: 'small-2026' })
const reply = (more: Partial<ChunkReply>): ChunkReply => ({
  ...{ asked_model: 'small', codebook_hash: scheme.hash, prompt_version: 'p9', failure: null },
  ...{ decisions: [], unanswered: [], requests: [], ...more },
})
const left = (key: string, fields: readonly string[] | undefined, code = 'no-answer') => {
  return { key, code, message: 'left out', ...(fields === undefined ? {} : { fields }) }
}
const missing = (...fields: string[]) =>
  new Map(fields.map((field) => [field, { code: 'no-answer', message: 'left out' }]))

test('reasons stand by field until the field is answered, and a reason without fields means all that were asked', () => {
  const answers = noAnswers()
  const first = reply({
    decisions: [said({ type: 'stock' })],
    unanswered: [left('k1', ['temporal_aggregation', 'orientation']), left('k2', undefined), left('k9', ['type'])],
  })
  gatherReplies(answers, plan, 'primary', CHUNK, [first])
  assert.deepEqual(
    answers.unanswered,
    new Map([
      [0, missing('temporal_aggregation', 'orientation')],
      [1, missing('type', 'temporal_aggregation', 'orientation')],
    ]),
  )
  const second = reply({
    decisions: [
      said({ orientation: 'neutral' }),
      said({ type: 'flow', temporal_aggregation: 'period-total', orientation: 'neutral' }, 'k2'),
    ],
    unanswered: [left('k1', ['temporal_aggregation'])],
  })
  gatherReplies(answers, plan, 'primary', CHUNK, [second])
  assert.deepEqual(answers.unanswered, new Map([[0, missing('temporal_aggregation')]]))
  assert.deepEqual(
    answers.decisions.get(0)?.map(({ decision: { labels } }) => labels),
    [{ type: 'stock' }, { orientation: 'neutral' }],
  )
  // The escalation model leaves standing what it does not answer.
  gatherReplies(
    answers,
    plan,
    'escalation',
    [[0]],
    [reply({ unanswered: [left('k1', ['type', 'temporal_aggregation'])] })],
  )
  assert.deepEqual(answers.unanswered, new Map([[0, missing('temporal_aggregation')]]))
})

test('the decisions of a position are stored as one answer, in which a later label replaces an earlier one', () => {
  const answers = noAnswers()
  const rounds = [
    { tier: 'primary', labels: { type: 'stock', orientation: 'neutral' } },
    { tier: 'primary', labels: { temporal_aggregation: 'point-in-time' } },
    { tier: 'escalation', labels: { orientation: 'higher-is-positive' } },
  ] as const
  for (const { tier, labels } of rounds) {
    const asked_model = tier === 'primary' ? 'small' : 'large'
    gatherReplies(answers, plan, tier, [[0]], [reply({ asked_model, decisions: [said(labels)] })])
  }
  const [stored, ...others] = answersToStore(plan, answers.decisions, new Set())
  assert.deepEqual(others, [])
  assert.deepEqual(stored, {
    ...{ shapeHash: questions[0]?.shapeHash, shape: questions[0]?.shape, source: 'escalation', model: 'small-2026' },
    ...{ codebook: 'economic-indicators@2', codebookHash: scheme.hash, promptVersion: 'p9' },
    decision: decision({ type: 'stock', orientation: 'higher-is-positive', temporal_aggregation: 'point-in-time' }),
  })
  assert.deepEqual(answersToStore(plan, answers.decisions, new Set([0])), [], 'unsettled answers are not stored')
})

test('what another codebook, prompt or model answered is not stored under the shape of the plan, and the rest is', () => {
  for (const other of [{ codebook_hash: 'another' }, { prompt_version: 'p8' }, { asked_model: 'tiny' }] as const) {
    const answers = noAnswers()
    gatherReplies(answers, plan, 'primary', [[0]], [reply({ decisions: [said({ type: 'stock' })] })])
    gatherReplies(answers, plan, 'primary', [[0]], [reply({ ...other, decisions: [said({ orientation: 'neutral' })] })])
    const [stored] = answersToStore(plan, answers.decisions, new Set())
    assert.deepEqual(stored?.decision.labels, { type: 'stock' }, JSON.stringify(other))
  }
})
