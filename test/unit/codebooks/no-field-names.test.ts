/**
 * No file of `src` outside the folder of economic-indicators names a field or a value of it, because everything is built from
 * the codebook that a batch names. Names are told from plain words: a name with an underscore and a value with a hyphen may
 * stand nowhere, the other names of fields not where code uses them as a name.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Codebook } from '../../../src/codebooks/codebook.ts'
import { parseCodebook, readCodebookText } from '../../../src/codebooks/parse.ts'

const SRC = fileURLToPath(new URL('../../../src', import.meta.url))
const CODEBOOKS = join(SRC, 'codebooks')
const OWN = join('codebooks', 'economic-indicators')

/** Files that may name fields of economic-indicators, each with the reason. */
const EXCEPTIONS: ReadonlyMap<string, string> = new Map([
  ['store/migrations/001-020/001_tables.sql', 'is applied already, and made the columns of the first releases'],
  ['store/migrations/001-020/005_review.sql', 'is applied already, and made the columns of human answers'],
  ['store/migrations/001-020/008_codebooks.sql', 'moves the columns of the first releases into labels'],
])

/** Words of economic-indicators that code uses for something else: the file, and the text that names the other thing. */
const OTHER_MEANINGS: readonly (readonly [file: string, text: string])[] = [
  ['http/service-name.ts', "entry.family === 'IPv4'"],
  ['llm/openai/error-bodies.ts', "type: field('type')"],
  ['llm/openai/usage.ts', "['role', 'type', 'id']"],
  ['offline-model/completion.ts', "discriminatedUnion('type'"],
]

/** Files of no text. */
const BINARY = new Set(['.png', '.ico', '.woff2', '.gz', '.parquet', '.xlsx'])
const CODE = new Set(['.ts', '.cjs', '.mjs', '.js', '.sql'])

function codebookIn(folder: string): Codebook {
  const text = readFileSync(join(CODEBOOKS, folder, 'codebook.yaml'), 'utf8')
  const lists = readCodebookText(text).files.map(
    (file) => [file, readFileSync(join(CODEBOOKS, folder, file), 'utf8')] as const,
  )
  const parsed = parseCodebook(text, new Map(lists))
  assert.ok(parsed.ok, parsed.ok ? '' : JSON.stringify(parsed.problems))
  return parsed.codebook
}

function valuesOf({ fields }: Codebook): string[] {
  return fields.flatMap(({ type }) => {
    if (type.kind === 'derived') return [...type.valueOf.values()]
    return type.kind === 'values' ? type.values.map(({ value }) => String(value)) : []
  })
}

const economic = codebookIn('economic-indicators')
const FIELDS = [...economic.field.keys()]
/** Names that are no words of English: they may stand nowhere. */
const UNMISTAKABLE = FIELDS.filter((name) => name.includes('_'))
/** Names that are words of English as well: they are forbidden where code uses them as a name. */
const PLAIN = FIELDS.filter((name) => !name.includes('_'))
const HYPHENATED = [
  ...new Set(
    [...valuesOf(economic), ...economic.constraints.map(({ name }) => name)].filter((value) => value.includes('-')),
  ),
]

const camelCase = (name: string) => name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())

/** A field by itself, in camel case, or at the end of a longer name such as `confidence_unit_kind`. */
const unmistakable = new RegExp(
  `(?<![A-Za-z0-9])(?:${UNMISTAKABLE.join('|')})(?![A-Za-z0-9_])|\\b(?:${UNMISTAKABLE.map(camelCase).join('|')})\\b`,
  'i',
)
const hyphenated = new RegExp(`(?<![\\w-])(?:${HYPHENATED.join('|')})(?![\\w-])`)

/** `type` is a keyword of TypeScript and a property of many things, so only uses that can mean a label count. */
const HOLDERS =
  'labels|label|reading|decision|answer|result|classification|gold|row|item|current|before|after|accuracy|confidence|known|shown'
const typeAsLabel = new RegExp(`(['"\`])type\\1|\\b(?:${HOLDERS})s?\\??\\.type\\b|\\btype=|confidence_type\\b`)
/** In the pages of the console, `type="button"` is an attribute of HTML. */
const typeInPages = new RegExp(typeAsLabel.source.replace('type=', 'type=(?!")'))
const others = PLAIN.filter((name) => name !== 'type')
/** Any use of the word outside a sentence of a comment. */
const plain = new RegExp(`\\b(?:${others.join('|')})\\b`)

interface Found {
  readonly file: string
  readonly line: number
  readonly text: string
}

/** The lines of a text that name a field or a hyphenated value. `file` says how strictly plain words are read. */
function namesIn(file: string, text: string): Found[] {
  const isCode = CODE.has(extname(file))
  const allowed = new Set(ownWordsOf(file))
  return text.split('\n').flatMap((line, index) => {
    const isComment = /^\s*(?:\/\/|\/?\*|--)/.test(line)
    const isOther = OTHER_MEANINGS.some(([where, what]) => where === file && line.includes(what))
    const type = file.startsWith('console/') ? typeInPages : typeAsLabel
    const found = [
      unmistakable.exec(line)?.[0],
      hyphenated.exec(line)?.[0],
      ...(isCode && !isComment && !isOther ? [type.exec(line)?.[0], plain.exec(line)?.[0]] : []),
    ].filter((word) => word !== undefined && !allowed.has(word))
    return found.length === 0 ? [] : [{ file, line: index + 1, text: found.join(' ') }]
  })
}

