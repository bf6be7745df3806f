/** Whatever writes to a terminal or a log goes through the functions that make foreign text visible. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const SRC = fileURLToPath(new URL('../../src', import.meta.url))
const files = readdirSync(SRC, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => relative(SRC, join(entry.parentPath, entry.name)))

/** The lines of code that match, each with its file. */
function linesWith(form: RegExp): string[] {
  return files.flatMap((file) => {
    const lines = readFileSync(join(SRC, file), 'utf8').split('\n')
    return lines.filter((line) => form.test(line)).map((line) => `${file}: ${line.trim()}`)
  })
}

test('nothing but a text of our own, or a visible one, is written to stdout or stderr', () => {
  const own = ['(CLEAR_SCREEN)', "(await readFile(TEMPLATE, 'utf8'))"]
  const bare = linesWith(/\bstd(?:out|err)\.write\(|\bconsole\.\w+\(/).filter((line) => {
    return !/\b(?:visible(?:Text|Lines)|toVisibleJson)\(/.test(line) && !own.some((text) => line.includes(text))
  })
  assert.deepEqual(bare, [])
  assert.ok(linesWith(/\bstd(?:out|err)\.write\(/).length > 5, 'the lines are found at all')
})

test('every log writes its lines visibly', () => {
  const logs = linesWith(/\bpino\(/)
  assert.ok(logs.length >= 4, logs.join('\n'))
  assert.deepEqual(
    logs.filter((line) => !line.includes('hooks: LOG_HOOKS')),
    [],
  )
})

test('every file that an option names is written by the one writer', () => {
  const writers = linesWith(/from 'node:fs(?:\/promises)?'/).filter((line) => {
    return /^cli\//.test(line) && /\b(?:writeFile|createWriteStream|appendFile|rename|copyFile)\b/.test(line)
  })
  const known = ['cli/ui/output-file.ts', 'cli/cluster/', 'cli/classify/run-journal.ts', 'cli/runs/detach.ts']
  assert.deepEqual(
    writers.filter((line) => !known.some((start) => line.startsWith(start))),
    [],
  )
})
