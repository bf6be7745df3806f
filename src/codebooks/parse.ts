/** Reads the text of a codebook file: YAML, held to the format and checked as a whole, with the line of every fault. */
import { z } from 'zod'
import { type CodebookParts, checkCodebook } from './checks.ts'
import { type CodeList, parseCodeList } from './code-list.ts'
import { type Codebook, compileCodebook } from './codebook.ts'
import { type CodebookFile, codebookSchema, constraintSchema, exampleSchema, fieldSchema } from './format.ts'
import { type Fault, wordIssue } from './format-faults.ts'
import { strangerOf, withoutKeys } from './stranger.ts'
import { type Path, readYaml, type YamlText } from './yaml-text.ts'

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
/** As many parts of one kind are judged in a codebook whose format has faults; a sound format has its own bounds. */
const MOST_PARTS = 100

/** What the caller knows beside the texts. */
export interface ParseOptions {
  /** Why a code list that the codebook names could not be read, by its file name. */
  readonly unread?: ReadonlyMap<string, UnreadList>
  /** Names that the codebook may not have. */
  readonly takenNames?: readonly string[]
}

export interface UnreadList {
  readonly message: string
  /** The line of the code list that is at fault; absent where the codebook must be changed. */
  readonly line?: number
}

/** The text of a codebook that was read once, for its code lists and then for itself: to read it takes most of the time. */
export interface CodebookText {
  /** The file names of the code lists that it asks for; none where the text cannot be read. */
  readonly files: readonly string[]
  /**
   * The codebook. `lists` holds the text of each code list by the file name that the codebook gives it. Never throws; all
   * faults are reported at once, fifty at the most.
   */
  parse(lists: ReadonlyMap<string, string>, options?: ParseOptions): ParsedCodebook
}

export function readCodebookText(text: string): CodebookText {
  const stranger = text.length > LARGEST_TEXT ? `is larger than ${LARGEST_TEXT} characters` : strangerOf(text)
  if (stranger !== undefined) return { files: [], parse: () => refused([problem(1, '', stranger)]) }
  const yaml = readYaml(text)
  return { files: filesOf(yaml.value), parse: (lists, options = {}) => parseYaml(yaml, lists, options) }
}

/** Parses a codebook whose code lists are known; see `CodebookText`. */
export function parseCodebook(
  text: string,
  lists: ReadonlyMap<string, string>,
  options?: ParseOptions,
): ParsedCodebook {
  return readCodebookText(text).parse(lists, options)
}

function parseYaml(
  { value, problems: unreadable, lineAt }: YamlText,
  lists: ReadonlyMap<string, string>,
  { unread = new Map(), takenNames = [] }: ParseOptions,
): ParsedCodebook {
  const textProblems = unreadable.map(({ line, message }) => problem(line, '', message))
  if (value === undefined) return refused(textProblems)
  const isWithoutKeys = withoutKeys(value)
  if (isWithoutKeys !== undefined) return refused([problem(1, '', isWithoutKeys)])

  const checked = codebookSchema.safeParse(value)
  const parts = checked.success ? partsOf(checked.data) : soundParts(value)
  const { codeLists, problems: listProblems } = readLists(parts, { lists, unread, lineAt })
  const faults = [
    ...(checked.error?.issues ?? []).flatMap((issue) => wordIssue(issue, value)),
    ...nameFaults(value, takenNames),
    ...checkCodebook(parts, codeLists),
  ]
  const problems = [
    ...textProblems,
    ...faults.map(({ path, message }) => problem(lineAt(path), keyOf(path), message)),
    ...listProblems,
  ]
  if (!checked.success || problems.length > 0) return refused(problems)
  return { ok: true, codebook: compileCodebook(checked.data, codeLists), file: checked.data }
}

function partsOf({ fields, constraints, examples }: CodebookFile): CodebookParts {
  return { fields, names: fields.map(({ name }) => name), constraints, examples }
}

/** The parts of a codebook that have the right format, so that all faults are reported at once. */
function soundParts(value: unknown): CodebookParts {
  const inputs = (key: string): unknown[] => {
    const list = isObject(value) ? value[key] : undefined
    return Array.isArray(list) ? list.slice(0, MOST_PARTS) : []
  }
  const sound = <T>(key: string, schema: z.ZodType<T>) => inputs(key).map((one) => schema.safeParse(one).data ?? null)
  return {
    fields: sound('fields', fieldSchema),
    names: inputs('fields').map((one) => (isObject(one) && typeof one['name'] === 'string' ? one['name'] : null)),
    constraints: sound('constraints', constraintSchema),
    examples: sound('examples', exampleSchema),
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function nameFaults(value: unknown, takenNames: readonly string[]): Fault[] {
  const name = isObject(value) ? value['name'] : undefined
  if (typeof name !== 'string' || !takenNames.includes(name)) return []
  return [{ path: ['name'], message: takenName(name) }]
}

/** What is said of a codebook that has the name of a built-in one. */
export function takenName(name: string): string {
  return `"${name}" is the name of a built-in codebook: give yours another name`
}

function filesOf(value: unknown): string[] {
  const parsed = fieldsSchema.safeParse(value)
  return parsed.success ? [...new Set(parsed.data.fields.flatMap(({ codes }) => codes?.file ?? []))] : []
}

/** As much of a codebook as names its code lists. */
const fieldsSchema = z.looseObject({
  fields: z.array(z.looseObject({ codes: z.looseObject({ file: z.string() }).optional().catch(undefined) }).catch({})),
})

interface Lists extends Required<Pick<ParseOptions, 'unread'>> {
  readonly lists: ReadonlyMap<string, string>
  readonly lineAt: (path: Path) => number
}

function readLists({ fields }: CodebookParts, { lists, unread, lineAt }: Lists) {
  const codeLists = new Map<string, CodeList>()
  const problems: CodebookProblem[] = []
  for (const [index, field] of fields.entries()) {
    const file = field?.codes?.file
    if (file === undefined || codeLists.has(file)) continue
    const text = lists.get(file)
    if (text === undefined) {
      const path = ['fields', index, 'codes', 'file']
      const { message, line } = unread.get(file) ?? { message: `the code list ${file} is not there` }
      problems.push(line === undefined ? problem(lineAt(path), keyOf(path), message) : { file, line, key: '', message })
      continue
    }
    const parsed = parseCodeList(text)
    codeLists.set(file, parsed.list)
    for (const { line, message } of parsed.problems) problems.push({ file, line, key: '', message })
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

/** Writes a path as a person reads it, such as "fields[2].values[0].definition". */
export function keyOf(path: Path): string {
  return path.reduce<string>((key, part) => {
    if (typeof part === 'number') return `${key}[${part}]`
    return key === '' ? part : `${key}.${part}`
  }, '')
}
