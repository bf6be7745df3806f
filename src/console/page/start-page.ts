/** Where a new run begins: a file is dropped or chosen, and nothing is asked before its reader has seen how it is read. */
import type { VNode } from 'preact'
import { bytes } from './format.ts'
import { Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { Action, Command, Time } from './parts.ts'

export interface StartData {
  /** Files that were dropped and wait for their run. */
  readonly waiting: readonly {
    readonly id: string
    readonly name: string
    readonly bytes: number
    readonly uploadedAt: string
  }[]
  /** Who answers in the place of a language model; '' where one does. */
  readonly offline: string
}

export const title = (_data: StartData): string => 'New run'

export function Page({ data, frame }: PageProps<StartData>): VNode {
  return html`<${Layout} frame=${frame} title="New run">
    ${data.offline !== '' && html`<p class="note">${data.offline}</p>`}
    <div class="card drop" id="drop">
      <p><label class="button primary" for="file">Choose a file</label> <input type="file" id="file" class="unseen" /> or drop it here.</p>
      <p class="dim">CSV, Excel, Parquet, JSON, JSON lines or SDMX-JSON, also packed. The next page shows how it is read and what it would cost; nothing is asked before that.</p>
      <div class="dim">No file at hand? <${Action} frame=${frame} action="/start/sample" fields=${{}} label="Take the sample: indicators of public statistics" tone="quiet" /></div>
      <p id="upload-state" role="status" aria-live="polite"></p>
      <noscript><p class="note">Dropping a file needs JavaScript. In a terminal: <${Command} text="npm run classify -- FILE" /></p></noscript>
    </div>
    ${
      data.waiting.length > 0 &&
      html`<section class="card"><h2>Files that wait for their run</h2><p class="dim">A file that no run was started with is deleted after a day.</p><ul class="plain">${data.waiting.map(
        ({ id, name, bytes: size, uploadedAt }) =>
          html`<li><a href=${`${frame.base}/start/${id}`}><bdi>${name}</bdi></a> <span class="dim">${bytes(size)}, <${Time} at=${uploadedAt} frame=${frame} /></span> <${Action} frame=${frame} action=${`/start/${id}/remove`} fields=${{}} label="Remove" tone="quiet" /></li>`,
      )}</ul></section>`
    }
  <//>`
}
