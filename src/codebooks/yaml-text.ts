/** Reads YAML text as plain values, with the line of every key, and says in sentences what is wrong with the text. */
import {
  type Document,
  isAlias,
  isNode,
  isPair,
  isScalar,
  Lexer,
  LineCounter,
  parseDocument,
  visit,
  YAMLMap,
} from 'yaml'

export type Path = readonly (string | number)[]

export interface YamlProblem {
  readonly line: number
  readonly message: string
}

export interface YamlText {
  /** The value of the text; undefined where the text cannot be read, and `problems` then says why. */
  readonly value: unknown
  /** Faults of the text itself. Keys that stand twice are reported beside a value, every other fault without one. */
  readonly problems: readonly YamlProblem[]
  /** The line of the key at `path`; where the text has no such key, the line of the nearest key above it. */
  readonly lineAt: (path: Path) => number
}

const MOST_ALIASES = 100
/**
 * The most tokens of a text: its signs, words and line breaks. The document that the library builds of them takes a hundred times
 * the memory of the text, so that a megabyte of brackets would end the process.
 */
const MOST_TOKENS = 150_000
/** The most brackets that are open at once, and the most signs of a list or a key in one line. */
const MOST_DEPTH = 100
/** One fault early in a text lets the reader stumble over every line below it, so that further ones say nothing. */
const MOST_UNREADABLE = 3

const QUOTES = 'put a text that holds ": " or " #", or that begins with a special character, into quotes'

export function readYaml(text: string): YamlText {
  const lines = new LineCounter()
  const source = withoutNpmLines(text)
  const crowded = findCrowd(source)
  if (crowded !== undefined) return { value: undefined, problems: [crowded], lineAt: () => 1 }
  const document = parseDocument(source, {
    lineCounter: lines,
    // The library compares each key with all others of its map, which takes a minute where they are tens of thousands.
    uniqueKeys: false,
    prettyErrors: false,
    version: '1.2',
    // With "silent" the library would keep a second document to itself; with "warn" it would write warnings to stderr.
    logLevel: 'error',
  })
  const lineAt = (path: Path) => lineOf(document, lines, path)
  const lineOfOffset = (offset: number) => lines.linePos(offset).line
  const unreadable = (problems: readonly YamlProblem[]): YamlText => {
    return { value: undefined, problems: problems.slice(0, MOST_UNREADABLE), lineAt }
  }

  const [broken] = document.errors
  if (broken !== undefined) return unreadable([{ line: lineOfOffset(broken.pos[0]), message: wordError(broken) }])
  const tags = document.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED')
  const strange = [
    ...tags.map(({ pos }) => ({
      line: lineOfOffset(pos[0]),
      message: `is no YAML: a text begins with "!": ${QUOTES}`,
    })),
    ...aliasProblems(document, lineOfOffset),
  ]
  if (strange.length > 0) return unreadable(strange)

  const problems = repeatedKeys(document, lineOfOffset)
  try {
    // YAML's aliases can make gigabytes of a few lines, so their number is bounded.
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES }), problems, lineAt }
  } catch (error) {
    const message = `is no YAML: ${error instanceof Error ? error.message : String(error)}`
    return unreadable([{ line: firstAlias(document, lineOfOffset), message }])
  }
}

/** Says where a text goes beyond the bounds on its tokens, before anything is built of it. */
function findCrowd(source: string): YamlProblem | undefined {
  let tokens = 0
  let line = 1
  let open = 0
  let signs = 0
  for (const token of new Lexer().lex(source)) {
    tokens += 1
    if (token === '[' || token === '{') open += 1
    else if (token === ']' || token === '}') open -= 1
    else if (open === 0 && ['-', '?', ':'].includes(token)) signs += 1
    if (tokens > MOST_TOKENS)
      return { line, message: `is too large: a codebook has at most ${MOST_TOKENS} signs, words and line breaks` }
    if (open > MOST_DEPTH || signs > MOST_DEPTH)
      return { line, message: `is nested too deep: at most ${MOST_DEPTH} levels may begin in one line` }
    if (token.includes('\n')) {
      line += token.split('\n').length - 1
      signs = 0
    }
  }
  return undefined
}

/**
 * Empties the lines that npm run prints before the output of a script, because "npm run codebook -- init > my.yaml" writes
 * them into the file. They begin with "> " and stand before the first key; all other lines keep their numbers.
 */
function withoutNpmLines(text: string): string {
  return text.replace(/^\ufeff?(?:(?:> .*|[ \t]*)\r?\n)*(?:> .*$)?/, (head) => head.replace(/[^\r\n]/g, ''))
}

function wordError({ code, message }: Document['errors'][number]): string {
  switch (code) {
    case 'TAB_AS_INDENT':
      return 'is no YAML: a tab stands where the line begins: indent with spaces'
    case 'BLOCK_AS_IMPLICIT_KEY':
      return 'is no YAML: the text holds a colon, or the next line is indented too far: put a text that holds ": " into quotes'
    case 'MULTIPLE_DOCS':
      return 'is no YAML: a second document begins at "---": a file holds one codebook'
    default:
      return `is no YAML: ${message}: check that lines of one list begin at the same column, and ${QUOTES}`
  }
}

/** A problem for each key that stands in its map before. */
function repeatedKeys(document: Document, lineOfOffset: (offset: number) => number): YamlProblem[] {
  const problems: YamlProblem[] = []
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value))
          problems.push({
            line: lineOfOffset(key.range?.[0] ?? 0),
            message: `the key ${nameOf(key.value)}stands twice`,
          })
        seen.add(key.value)
      }
    },
  })
  return problems.sort((a, b) => a.line - b.line)
}

function nameOf(key: unknown): string {
  const name = /^[\w-]{1,60}/.exec(String(key))?.[0]
  return name === undefined ? '' : `${name} `
}

/** A problem for each alias whose anchor does not stand before it, such as a text that begins with an asterisk. */
function aliasProblems(document: Document, lineOfOffset: (offset: number) => number): YamlProblem[] {
  const anchors = new Set<string>()
  const problems: YamlProblem[] = []
  visit(document, {
    Node: (_, node) => {
      if (isAlias(node)) {
        if (anchors.has(node.source)) return
        const message = `is no YAML: *${node.source} refers to nothing: put a text that begins with * into quotes`
        problems.push({ line: lineOfOffset(node.range?.[0] ?? 0), message })
      } else if (node.anchor !== undefined) anchors.add(node.anchor)
    },
  })
  return problems
}

function firstAlias(document: Document, lineOfOffset: (offset: number) => number): number {
  let offset = 0
  visit(document, {
    Alias: (_, node) => {
      offset = node.range?.[0] ?? 0
      return visit.BREAK
    },
  })
  return lineOfOffset(offset)
}

function lineOf(document: Document, lines: LineCounter, path: Path): number {
  for (let length = path.length; length > 0; length -= 1) {
    const offset = offsetOf(document, path.slice(0, length))
    if (offset !== undefined) return lines.linePos(offset).line
  }
  return 1
}

function offsetOf(document: Document, path: Path): number | undefined {
  const parent = document.getIn(path.slice(0, -1), true)
  const last = path.at(-1)
  if (parent instanceof YAMLMap) {
    const pair = parent.items.find((item) => isPair(item) && String(item.key) === String(last))
    return pair !== undefined && isNode(pair.key) ? pair.key.range?.[0] : undefined
  }
  const node = document.getIn(path, true)
  return isNode(node) ? node.range?.[0] : undefined
}
