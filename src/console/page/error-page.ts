/** The page of what went wrong: what it was, and what the reader can do. */
import type { VNode } from 'preact'
import { Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'

export interface ErrorData {
  readonly title: string
  readonly message: string
  /** Where the reader can go on; null where it is the list of runs. */
  readonly back: { readonly href: string; readonly text: string } | null
}

export const title = (data: ErrorData): string => data.title

export function Page({ data, frame }: PageProps<ErrorData>): VNode {
  return html`<${Layout} frame=${frame} title=${data.title}>
    <div class="card" role="alert">${data.message.split('\n').map((line) => html`<p>${line}</p>`)}</div>
    <p>${data.back !== null && html`<a class="button primary" href=${data.back.href}>${data.back.text}</a> `}<a class="button" href="${frame.base}/runs">To the runs</a></p>
  <//>`
}
