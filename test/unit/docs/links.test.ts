/** The pages as a whole: links lead somewhere, every page is found from the README, and says for whom it is. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { allPages, anchorsOf, currentPages, docsPages, linksOf, type Page, ROOT, readPage } from './pages.ts'

const MOST_README_LINES = 200
const MOST_CLICKS = 2
/** Files that `npm run cluster:5node` makes, so that a fresh clone lacks them. */
const MADE_LATER = ['docker/identity/nodes/node.pem', 'docker/identity/replicas/cluster.pub']

const pages = new Map(allPages.map((page) => [page.path, page]))

test('every link of the documentation leads to a file, and every anchor to a heading', () => {
  const broken = allPages.flatMap((page) =>
    linksOf(page)
      .filter(({ file, anchor }) => !existsSync(join(ROOT, file)) || !(anchor === '' || hasAnchor(file, anchor)))
      .map(({ file, anchor }) => `${page.path} -> ${file}${anchor === '' ? '' : `#${anchor}`}`),
  )
  assert.deepEqual(broken, [])
  assert.ok(allPages.flatMap(linksOf).length > 100, 'the links are found at all')
})

function hasAnchor(file: string, anchor: string): boolean {
  return anchorsOf(pages.get(file) ?? readPage(file)).has(anchor)
}

test('no page holds the marks of a merge that was left half done', () => {
  const marked = allPages.filter(({ text }) => /^(?:<{7}|={7}|>{7})(?: |$)/m.test(text))
  assert.deepEqual(
    marked.map(({ path }) => path),
    [],
  )
})

test('every file and folder of the project that the documentation names exists', () => {
  const named = currentPages.flatMap(({ path, text }) =>
    [...text.matchAll(/`((?:src|test|docs|docker|nginx|\.ci)\/[\w./-]*)`/g)].map(([, file = '']) => ({ path, file })),
  )
  const missing = named.filter(({ file }) => !existsSync(join(ROOT, file)) && !MADE_LATER.includes(file))
  assert.deepEqual(missing, [])
  assert.ok(named.length > 20, 'the names are found at all')
})

test('every page is reached from the README within two clicks', () => {
  const reached = new Set(['README.md'])
  for (let click = 0; click < MOST_CLICKS; click += 1) {
    for (const path of [...reached]) {
      const page = pages.get(path)
      for (const { file } of page === undefined ? [] : linksOf(page)) reached.add(file)
    }
  }
  assert.deepEqual(
    [...pages.keys()].filter((path) => !reached.has(path)),
    [],
  )
})

test('the README has at most 200 lines', () => {
  assert.ok(readPage('README.md').text.trimEnd().split('\n').length <= MOST_README_LINES)
})

test('every page begins with one title and a paragraph that names its reader', () => {
  const guides = ['CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'].map(readPage)
  const wrong = [...docsPages, ...guides].filter((page) => !namesItsReader(page)).map(({ path }) => path)
  assert.deepEqual(wrong, [])
})

function namesItsReader({ text }: Page): boolean {
  return /^# [^\n]+\n\nFor (?:whoever|everyone|someone) [^:]{5,}: \S/.test(text) && text.match(/^# /gm)?.length === 1
}
