/** The table of rooms in CONTRIBUTING.md against the folders and files of `src`. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { quotedIn, ROOT, readPage, rowsOf } from './pages.ts'

/** Rows for a single file inside a room, which has walls of its own. */
const INSIDE = ['rate/types.ts']

test('CONTRIBUTING.md has a row for every room of src, and for no other', () => {
  const documented = rowsOf(readPage('CONTRIBUTING.md'), 'room').flatMap((row) => quotedIn(row['room'] ?? ''))
  const rooms = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).map((entry) => {
    return entry.isDirectory() ? `${entry.name}/` : entry.name
  })
  assert.deepEqual(documented.toSorted(), [...rooms, ...INSIDE].toSorted())
})
