/** What the browser gets beside the pages: modules without their types, styles and libraries, read at the start and compressed at their first use. */
import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { sha256 } from '../lib/sha256.ts'

export interface Asset {
  readonly type: string
  readonly plain: Buffer
  readonly gzip: Buffer
  readonly brotli: Buffer
}

export interface Assets {
  /** The part of the address that changes with any asset, so that browsers keep assets for ever. */
  readonly version: string
  find(path: string): Asset | undefined
  /** The modules that a page needs at its start, in the order in which they are needed. */
  modulesOf(view: string): readonly string[]
}

const ROOT = fileURLToPath(new URL('.', import.meta.url))
const JAVASCRIPT = 'text/javascript; charset=utf-8'
const TYPES: Readonly<Record<string, string>> = {
  ts: JAVASCRIPT,
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}
/** Libraries by the names under which modules import them. */
const LIBRARIES: Readonly<Record<string, string>> = {
  preact: import.meta.resolve('preact'),
  'preact/hooks': import.meta.resolve('preact/hooks'),
  htm: import.meta.resolve('htm'),
  uplot: new URL('uPlot.esm.js', import.meta.resolve('uplot')).href,
}
/** The modules that every page needs; a page's own follow. */
const COMMON = ['browser/main.ts', 'vendor/preact.js', 'vendor/preact-hooks.js', 'vendor/htm.js', 'page/html.ts']
const STYLES = 'static/style.css'
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }

/** Reads all assets. The modules of this release do not change while the process runs. */
export function readAssets(): Assets {
  const texts = new Map<string, { readonly type: string; readonly text: string }>()
  for (const folder of ['page', 'plots', 'browser', 'static']) {
    for (const name of readdirSync(join(ROOT, folder))) {
      const type = TYPES[name.split('.').at(-1) ?? '']
      if (type === undefined) continue
      const text = readFileSync(join(ROOT, folder, name), 'utf8')
      texts.set(`${folder}/${name}`, { type, text: type === JAVASCRIPT ? toBrowser(stripTypeScriptTypes(text)) : text })
    }
  }
  for (const [name, url] of Object.entries(LIBRARIES)) {
    const text = readFileSync(fileURLToPath(url), 'utf8').replace(/\n\/\/# sourceMappingURL=.*$/m, '')
    texts.set(`vendor/${fileOf(name)}`, { type: JAVASCRIPT, text: toBrowser(text) })
  }
  const styles = readFileSync(fileURLToPath(new URL('uPlot.min.css', import.meta.resolve('uplot'))), 'utf8')
  const own = texts.get(STYLES)
  if (own !== undefined) texts.set(STYLES, { ...own, text: `${styles}\n${own.text}` })
  const assets = new Map<string, Asset>()
  for (const [path, { type, text }] of texts) {
    assets.set(path, assetOf(type, Buffer.from(text)))
  }
  const version = sha256(JSON.stringify([...texts])).slice(0, 12)
  return {
    version,
    find: (path) => assets.get(path),
    modulesOf: (view) => [...new Set([...COMMON, ...importsOf(texts, `page/${view}-page.ts`)])],
  }
}

/** Each form is made when a browser first asks for it: to compress all of them took most of the CPU time of a start. */
function assetOf(type: string, plain: Buffer): Asset {
  let [gzip, brotli]: (Buffer | undefined)[] = []
  return {
    type,
    plain,
    get gzip() {
      gzip ??= gzipSync(plain)
      return gzip
    },
    get brotli() {
      brotli ??= brotliCompressSync(plain, QUALITY)
      return brotli
    },
  }
}

/** Browsers find modules by address alone, so that the names of libraries become addresses. */
function toBrowser(text: string): string {
  return text.replace(/\b(from|import)(\s*\(?\s*)(["'])([\w/-]+)\3/g, (whole, word, space, quote, name) => {
    return Object.hasOwn(LIBRARIES, name) ? `${word}${space}${quote}../vendor/${fileOf(name)}${quote}` : whole
  })
}

function fileOf(library: string): string {
  return `${library.replace('/', '-')}.js`
}

/** A module and all that it imports, each once. */
function importsOf(texts: ReadonlyMap<string, { readonly text: string }>, path: string): string[] {
  const found = new Set<string>()
  const visit = (one: string): void => {
    const text = texts.get(one)?.text
    if (text === undefined || found.has(one)) return
    found.add(one)
    for (const [, target = ''] of text.matchAll(/from\s*["'](\.[^"']+)["']/g)) {
      visit(new URL(target, `file:///${one}`).pathname.slice(1))
    }
  }
  visit(path)
  return [...found]
}
