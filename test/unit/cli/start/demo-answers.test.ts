/** Tests that the recorded answers of the demo serve its sample as the rules and the codebook of today ask about it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseAnswers } from '../../../../src/classification/answers.ts'
import { openFields } from '../../../../src/classification/fields.ts'
import { normaliseIndicator, rawIndicatorSchema } from '../../../../src/classification/indicator.ts'
import { RECORDED_SAMPLE, SAMPLE_FILE } from '../../../../src/cli/start/demo.ts'
import { createRecordedAnswers } from '../../../../src/offline-model/answers-recorded.ts'
import { readRecording } from '../../../../src/offline-model/recorded-file.ts'
import { builtInScheme, offlineQuestion } from '../../../helpers/codebooks/offline-question.ts'

test('every question about the sample has a recorded answer that fits the codebook and is no guess', async () => {
  const scheme = builtInScheme('economic-indicators')
  const strategy = createRecordedAnswers(await readRecording(RECORDED_SAMPLE))
  const lines = readFileSync(SAMPLE_FILE, 'utf8').trimEnd().split('\n')
  let asked = 0
  for (const line of lines) {
    const { indicator } = normaliseIndicator(rawIndicatorSchema.parse(JSON.parse(line)))
    const reading = scheme.code?.read(indicator) ?? {}
    if (openFields(scheme, reading, 'hybrid').length === 0) continue
    asked += 1
    const question = offlineQuestion([indicator], { scheme, reading, mode: 'hybrid', isWhole: true })
    const answers = strategy.answer(question)
    assert.ok(typeof answers !== 'string', String(answers))
    assert.equal(answers.model, 'offline-recorded', indicator.indicator_id)
    const fields = question.items[0]?.ask ?? []
    const parsed = parseAnswers(scheme.codebook, { answers: answers.elements }, [{ key: 'k1', fields }])
    assert.deepEqual(parsed.unanswered, [], indicator.indicator_id)
  }
  assert.ok(asked > 0)
})
