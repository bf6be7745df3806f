/** Code lists: a CSV text of codes with titles, parents, definitions and synonyms, read and checked. */
import { parse } from 'csv-parse/sync'

export interface Code {
  readonly code: string
  readonly title: string
  /** The code of the next higher level of the list; null for a code of the top level. */
  readonly parent: string | null
  readonly definition: string
  readonly synonyms: readonly string[]
}

export interface CodeList {
  readonly codes: readonly Code[]
  readonly byCode: ReadonlyMap<string, Code>
  /** The codes that are the parent of no other code. */
  readonly leaves: ReadonlySet<string>
}

/** A fault of a code list. `line` is the line of the CSV file and counts from 1. */
export interface ListProblem {
  readonly line: number
  readonly message: string
}

const COLUMNS = ['code', 'title', 'parent', 'definition', 'synonyms'] as const
const SYNONYM_SEPARATOR = ';'
const MOST_PROBLEMS = 20
export const MOST_CODES = 20_000
/** A code is one word of at most this many characters, because it stands before its title in a question and alone in an answer. */
const MOST_CODE_CHARACTERS = 60

interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

/** Reads the CSV text of a code list. It never throws; where there are problems, the list that it returns is empty. */
export function parseCodeList(text: string): { readonly list: CodeList; readonly problems: readonly ListProblem[] } {
  const problems: ListProblem[] = []
  const { rows: all, fault } = splitCsv(text)
  if (fault !== null) return { list: listOf([]), problems: [{ line: 1, message: `is no CSV text: ${fault}` }] }
  const [header, ...rows] = all
  const columns = (header?.cells ?? []).map((cell) => cell.trim().toLowerCase())
  for (const [index, column] of columns.entries()) {
    if (!COLUMNS.some((known) => known === column)) {
      problems.push({ line: 1, message: `the column "${column}" is unknown; there are ${COLUMNS.join(', ')}` })
    } else if (columns.indexOf(column) !== index) {
      problems.push({ line: 1, message: `the column "${column}" stands twice` })
    }
  }
  for (const needed of ['code', 'title']) {
    if (!columns.includes(needed)) problems.push({ line: 1, message: `the column "${needed}" is missing` })
  }
  if (problems.length > 0) return { list: listOf([]), problems }

  const codes: Code[] = []
  const lineOf = new Map<string, number>()
  for (const { line, cells } of rows) {
    if (cells.length !== columns.length) {
      problems.push({ line, message: `has ${cells.length} cells, but the header has ${columns.length}` })
      continue
    }
    const cell = (name: (typeof COLUMNS)[number]) => (cells[columns.indexOf(name)] ?? '').trim()
    const code = cell('code')
    if (code === '' || cell('title') === '') {
      problems.push({ line, message: code === '' ? 'the code is empty' : `the code ${code} has no title` })
    } else if (/\s/.test(code) || code.length > MOST_CODE_CHARACTERS) {
      const message = `the code "${code.slice(0, MOST_CODE_CHARACTERS)}" must be at most ${MOST_CODE_CHARACTERS} characters without white space`
      problems.push({ line, message })
    } else if (lineOf.has(code)) {
      problems.push({ line, message: `the code ${code} stands on line ${lineOf.get(code)} already` })
    } else {
      lineOf.set(code, line)
      codes.push({
        code,
        title: cell('title'),
        parent: columns.includes('parent') && cell('parent') !== '' ? cell('parent') : null,
        definition: columns.includes('definition') ? cell('definition') : '',
        synonyms: columns.includes('synonyms') ? splitSynonyms(cell('synonyms')) : [],
      })
    }
  }
  if (codes.length > MOST_CODES)
    problems.push({ line: 1, message: `holds ${codes.length} codes, at most ${MOST_CODES} are allowed` })
  if (codes.length === 0 && problems.length === 0) problems.push({ line: 1, message: 'holds no code' })
  problems.push(...parentProblems(codes, lineOf))
  return problems.length > 0
    ? { list: listOf([]), problems: problems.slice(0, MOST_PROBLEMS) }
    : { list: listOf(codes), problems }
}

function splitSynonyms(text: string): string[] {
  return text
    .split(SYNONYM_SEPARATOR)
    .map((synonym) => synonym.trim())
    .filter((synonym) => synonym !== '')
}

/** A problem for each parent that is no code of the list, and for each circle of codes that are their own ancestors. */
function parentProblems(codes: readonly Code[], lineOf: ReadonlyMap<string, number>): ListProblem[] {
  const parentOf = new Map(codes.map(({ code, parent }) => [code, parent]))
  const inCircle = new Set<string>()
  return codes.flatMap(({ code, parent }): ListProblem[] => {
    const line = lineOf.get(code) ?? 1
    if (parent === null) return []
    if (!parentOf.has(parent)) return [{ line, message: `the parent ${parent} of ${code} is no code of the list` }]
    if (inCircle.has(code)) return []
    const path = [code]
    for (let next: string | null | undefined = parent; next !== null && next !== undefined; next = parentOf.get(next)) {
      if (next === code) {
        for (const one of path) inCircle.add(one)
        return [{ line, message: `the parents of ${code} make a circle: ${[...path, code].join(' → ')}` }]
      }
      // The code's ancestors hold a circle that the code itself is no part of: a code of the circle reports it.
      if (path.includes(next)) return []
      path.push(next)
    }
    return []
  })
}

function listOf(codes: readonly Code[]): CodeList {
  const parents = new Set(codes.map(({ parent }) => parent))
  return {
    codes,
    byCode: new Map(codes.map((code) => [code.code, code])),
    leaves: new Set(codes.filter(({ code }) => !parents.has(code)).map(({ code }) => code)),
  }
}

/** The titles of a code and of its ancestors, from the top level of the list down to the code itself. */
export function pathOf(list: CodeList, code: string): string[] {
  const titles: string[] = []
  for (let found = list.byCode.get(code); found !== undefined; found = list.byCode.get(found.parent ?? '')) {
    titles.unshift(found.title)
  }
  return titles
}

/** Rows of a text with separated and perhaps quoted cells; blank lines are left out. A text that is no CSV gives no rows, and `fault` says why. */
function splitCsv(text: string): { readonly rows: readonly Row[]; readonly fault: string | null } {
  try {
    const records = parse(text, {
      bom: true,
      delimiter: separatorOf(text),
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
    })
    const rows = records as unknown as readonly {
      readonly record: readonly string[]
      readonly info: { readonly lines: number }
    }[]
    return { rows: rows.map(({ record, info }) => ({ line: info.lines, cells: record })), fault: null }
  } catch (error) {
    return { rows: [], fault: error instanceof Error ? error.message : String(error) }
  }
}

/** The separator of the header's cells: a comma, or the semicolon or tab that spreadsheets of many countries write. */
function separatorOf(text: string): string {
  const header = text.replace(/^\ufeff?\s*/, '').split(/[\r\n]/, 1)[0] ?? ''
  const isKnown = (cell: string) => COLUMNS.some((column) => column === cell.trim().replaceAll('"', '').toLowerCase())
  return [';', '\t'].find((separator) => header.split(separator).filter(isKnown).length > 1) ?? ','
}

/** Writes a code with its title and those of its parents, as in "3118 Bakeries (Manufacturing > Food manufacturing)". */
export function titledCode(list: CodeList, code: string): string {
  const titles = pathOf(list, code)
  const title = titles.pop()
  if (title === undefined) return code
  return `${code} ${title}${titles.length === 0 ? '' : ` (${titles.join(' > ')})`}`
}
