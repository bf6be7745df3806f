/** Reads review files of plain lines, in which an indicator id is followed by accept, skip or field=value, and # begins a comment. */
import { showValue } from '../../catalogue/problem-report.ts'
import { parseJson } from '../../lib/json/json.ts'
import { closeEquals, isDecisionWord } from '../../review/decision.ts'
import { type ReviewLine, type ReviewProblem, readReviewLine } from '../../review/review-line.ts'

export function readPlainForm(text: string): (ReviewLine | ReviewProblem)[] {
  const read: (ReviewLine | ReviewProblem)[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const content = raw.trim()
    if (content !== '' && !content.startsWith('#')) read.push(readLine(index + 1, content))
  }
  return read
}

/**
 * Reads one line from its end, because an id may contain spaces and commas. Where the id itself ends like a decision,
 * the reviewer writes the id in quotes, as a JSON string.
 */
function readLine(line: number, content: string): ReviewLine | ReviewProblem {
  const quoted = /^"(?:[^"\\]|\\.)*"(?=\s)/.exec(content)?.[0]
  const rest = closeEquals(content.slice(quoted?.length ?? 0))
  // The parts at even indexes are words, and the parts at odd indexes are the separators between them.
  const parts = rest.split(/([\s,;]+)/)
  const decisions: string[] = []
  for (let at = parts.length - 1; at >= (quoted === undefined ? 1 : 0); at -= 1) {
    const part = parts[at] ?? ''
    if (at % 2 === 0 && part !== '' && !isDecisionWord(part)) break
    parts.length = at
    if (at % 2 === 0) decisions.unshift(part)
  }
  const before = parts.join('').trim()
  if (decisions.length === 0 || (quoted !== undefined && before !== '')) {
    const hint = line === 1 ? ' (a CSV begins with a row of column names, one of them indicator_id)' : ''
    const message = `must be an indicator_id and then accept or field=value${hint}; got ${showValue(content)}`
    return { line, field: '', message }
  }
  const id = quoted === undefined ? before : parseJson(quoted)
  return readReviewLine(line, { indicator_id: id, decision: decisions.join(' ') }, [])
}
