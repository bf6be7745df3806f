/** Builds questions to the offline model as it parses them from a request, by any of the built-in codebooks. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { builtInFile, loadedOf, schemeOf } from '../../../src/catalogue/codebook-files.ts'
import { buildAnswerSchema } from '../../../src/classification/answer-schema.ts'
import { answerKeys } from '../../../src/classification/prompt.ts'
import { promptItemOf, questionOf } from '../../../src/classification/question.ts'
import type { PreparedScheme } from '../../../src/classification/scheme.ts'
import { buildUserPrompt, parseUserPrompt } from '../../../src/classification/user-prompt.ts'
import { readCodebookText } from '../../../src/codebooks/parse.ts'
import type { Indicator, Reading } from '../../../src/codebooks/types.ts'
import type { Question } from '../../../src/offline-model/answer-strategy.ts'
import { readAnswerForm } from '../../../src/offline-model/label-forms.ts'
import { indicatorOf } from './readings.ts'

const read = new Map<string, PreparedScheme>()

/** A built-in codebook by its name, which is read at its first use: all of them take a quarter of a second. */
export function builtInScheme(name: string): PreparedScheme {
  const scheme = read.get(name) ?? readBuiltIn(name)
  read.set(name, scheme)
  return scheme
}

function readBuiltIn(name: string): PreparedScheme {
  const path = builtInFile(name)
  assert.ok(path !== undefined, name)
  const text = readFileSync(path, 'utf8')
  const { files, parse } = readCodebookText(text)
  const lists = new Map(files.map((file) => [file, readFileSync(join(dirname(path), file), 'utf8')]))
  const parsed = parse(lists)
  assert.ok(parsed.ok, name)
  return schemeOf(loadedOf(parsed, text, lists))
}

export interface QuestionParts {
  readonly scheme?: PreparedScheme
  /** The model that the request names. */
  readonly model?: string
  /** What the rules read of every record; by default nothing. */
  readonly reading?: Reading
  /** Whether all fields are asked, or in mode hybrid only those that the rules are not sure of. */
  readonly mode?: 'model' | 'hybrid'
  /** Whether the records are whole as they are given, so that nothing of `indicatorOf` is added. */
  readonly isWhole?: boolean
}

/** The system prompt is left out, because the offline model does not read it. */
export function promptOf(indicators: readonly Partial<Indicator>[], parts: QuestionParts = {}): string {
  const { scheme = builtInScheme('economic-indicators'), reading = {}, mode = 'model', isWhole = false } = parts
  const keys = answerKeys(indicators.length)
  const items = indicators.map((given, index) => {
    const question = questionOf(scheme, isWhole ? (given as Indicator) : indicatorOf(given), reading, { mode })
    assert.ok(question)
    return promptItemOf(keys[index] ?? '', question, mode)
  })
  return buildUserPrompt(scheme.codebook, items)
}

/** A question about indicators, which are those of `indicatorOf` with the given parts. */
export function offlineQuestion(indicators: readonly Partial<Indicator>[], parts: QuestionParts = {}): Question {
  const { scheme = builtInScheme('economic-indicators'), model = 'small' } = parts
  const form = readAnswerForm(JSON.parse(JSON.stringify(buildAnswerSchema(scheme.codebook))))
  assert.ok(form)
  return { model, items: parseUserPrompt(promptOf(indicators, parts)), forms: form.labels }
}
