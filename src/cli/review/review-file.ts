/** A review file as written, whatever its form: which indicator, what was decided, and where it stands. Nothing is checked against the codebook here. */
import { isUtf8 } from 'node:buffer'
import { splitFields } from '../../catalogue/csv-decoder.ts'
import { printable, showValue } from '../../catalogue/problem-report.ts'
import { nearestName } from '../../lib/nearest-name.ts'

/** One line of a review file. */
export interface ReviewLine {
  readonly line: number
  readonly indicatorId: string
  readonly decision: 'accept' | 'correct' | 'undecided'
  /** As written; empty but for `correct`. */
  readonly corrections: readonly (readonly [field: string, value: string])[]
  readonly note: string
  /** The labels that the line was decided on, by field, where it states them. */
  readonly seen: Readonly<Record<string, string>>
}

export interface ReviewProblem {
  readonly line: number
  readonly field: string
  readonly message: string
}

export interface ParsedReview {
  readonly lines: readonly ReviewLine[]
  readonly problems: readonly ReviewProblem[]
}

/** Enough for every indicator of a large catalogue; a file of another kind is refused before it is read whole. */
export const MAX_REVIEW_BYTES = 64_000_000
const MAX_NOTE = 1_000
const SEEN_FIELDS = ['type', 'temporal_aggregation', 'orientation'] as const
/** A slip in one of these would leave everything undecided. */
const FIELDS_THAT_DECIDE = ['indicator_id', 'decision', 'corrections'] as const
const WAY =
  'write accept, or corrections such as type=flow temporal_aggregation=period-total, or leave it empty to decide later'
const PAIR = /^([^\s=]+)\s*[=:]\s*(.+)$/s

type Parsed = ReviewLine | ReviewProblem

/** Reads CSV, JSON lines or plain lines, told apart by how the text begins. Never throws. */
export function parseReview(bytes: Buffer): ParsedReview {
  if (!isUtf8(bytes)) {
    return { lines: [], problems: [{ line: 1, field: '', message: 'the file is not UTF-8: save it as UTF-8' }] }
  }
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  const parsed = isJson(text) ? parseJsonLines(text) : isCsv(text) ? parseCsv(text) : parsePlain(text)
  const problems = parsed.filter((one): one is ReviewProblem => 'message' in one)
  const lines = parsed.filter((one): one is ReviewLine => !('message' in one))
  return { lines, problems: [...problems, ...doubled(lines)].sort((a, b) => a.line - b.line) }
}

function isJson(text: string): boolean {
  return /^\s*[{[]/.test(text)
}

/** Its first line names a column indicator_id, or indicator id, however written. */
function isCsv(text: string): boolean {
  const first = /^\s*([^\r\n]*)/.exec(text)?.[1] ?? ''
  return (
    /[,;\t]/.test(first) &&
    first.split(/[,;\t]/).some((cell) => columnName(cell.replaceAll('"', '')) === 'indicator_id')
  )
}

function parseJsonLines(text: string): Parsed[] {
  const parsed: Parsed[] = []
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    if (content.trim() === '') continue
    const line = index + 1
    const value = jsonOf(content)
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      const example = '{"indicator_id":"X","decision":"accept"}'
      parsed.push({
        line,
        field: '',
        message: `must be one JSON object, such as ${example}; got ${showValue(content)}`,
      })
    } else parsed.push(fromFields(line, value as Record<string, unknown>))
  }
  return parsed
}

function parseCsv(text: string): Parsed[] {
  const parsed: Parsed[] = []
  let columns: readonly string[] | undefined
  let delimiter = ','
  for (const { line, content } of recordsOf(text)) {
    if (content.trim() === '') continue
    if (columns === undefined) delimiter = [',', ';', '\t'].find((one) => content.includes(one)) ?? ','
    const split = splitFields(content, delimiter)
    if ('fault' in split) {
      parsed.push({ line, field: columns?.[split.column] ?? '', message: split.fault })
      if (columns === undefined) return parsed
      continue
    }
    if (columns === undefined) {
      columns = split.fields.map(columnName)
      const doubled = columns.find((name, index) => name !== '' && columns?.indexOf(name) !== index)
      if (doubled === undefined) continue
      return [{ line, field: doubled, message: 'two columns have this name: rename or remove one of them' }]
    }
    const cells = split.fields
    if (cells.every((cell) => cell.trim() === '')) continue
    if (cells.slice(columns.length).some((cell) => cell.trim() !== '')) {
      const message = `${cells.length} cells where the header has ${columns.length}: a text with ${JSON.stringify(delimiter)} in it needs quotes around it`
      parsed.push({ line, field: '', message })
      continue
    }
    parsed.push(fromFields(line, Object.fromEntries(columns.map((name, index) => [name, cells[index] ?? '']))))
  }
  return parsed
}

