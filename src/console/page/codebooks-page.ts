/** The list of codebooks. */
import type { VNode } from 'preact'
import { Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'

export interface CodebooksData {
  readonly codebooks: readonly {
    readonly name: string
    readonly version: string
    readonly title: string
    readonly fields: readonly string[]
    readonly hasRules: boolean
  }[]
}

export const title = (_data: CodebooksData): string => 'Codebooks'

export function Page({ data, frame }: PageProps<CodebooksData>): VNode {
  return html`<${Layout} frame=${frame} title="Codebooks"><div class="columns">${data.codebooks.map(
    ({ name, version, title: shown, fields, hasRules }) => html`<section class="card" key=${name}>
      <h2><a href=${`${frame.base}/codebooks/${encodeURIComponent(name)}`}><bdi>${shown}</bdi></a></h2>
      <p class="dim mono">${name}@${version}</p><p>${fields.join(', ')}</p>
      <p class="dim">${hasRules ? 'with rules of its own' : 'decided by the model and by people'}</p>
    </section>`,
  )}</div><//>`
}
