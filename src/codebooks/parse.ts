/** Reads the text of a codebook file: YAML, held to the format and checked as a whole, with the line of every fault. */
import { isNode, isPair, LineCounter, parseDocument, YAMLMap } from 'yaml'
import { z } from 'zod'
import { checkCodebook } from './checks.ts'
import { type CodeList, parseCodeList } from './code-list.ts'
import { type Codebook, compileCodebook } from './codebook.ts'
import { type CodebookFile, codebookSchema } from './format.ts'

/** A fault of a codebook or of one of its code lists. */
export interface CodebookProblem {
  /** The file name of the code list with the fault; null where the codebook itself has the fault. */
  readonly file: string | null
  /** The line of that file, counted from 1. */
  readonly line: number
  /** The place in the file by its keys, such as "fields[2].values[0].definition"; "" where the whole file is meant. */
  readonly key: string
  readonly message: string
}

export type ParsedCodebook =
  | { readonly ok: true; readonly codebook: Codebook; readonly file: CodebookFile }
  | { readonly ok: false; readonly problems: readonly CodebookProblem[] }

const LARGEST_TEXT = 2_000_000
const MOST_PROBLEMS = 50
const MOST_ALIASES = 100

type Path = readonly (string | number)[]

/**
 * The codebook in `text`. `lists` holds the text of each code list by the file name that the codebook gives it. Never
 * throws; all faults are reported at once, fifty at the most.
 */
export function parseCodebook(text: string, lists: ReadonlyMap<string, string>): ParsedCodebook {
  if (text.length > LARGEST_TEXT) return refused([problem(1, '', `is larger than ${LARGEST_TEXT} characters`)])
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false, version: '1.2' })
  if (document.errors.length > 0) {
    return refused(
      document.errors.map(({ pos, message }) => problem(lines.linePos(pos[0]).line, '', `is no YAML: ${message}`)),
    )
  }
  const lineAt = (path: Path) => lineOf(document, lines, path)
  let input: unknown
  try {
    // YAML's aliases can make gigabytes of a few lines, so their number is bounded.
    input = document.toJS({ maxAliasCount: MOST_ALIASES })
  } catch (error) {
    return refused([problem(1, '', `is no YAML: ${error instanceof Error ? error.message : String(error)}`)])
  }
  const checked = codebookSchema.safeParse(input)
  if (!checked.success) {
    return refused(checked.error.issues.flatMap((issue) => problemsOf(issue, lineAt)))
  }
  const file = checked.data
  const { codeLists, problems } = readLists(file, lists, lineAt)
  const found = checkCodebook(file, codeLists).map(({ path, message }) => problem(lineAt(path), keyOf(path), message))
  if (problems.length + found.length > 0) return refused([...found, ...problems])
  return { ok: true, codebook: compileCodebook(file, codeLists), file }
}

/** The file names of the code lists that the text of a codebook asks for; none where the text cannot be read. */
export function codeListFiles(text: string): string[] {
  const parsed = fieldsSchema.safeParse(toValue(text.slice(0, LARGEST_TEXT)))
  return parsed.success ? [...new Set(parsed.data.fields.flatMap(({ codes }) => codes?.file ?? []))] : []
}

/** As much of a codebook as names its code lists. */
const fieldsSchema = z.looseObject({
  fields: z.array(z.looseObject({ codes: z.looseObject({ file: z.string() }).optional() })),
})

function toValue(text: string): unknown {
  try {
    return parseDocument(text).toJS({ maxAliasCount: MOST_ALIASES })
  } catch {
    return undefined
  }
}

function readLists(file: CodebookFile, lists: ReadonlyMap<string, string>, lineAt: (path: Path) => number) {
  const codeLists = new Map<string, CodeList>()
  const problems: CodebookProblem[] = []
  for (const [index, { codes }] of file.fields.entries()) {
    if (codes === undefined || codeLists.has(codes.file)) continue
    const text = lists.get(codes.file)
    if (text === undefined) {
      const path = ['fields', index, 'codes', 'file']
      problems.push(problem(lineAt(path), keyOf(path), `the code list ${codes.file} is not there`))
      continue
    }
    const parsed = parseCodeList(text)
    codeLists.set(codes.file, parsed.list)
    for (const { line, message } of parsed.problems) problems.push({ file: codes.file, line, key: '', message })
  }
  return { codeLists, problems }
}

function refused(problems: readonly CodebookProblem[]): ParsedCodebook {
  const ordered = problems.toSorted((a, b) => (a.file ?? '').localeCompare(b.file ?? '') || a.line - b.line)
  return { ok: false, problems: ordered.slice(0, MOST_PROBLEMS) }
}

function problem(line: number, key: string, message: string): CodebookProblem {
  return { file: null, line, key, message }
}

function problemsOf(issue: z.core.$ZodIssue, lineAt: (path: Path) => number): CodebookProblem[] {
  const path = issue.path.filter((part): part is string | number => typeof part !== 'symbol')
  if (issue.code !== 'unrecognized_keys') {
    const isMissing = issue.code === 'invalid_type' && /received undefined/.test(issue.message)
    return [problem(lineAt(path), keyOf(path), isMissing ? 'is missing' : lowerFirst(issue.message))]
  }
  return issue.keys.map((key) => problem(lineAt([...path, key]), keyOf([...path, key]), 'is no key of the format'))
}

function lowerFirst(text: string): string {
  return text.slice(0, 1).toLowerCase() + text.slice(1)
}

/** Writes a path as a person reads it, such as "fields[2].values[0].definition". */
export function keyOf(path: Path): string {
  return path.reduce<string>((key, part) => {
    if (typeof part === 'number') return `${key}[${part}]`
    return key === '' ? part : `${key}.${part}`
  }, '')
}

/** The line of the key at `path`; where the file has no such key, the line of the nearest key above it. */
function lineOf(document: ReturnType<typeof parseDocument>, lines: LineCounter, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = offsetOf(document, path.slice(0, length))
    if (offset !== undefined) return lines.linePos(offset).line
  }
  return 1
}

function offsetOf(document: ReturnType<typeof parseDocument>, path: Path): number | undefined {
  const parent = document.getIn(path.slice(0, -1), true)
  const last = path.at(-1)
  if (parent instanceof YAMLMap) {
    const pair = parent.items.find((item) => isPair(item) && String(item.key) === String(last))
    return pair !== undefined && isNode(pair.key) ? pair.key.range?.[0] : undefined
  }
  const node = document.getIn(path, true)
  return isNode(node) ? node.range?.[0] : undefined
}