/** `INDICATOR_ID accept` or `INDICATOR_ID field=value …`; `#` at the beginning of a line is a remark. */
function parsePlain(text: string): Parsed[] {
  const parsed: Parsed[] = []
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const content = raw.trim()
    const line = index + 1
    if (content === '' || content.startsWith('#')) continue
    const quoted = /^"(?:[^"\\]|\\.)*"(?=\s)/.exec(content)?.[0]
    const rest = content.slice(quoted?.length ?? 0).replace(/\s*=\s*/g, '=')
    // An id may hold spaces and commas: what reads as a decision is taken from the end. Words and what parts them.
    const words = rest.split(/([\s,;]+)/)
    const decisions: string[] = []
    for (let at = words.length - 1; at >= (quoted === undefined ? 1 : 0); at -= 1) {
      const word = words[at] ?? ''
      if (at % 2 === 0 && word !== '' && !isDecisionWord(word)) break
      words.length = at
      if (at % 2 === 0) decisions.unshift(word)
    }
    const before = words.join('').trim()
    const id = quoted === undefined ? before : jsonOf(quoted)
    if (decisions.length === 0 || (quoted !== undefined && before !== '')) {
      const hint = line === 1 ? ' (a CSV begins with a row of column names, one of them indicator_id)' : ''
      const message = `must be an indicator_id and then accept or field=value${hint}; got ${showValue(content)}`
      parsed.push({ line, field: '', message })
    } else parsed.push(fromFields(line, { indicator_id: id, decision: decisions.join(' ') }))
  }
  return parsed
}

function isDecisionWord(word: string): boolean {
  return word.includes('=') || ACCEPTING.has(word.toLowerCase()) || SKIPPING.has(word.toLowerCase())
}

const ACCEPTING: ReadonlySet<string> = new Set(['accept', 'accepted', 'ok'])
const CORRECTING: ReadonlySet<string> = new Set(['correct', 'corrected'])
const SKIPPING: ReadonlySet<string> = new Set(['skip', 'later'])

function fromFields(line: number, fields: Readonly<Record<string, unknown>>): Parsed {
  const problem = (field: string, message: string): ReviewProblem => ({ line, field, message })
  for (const name of Object.keys(fields)) {
    const meant = nearestName(name.toLowerCase(), FIELDS_THAT_DECIDE)
    // Any other column is a remark of its own, as a spreadsheet may have many.
    if (meant !== undefined && meant !== name) return problem(name, `no such field: did you mean ${meant}?`)
  }
  const id = fields.indicator_id
  if (typeof id !== 'string' || id.trim() === '') {
    return problem('indicator_id', `must name an indicator; got ${id === undefined ? 'none' : showValue(id)}`)
  }
  const { note = '' } = fields
  if (typeof note !== 'string' && note !== null) return problem('note', `must be a text; got ${showValue(note)}`)
  if ((note ?? '').length > MAX_NOTE) return problem('note', `must be at most ${MAX_NOTE} characters`)

  const fromDecision = readDecision(fields.decision)
  if (typeof fromDecision === 'string') return problem('decision', fromDecision)
  const fromCorrections = readPairs(fields.corrections)
  if (typeof fromCorrections === 'string') return problem('corrections', fromCorrections)
  const corrections = [...fromDecision.pairs, ...fromCorrections]
  if (fromDecision.word === 'accept' && corrections.length > 0) {
    return problem('decision', 'says accept, and there are corrections beside it: give one of them')
  }
  if (fromDecision.word === 'skip' && corrections.length > 0) {
    return problem('decision', 'says skip, and there are corrections beside it: give one of them')
  }
  if (fromDecision.word === 'correct' && corrections.length === 0) {
    return problem('corrections', `there are none though the decision says correct: ${WAY}`)
  }
  const twice = corrections.find(([field], index) => corrections.findIndex(([other]) => other === field) !== index)
  if (twice !== undefined) return problem(printable(twice[0]), 'is corrected twice: give it once')
  const seen = Object.fromEntries(
    SEEN_FIELDS.flatMap((field) => (typeof fields[field] === 'string' ? [[field, fields[field].trim()]] : [])),
  )
  const decision = corrections.length > 0 ? 'correct' : fromDecision.word === 'accept' ? 'accept' : 'undecided'
  return { line, indicatorId: id.trim(), decision, corrections, note: (note ?? '').trim(), seen }
}

