/** The page of blind labels: the place where the browser shows one drawn record after the other, without any answer. */
import type { VNode } from 'preact'
import { Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { Command } from './parts.ts'
import type { ReviewField, TogetherRule } from './review-page.ts'

/** A record to be labelled blind. */
export interface BlindRecord {
  readonly id: string
  readonly texts: readonly { readonly name: string; readonly text: string }[]
  readonly samples: readonly { readonly date: string; readonly value: number }[]
}

export interface LabelData {
  readonly run: string
  /** The target to plan for; '' where the certificate is planned already. */
  readonly target: string
  readonly catalogue: string
  readonly codebook: string
  readonly reviewer: string
  readonly fields: readonly ReviewField[]
  readonly together: readonly TogetherRule[]
  readonly progress: Progress | null
}

/** How many rows have all labels, and about how many it takes in all. */
export interface Progress {
  readonly labelled: number
  readonly about: number
}

export const title = (_data: LabelData): string => 'Label blind'

export function Page({ data, frame }: PageProps<LabelData>): VNode {
  return html`<${Layout} frame=${frame} title="Label blind" aside=${html`<span class="dim">as ${data.reviewer}</span>`}>
    <p class="dim">Rows of <a href=${`${frame.base}/accuracy?run=${encodeURIComponent(data.run)}`}>${data.run}</a>, drawn at random. You see no answer, so that your labels can judge it.</p>
    <div id="blind"></div>
    <noscript><p class="note">Labelling by keys needs JavaScript. In a terminal: <${Command} text=${`npm run certify -- --run ${data.run}`} /></p></noscript>
  <//>`
}
