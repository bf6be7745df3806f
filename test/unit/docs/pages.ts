/** The pages of the documentation as the tests of this folder read them: text, headings, links and tables. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url))

export interface Page {
  /** The path from the root of the repository, such as "docs/review.md". */
  readonly path: string
  readonly text: string
}

/** A link to another file of the repository, or within the page. */
export interface Link {
  /** The path from the root of the repository. */
  readonly file: string
  /** The part behind `#`; "" where there is none. */
  readonly anchor: string
}

/** One row of a table by the texts of its header. */
export type Row = Readonly<Record<string, string>>

export const docsPages: readonly Page[] = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md'))
  .map((path) => readPage(posix.join('docs', path)))

/** Every page that says how things are now. The changelog is left out where names are checked, because it tells of old ones. */
export const currentPages: readonly Page[] = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md']
  .map(readPage)
  .concat(docsPages)

export const allPages: readonly Page[] = [...currentPages, readPage('CHANGELOG.md')]

export function readPage(path: string): Page {
  return { path, text: readFileSync(join(ROOT, path), 'utf8') }
}

/** The text of a page without its fenced blocks, in which nothing is a heading, a link or a table. */
function proseOf({ text }: Page): string {
  return text.replaceAll(/^```.*?^```$/gms, '')
}

/** The anchors that GitHub gives to the headings of a page. */
export function anchorsOf(page: Page): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of proseOf(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(/\s/g, '-')
    let unique = anchor
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`
    anchors.add(unique)
  }
  return anchors
}

/** The links of a page that lead to no other host. */
export function linksOf(page: Page): readonly Link[] {
  const targets = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#')
      const file = path === '' ? page.path : posix.normalize(posix.join(posix.dirname(page.path), path))
      return { file, anchor }
    })
}

/** The rows of all tables of a page whose header begins with `first`, such as "variable". */
export function rowsOf(page: Page, first: string): readonly Row[] {
  const rows: Row[] = []
  for (const [table] of proseOf(page).matchAll(/(?:^\|.*\|$\n?)+/gm)) {
    const [header = [], , ...body] = table.trimEnd().split('\n').map(cellsOf)
    if (header[0] !== first) continue
    for (const cells of body) rows.push(Object.fromEntries(header.map((name, index) => [name, cells[index] ?? ''])))
  }
  return rows
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim())
}

/** The texts in backticks of a cell or a paragraph. */
export function quotedIn(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, quoted = '']) => quoted)
}

/** The text in backticks where a cell holds nothing else, else undefined. */
export function onlyQuoted(cell: string): string | undefined {
  return /^`([^`]+)`$/.exec(cell)?.[1]
}