type Pairs = readonly (readonly [field: string, value: string])[]

/** A word, corrections in its place, or what is wrong. */
function readDecision(
  value: unknown,
): { readonly word: 'accept' | 'correct' | 'skip' | 'none'; readonly pairs: Pairs } | string {
  if (typeof value === 'string') {
    const word = value.trim().toLowerCase()
    if (word === '') return { word: 'none', pairs: [] }
    if (ACCEPTING.has(word)) return { word: 'accept', pairs: [] }
    if (CORRECTING.has(word)) return { word: 'correct', pairs: [] }
    if (SKIPPING.has(word)) return { word: 'skip', pairs: [] }
    if (!word.includes('=')) {
      const meant = nearestName(word, ['accept', 'correct', 'skip'])
      return `is ${showValue(value)}${meant === undefined ? '' : ` (did you mean ${meant}?)`}: ${WAY}`
    }
  }
  const pairs = readPairs(value)
  return typeof pairs === 'string' ? pairs : { word: 'none', pairs }
}

/** Corrections as an object, as text, or as a list of texts; or what is wrong with them. */
function readPairs(value: unknown): Pairs | string {
  if (value === undefined || value === null) return []
  if (typeof value === 'string') return readPairText(value)
  if (Array.isArray(value)) {
    const pairs: (readonly [string, string])[] = []
    for (const part of value) {
      const read = typeof part === 'string' ? readPairText(part) : `holds ${showValue(part)}: ${WAY}`
      if (typeof read === 'string') return read
      pairs.push(...read)
    }
    return pairs
  }
  if (typeof value !== 'object') return `is ${showValue(value)}: ${WAY}`
  const pairs: (readonly [string, string])[] = []
  for (const [field, label] of Object.entries(value)) {
    if (label === null || label === '') continue
    if (typeof label !== 'string' && typeof label !== 'number')
      return `${printable(field)} is ${showValue(label)}: ${WAY}`
    pairs.push([field.trim().toLowerCase(), String(label).trim()])
  }
  return pairs
}

function readPairText(text: string): Pairs | string {
  if (text.trim().startsWith('{')) {
    const value = jsonOf(text)
    return typeof value === 'object' && value !== null ? readPairs(value) : `is ${showValue(text)}: ${WAY}`
  }
  const pairs: (readonly [string, string])[] = []
  const joined = text.replace(/\s*=\s*/g, '=')
  for (const part of joined.split(/[\s,;]+/).filter((one) => one !== '')) {
    const [, field, label] = PAIR.exec(part) ?? []
    if (field === undefined || label === undefined) return `holds ${showValue(part)}, which is no field=value: ${WAY}`
    pairs.push([field.toLowerCase(), label])
  }
  return pairs
}

function doubled(lines: readonly ReviewLine[]): ReviewProblem[] {
  const first = new Map<string, number>()
  const problems: ReviewProblem[] = []
  for (const { line, indicatorId } of lines) {
    const before = first.get(indicatorId)
    if (before === undefined) first.set(indicatorId, line)
    else {
      const message = `${showValue(indicatorId)} stands in line ${before} already: decide it once`
      problems.push({ line, field: 'indicator_id', message })
    }
  }
  return problems
}

/** Records of a CSV: lines, and where a quote is open the lines that follow. */
function* recordsOf(text: string): Generator<{ readonly line: number; readonly content: string }> {
  let open: { readonly line: number; readonly parts: string[] } | undefined
  let quotes = 0
  for (const [index, part] of text.split(/\r?\n/).entries()) {
    open ??= { line: index + 1, parts: [] }
    open.parts.push(part)
    quotes += part.split('"').length - 1
    if (quotes % 2 === 1) continue
    yield { line: open.line, content: open.parts.join('\n') }
    open = undefined
    quotes = 0
  }
  if (open !== undefined) yield { line: open.line, content: open.parts.join('\n') }
}

function columnName(cell: string): string {
  return cell
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, '_')
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
