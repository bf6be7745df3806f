/** The page of what went wrong: what it was, and what the reader can do. */
import type { VNode } from 'preact'
import { Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'

export interface ErrorData {
  readonly title: string
  readonly message: string
}

export const title = (data: ErrorData): string => data.title

export function Page({ data, frame }: PageProps<ErrorData>): VNode {
  return html`<${Layout} frame=${frame} title=${data.title}>
    <div class="card" role="alert">${data.message.split('\n').map((line) => html`<p>${line}</p>`)}</div>
    <p><a href="${frame.base}/runs">Back to the runs</a></p>
  <//>`
}
