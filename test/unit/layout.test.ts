/** The layout of `src`: small folders, as in `test`, short files, and imports that point downwards in the order of the design. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))
const TEST = fileURLToPath(new URL('..', import.meta.url))
const MOST_FILES = 20
const MOST_LINES = 250

/** The rooms from the lowest to the highest: a file imports from its own room and from rows below its own. */
const ROWS: readonly (readonly string[])[] = [
  ['errors.ts'],
  ['lib'],
  ['rate/types.ts', 'codebooks', 'config'],
  ['evidence'],
  ['classification'],
  ['eval', 'catalogue', 'rate', 'llm', 'store'],
  ['offline-model', 'metrics.ts', 'database-resources.ts', 'review'],
  ['restate', 'http', 'embedded', 'resources.ts', 'guard-resources.ts'],
  ['app.ts', 'warm-up.ts'],
  ['server.ts', 'guard', 'console', 'cli'],
  ['openapi', 'client'],
]

const files = filesOf(SRC)
const imports = new Map(files.filter((file) => /\.c?[jt]s$/.test(file)).map((file) => [file, importsOf(file)]))

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8')
  const named = text.matchAll(/^(?:import|export|\}) [^'\n]*from '(\.[^']+)'/gm)
  const bare = text.matchAll(/^import '(\.[^']+)'/gm)
  const called = text.matchAll(/\b(?:import|require)\('(\.[^']+)'\)/g)
  return [...named, ...bare, ...called].map(([, specifier = '']) => join(dirname(file), specifier))
}

function roomOf(file: string): string {
  const named = ROWS.flat().find((room) => room === file)
  return named ?? file.split('/')[0] ?? file
}

function rowOf(file: string): number {
  const row = ROWS.findIndex((rooms) => rooms.includes(roomOf(file)))
  assert.notEqual(row, -1, `${file} stands in no room that the design knows`)
  return row
}

test('no folder holds more than twenty files of its own', () => {
  const counts = new Map<string, number>()
  const tests = filesOf(TEST).filter((file) => !file.startsWith('fixtures/'))
  const all = [...files.map((file) => join('src', file)), ...tests.map((file) => join('test', file))]
  for (const file of all) counts.set(dirname(file), (counts.get(dirname(file)) ?? 0) + 1)
  assert.deepEqual(
    [...counts].filter(([, count]) => count > MOST_FILES),
    [],
  )
})

test('no file of code is longer than 250 lines', () => {
  const lines = (file: string) => readFileSync(join(SRC, file), 'utf8').split('\n').length - 1
  assert.deepEqual(
    [...imports.keys()].map((file) => [file, lines(file)] as const).filter(([, count]) => count > MOST_LINES),
    [],
  )
})

test('the first line of every file of code is a sentence that says what the file holds', () => {
  const first = (file: string) => readFileSync(join(SRC, file), 'utf8').split('\n', 1)[0] ?? ''
  const without = [...imports.keys()].filter(
    (file) => file.endsWith('.ts') && !/^\/\*\* \S.{20,}[.:](?: \*\/)?$/.test(first(file)),
  )
  assert.deepEqual(without, [])
})

test('every import inside src names a file that exists', () => {
  const known = new Set(files)
  const missing = [...imports].flatMap(([file, targets]) =>
    targets.filter((target) => !known.has(target)).map((t) => [file, t]),
  )
  assert.deepEqual(missing, [])
  assert.ok([...imports.values()].flat().length > 500, 'the imports are found at all')
})

test('no import points upwards, or sideways into a room of the same row', () => {
  const wrong = [...imports].flatMap(([file, targets]) =>
    targets
      .filter((target) => roomOf(target) !== roomOf(file) && rowOf(target) >= rowOf(file))
      .map((target) => `${file} -> ${target}`),
  )
  assert.deepEqual(wrong, [])
})

test('the imports make no cycle', () => {
  const state = new Map<string, 'open' | 'done'>()
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return
    assert.notEqual(state.get(file), 'open', `a cycle: ${[...path, file].join(' -> ')}`)
    state.set(file, 'open')
    for (const target of imports.get(file) ?? []) visit(target, [...path, file])
    state.set(file, 'done')
  }
  for (const file of imports.keys()) visit(file, [])
})

test('a command starts without the model side, whose modules would take a third of its start', () => {
  const called = (file: string) => [...readFileSync(join(SRC, file), 'utf8').matchAll(/await import\('(\.[^']+)'\)/g)]
  const reached = new Set<string>()
  const visit = (file: string): void => {
    if (reached.has(file)) return
    reached.add(file)
    // The program loads the module of the command that is asked for.
    const later =
      file === 'cli/program.ts' ? [] : called(file).map(([, specifier = '']) => join(dirname(file), specifier))
    for (const target of (imports.get(file) ?? []).filter((one) => !later.includes(one))) visit(target)
  }
  visit('cli/main.ts')
  assert.ok(reached.has('store/store.ts') && reached.size > 100, 'the imports are followed at all')
  assert.deepEqual(
    [...reached].filter((file) => file === 'metrics.ts' || file.startsWith('llm/openai/')),
    [],
  )
})

test('a chunk imports nothing of a batch', () => {
  const wrong = [...imports].filter(
    ([file, targets]) =>
      file.startsWith('restate/chunk/') && targets.some((target) => target.startsWith('restate/batch/')),
  )
  assert.deepEqual(wrong, [])
})
