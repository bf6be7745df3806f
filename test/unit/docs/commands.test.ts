/** The commands in the documentation against package.json and against the definitions of the command line. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Command, Option } from 'commander'
import { createProgram } from '../../../src/cli/program.ts'
import { currentPages, onlyQuoted, quotedIn, ROOT, type Row, readPage, rowsOf } from './pages.ts'

const packageFile: { scripts: Record<string, string> } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const scripts = Object.keys(packageFile.scripts)

const program = createProgram()
/** Every command by what is typed for it, such as "review apply". */
const commands = new Map(
  program.commands.flatMap((command) => [
    [command.name(), command] as const,
    ...command.commands.map((sub) => [`${command.name()} ${sub.name()}`, sub] as const),
  ]),
)

/** Programs whose options stand in the text of a file, because they run when they are imported. */
const OTHER_PROGRAMS: Readonly<Record<string, string>> = {
  chaos: 'test/chaos/main.ts',
  bench: 'test/bench/main.ts',
  'test:compose': 'test/compose/main.ts',
}

/** The sections of docs/commands.md by what is typed for their command. */
const sections = new Map(
  readPage('docs/commands.md')
    .text.split(/^(?=#{1,3} )/m)
    .flatMap((section) => {
      const typed = /^### `npm (?:run )?([^`]+)`/.exec(section)?.[1]
      return typed === undefined ? [] : [[typed.replace(' -- ', ' '), section] as const]
    }),
)

test('every script that the documentation names is in package.json, and every script is named', () => {
  const named = new Set<string>()
  for (const { path, text } of currentPages) {
    const calls = text.matchAll(/\bnpm (?:run (?:--silent )?([a-z0-9][a-z0-9:-]*)|(start|test)\b)/g)
    for (const [, script, short] of calls) {
      const name = script ?? short ?? ''
      assert.ok(scripts.includes(name), `${path} names npm run ${name}, which package.json lacks`)
      named.add(name)
    }
  }
  assert.deepEqual(
    scripts.filter((script) => !named.has(script)),
    [],
  )
})

test('every command of the command line is a script, and has a section in docs/commands.md', () => {
  for (const [typed] of commands) {
    assert.ok(scripts.includes(typed.split(' ')[0] ?? ''), `${typed} is no script of package.json`)
    assert.ok(sections.has(typed), `docs/commands.md has no section for ${typed}`)
  }
  const unknown = [...sections.keys()].filter((typed) => !commands.has(typed) && !scripts.includes(typed))
  assert.deepEqual(unknown, [])
})

for (const [typed, command] of commands) {
  test(`docs/commands.md lists the options of ${typed} with their defaults, and no other`, () => {
    const rows = rowsOf({ path: '', text: sections.get(typed) ?? '' }, 'option')
    const documented = rows.flatMap((row) => quotedIn(row['option'] ?? ''))
    const own = command.options.filter((option) => typed !== 'all-in-one' || !isOfClassify(option))
    assert.deepEqual(documented.toSorted(), own.map(flagsOf).toSorted())
    for (const option of own) checkDefault(option, rows)
  })
}

function flagsOf(option: Option): string {
  return option.flags.replace(/^-\w, /, '')
}

/** `all-in-one` takes the options of `classify` as they are, and its section refers to them. */
function isOfClassify(option: Option): boolean {
  return commands.get('classify')?.options.includes(option) === true
}

function checkDefault(option: Option, rows: readonly Row[]): void {
  const cell = rows.find((row) => quotedIn(row['option'] ?? '').includes(flagsOf(option)))?.['default'] ?? ''
  const { defaultValue, parseArg } = option
  if (defaultValue === undefined || typeof defaultValue === 'boolean') {
    assert.equal(onlyQuoted(cell), undefined, `${option.flags} has no default`)
    return
  }
  const text = onlyQuoted(cell)
  assert.ok(text !== undefined, `${option.flags} has a default, and its row names none`)
  // The value that the documented text gives is compared, so that "5m" stands for 300000.
  assert.deepEqual(parseArg === undefined ? text : parseArg(text, undefined), defaultValue, option.flags)
}

test('the section of all-in-one names the options of classify that it does not take', () => {
  const taken = commands.get('all-in-one')?.options.map(({ long }) => long) ?? []
  const missing = commands.get('classify')?.options.filter(({ long }) => !taken.includes(long)) ?? []
  const sentence = /options of `classify` except ([^.]*?), and these/s.exec(sections.get('all-in-one') ?? '')?.[1] ?? ''
  assert.deepEqual(quotedIn(sentence).toSorted(), missing.map(({ long }) => long).toSorted())
})

test('every example in the documentation uses options that its command has', () => {
  let checked = 0
  for (const { path, text } of currentPages) {
    for (const [example, name = '', rest = ''] of text.matchAll(
      /\b(?:npm run (?:--silent )?|npx classify )([a-z0-9:-]+)([^\n`|#]*)/g,
    )) {
      for (const [option] of rest.matchAll(/(?<=\s)--[a-z][a-z-]*/g)) {
        assert.ok(hasOption(name, rest, option), `${path}: "${example.trim()}" uses ${option}`)
        checked += 1
      }
    }
  }
  assert.ok(checked > 30, 'the examples are found at all')
})

function hasOption(name: string, rest: string, option: string): boolean {
  const file = OTHER_PROGRAMS[name]
  if (file !== undefined) return readFileSync(join(ROOT, file), 'utf8').includes(`${option.slice(2)}`)
  const [word = ''] = rest.replace(/^[\s-]+/, '').split(/\s/)
  const command = commands.get(`${name} ${word}`) ?? commands.get(name)
  return option === '--help' || (command?.options.some(({ long }) => long === option) ?? false)
}

test('every example of npx classify names a command', () => {
  const named = currentPages.flatMap(({ text }) => [...text.matchAll(/npx classify ([a-z][a-z0-9:-]*)/g)])
  assert.deepEqual(
    named.map(([, name = '']) => name).filter((name) => !commands.has(name)),
    [],
  )
  assert.ok(named.length > 0)
})

test('the README has a row for every command of the embedded stack', () => {
  const rows: readonly Row[] = rowsOf(readPage('README.md'), 'command')
  const text = rows.map((row) => row['command'] ?? '').join('\n')
  const isOfCluster = (name: string) => name.startsWith('cluster:')
  const missing = program.commands
    .map((command: Command) => command.name())
    .filter((name) => !isOfCluster(name) && !new RegExp(`npm (?:run )?${name}\\b`).test(text))
  assert.deepEqual(missing, [])
})
