/** Reads a review file in any of its three forms: CSV, JSON lines, or plain lines such as "INDICATOR_ID field=value". */
import { isUtf8 } from 'node:buffer'
import { showValue } from '../../catalogue/problem-report.ts'
import { isRecord, parseOutsideJson } from '../../lib/json/json.ts'
import { type ReviewLine, type ReviewProblem, readReviewLine } from '../../review/review-line.ts'
import { isCsvForm, readCsvForm } from './csv-form.ts'
import { readPlainForm } from './plain-form.ts'

export interface ParsedReview {
  readonly lines: readonly ReviewLine[]
  /** The errors in the file, in the order of their lines. */
  readonly problems: readonly ReviewProblem[]
}

/** The size in bytes of the largest review file, which leaves room for every indicator of a large catalogue. */
export const MAX_REVIEW_BYTES = 64_000_000

/**
 * Recognises the form of a review file by its beginning, and reads the file. `labels` names the fields of the codebook whose
 * labels the file may show. Never throws: errors are returned in `problems`.
 */
export function parseReview(bytes: Buffer, labels: readonly string[]): ParsedReview {
  if (!isUtf8(bytes)) {
    return { lines: [], problems: [{ line: 1, field: '', message: 'the file is not UTF-8: save it as UTF-8' }] }
  }
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  const read = isJsonForm(text)
    ? readJsonForm(text, labels)
    : isCsvForm(text)
      ? readCsvForm(text, labels)
      : readPlainForm(text)
  const problems = read.filter((result): result is ReviewProblem => 'message' in result)
  const lines = read.filter((result): result is ReviewLine => !('message' in result))
  return { lines, problems: [...problems, ...findRepeatedIds(lines)].sort((a, b) => a.line - b.line) }
}

function isJsonForm(text: string): boolean {
  return /^\s*[{[]/.test(text)
}

function readJsonForm(text: string, labels: readonly string[]): (ReviewLine | ReviewProblem)[] {
  return text.split(/\r?\n/).flatMap((content, index) => {
    if (content.trim() === '') return []
    const line = index + 1
    const value = parseOutsideJson(content)
    if (isRecord(value)) return [readReviewLine(line, value, labels)]
    const example = '{"indicator_id":"X","decision":"accept"}'
    const message = `must be one JSON object, such as ${example}; got ${showValue(content)}`
    return [{ line, field: '', message }]
  })
}

function findRepeatedIds(lines: readonly ReviewLine[]): ReviewProblem[] {
  const firstLines = new Map<string, number>()
  const problems: ReviewProblem[] = []
  for (const { line, indicatorId, catalogue } of lines) {
    const key = JSON.stringify([catalogue ?? null, indicatorId])
    const first = firstLines.get(key)
    if (first === undefined) firstLines.set(key, line)
    else {
      const message = `${showValue(indicatorId)} is in line ${first} already: decide it once`
      problems.push({ line, field: 'indicator_id', message })
    }
  }
  return problems
}
