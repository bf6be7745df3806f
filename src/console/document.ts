/** The HTML document of a page: what the server rendered of it, and its data for the browser to take over. */
import { h } from 'preact'
import { renderToString } from 'preact-render-to-string'
import type { Assets } from './assets.ts'
import type { Frame, PageModule } from './page/frame.ts'

export interface DocumentOptions {
  readonly view: string
  readonly page: PageModule
  /** The data that the page's module takes. */
  readonly data: unknown
  readonly frame: Frame
  readonly assets: Assets
}

/** Renders a document. All texts in it are escaped by Preact, and those of the data by `toScriptJson`. */
export function renderDocument({ view, page, data, frame, assets }: DocumentOptions): string {
  const at = (path: string) => `${frame.base}/assets/${assets.version}/${path}`
  const preloads = assets.modulesOf(view).map((path) => `<link rel="modulepreload" href="${at(path)}">`)
  const own = data as never
  const body = renderToString(h(page.Page, { data: own, frame }))
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(`${page.title(own)} · classify`)}</title>
<link rel="icon" href="${at('static/icon.svg')}">
<link rel="stylesheet" href="${at('static/style.css')}">
${preloads.join('\n')}
<script type="module" src="${at('browser/main.ts')}"></script>
</head>
<body>
<div id="app">${body}</div>
<script type="application/json" id="page">${toScriptJson({ view, data, frame })}</script>
</body>
</html>
`
}

/** JSON in which no text can end the element that it stands in, or begin a comment there. */
export function toScriptJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (found) => {
    return `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`
  })
}

function escapeText(text: string): string {
  return text.replace(/[<>&"']/g, (found) => `&#${found.charCodeAt(0)};`)
}