/** Another codebook may have fields and values of the same name, which then are its own words in its own folder. */
function ownWordsOf(file: string): readonly string[] {
  return words.get(file.split(sep).slice(0, 2).join(sep)) ?? []
}

const words = new Map(
  readdirSync(CODEBOOKS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== 'economic-indicators')
    .map(({ name }) => {
      const codebook = codebookIn(name)
      return [join('codebooks', name), [...codebook.field.keys(), ...valuesOf(codebook)]] as const
    }),
)

const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && !BINARY.has(extname(entry.name)))
  .map((entry) => relative(SRC, join(entry.parentPath, entry.name)))
  .filter((file) => !file.startsWith(OWN + sep))
const read = (file: string) => readFileSync(join(SRC, file), 'utf8')

test('no file outside codebooks/economic-indicators names a field or a hyphenated value of it', () => {
  const found = files.filter((file) => !EXCEPTIONS.has(file)).flatMap((file) => namesIn(file, read(file)))
  const byFile = Map.groupBy(found, ({ file }) => file)
  assert.deepEqual(
    [...byFile].map(([file, all]) => {
      const first = all.slice(0, 3).map(({ line, text }) => `line ${line}: ${text}`)
      return `${file}, ${all.length} lines: ${first.join('; ')}`
    }),
    [],
  )
})

test('every exception is still needed, so that none hides a new name', () => {
  for (const [file] of EXCEPTIONS) {
    assert.ok(files.includes(file), `${file} is gone`)
    assert.ok(namesIn(file, read(file)).length > 0, `${file} names nothing any more`)
  }
  for (const [file, text] of OTHER_MEANINGS) assert.ok(read(file).includes(text), `${file} says no more ${text}`)
})

test('the folder of the codebook itself is full of names, so the search does find them', () => {
  const text = readFileSync(join(SRC, OWN, 'codebook.yaml'), 'utf8')
  assert.ok(namesIn('elsewhere.yaml', text).length > 60)
  assert.ok(UNMISTAKABLE.length >= 8 && PLAIN.length >= 4 && HYPHENATED.length >= 20)
})

const NAMING: readonly (readonly [file: string, line: string])[] = [
  ...UNMISTAKABLE.flatMap((name): [string, string][] => [
    ['a.ts', `const x = labels.${name}`],
    ['a.ts', `// a comment on ${name}.`],
    ['a.sql', `alter table a add column confidence_${name} text;`],
    ['a.md', `The field ${name} says it.`],
    ['a.json', `{"${name}": 1}`],
    ['a.ts', `const ${camelCase(name)} = 1`],
  ]),
  ...HYPHENATED.flatMap((value): [string, string][] => [
    ['a.ts', `if (x === '${value}') return`],
    ['a.ts', `const text = 'write type=${value} here'`],
    ['a.yaml', `- ${value}: a definition`],
    ['a.cjs', `/* ${value} */`],
  ]),
  ...others.flatMap((name): [string, string][] => [
    ['a.ts', `const { ${name} } = labels`],
    ['a.ts', `labels.${name}`],
    ['a.ts', `['${name}', 1]`],
    ['a.ts', `console.log(\`the ${name} of it\`)`],
    ['a.sql', `select ${name} from results`],
  ]),
  ['a.ts', 'const type = labels.type'],
  ['a.ts', "const FIELDS = ['type']"],
  ['a.ts', 'shown.has(result.type)'],
  ['a.ts', "'write accept, or corrections such as type=flow'"],
  [join('codebooks', 'release-topics', 'gold.jsonl'), '{"labels":{"unit_kind":"x"}}'],
  [join('codebooks', 'template.yaml'), '- value: growth-rate'],
]

test('a name is found in code, comments, SQL, JSON, YAML and prose', () => {
  assert.deepEqual(
    NAMING.filter(([file, line]) => namesIn(file, line).length === 0),
    [],
  )
})

const PLAIN_WORDS: readonly (readonly [file: string, line: string])[] = [
  ['a.ts', "import type { Field } from './codebook.ts'"],
  ['a.ts', 'export type Status = string'],
  ['a.ts', "  const { type } = field; return { type: 'object' }"],
  ['a.ts', '/** The frequency of a request, a family of functions. */'],
  ['a.ts', ' * growth-rates and growth-rate-like are other words'],
  ['a.md', 'Families differ in type, frequency and orientation.'],
  ['a.csv', '6241,Individual and Family Services,624,"Help for families, one family at a time",family'],
  ['a.ts', 'const unit_period = 1; const my_unit_kinds = 2'],
  [join('codebooks', 'codebook.schema.json'), '{"type": "object", "description": "How often: its frequency."}'],
]

test('plain words are no names', () => {
  assert.deepEqual(
    PLAIN_WORDS.flatMap(([file, line]) => namesIn(file, line)),
    [],
  )
})
