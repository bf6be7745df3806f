/** The list of runs, which changes while it is open. */
import type { VNode } from 'preact'
import { count, dollars } from './format.ts'
import { Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { Badge, Empty, Progress, Time } from './parts.ts'

export interface RunRow {
  readonly id: string
  readonly startedAt: string
  readonly updatedAt: string
  readonly state: string
  readonly catalogue: string | null
  readonly codebook: string | null
  readonly size: number | null
  readonly done: number
  readonly needsReview: number
  readonly unverified: number
  readonly costUsd: number
  readonly perMinute: number
}

export interface RunsData {
  /** The catalogue whose runs are shown; '' for all. */
  readonly catalogue: string
  readonly limit: number
  readonly hasMore: boolean
  readonly runs: readonly RunRow[]
}

export const title = ({ catalogue }: RunsData): string => (catalogue === '' ? 'Runs' : `Runs of ${catalogue}`)

export function Page({ data, frame }: PageProps<RunsData>): VNode {
  const { runs, catalogue, limit, hasMore } = data
  const { base } = frame
  return html`<${Layout} frame=${frame} title=${title(data)}
    aside=${html`<a class="button primary" href="${base}/start">New run</a>`}>
    ${runs.some(({ state }) => state === 'review') && html`<p class="dim">A run in the state "review" holds what people decided in one sitting of a review.</p>`}
    ${catalogue !== '' && html`<p><a href="${base}/runs">Runs of all catalogues</a></p>`}
    ${
      runs.length === 0
        ? catalogue !== ''
          ? html`<${Empty}>This catalogue has no runs. <a href="${base}/runs">See all runs</a>, or <a href="${base}/start">start one</a>.<//>`
          : html`<${Empty}>There are no runs yet. Start one by <a href="${base}/start">dropping a file</a>, or in a terminal with <code>npm run classify -- FILE</code>.<//>`
        : html`<div class="scroll" tabindex="0" role="region" aria-label="Runs"><table class="rows live">
      <thead><tr>
        <th scope="col">State</th><th scope="col">Progress</th><th scope="col">Run</th><th scope="col">Catalogue</th>
        <th scope="col" class="num">A minute</th><th scope="col" class="num">To review</th><th scope="col" class="num">Cost</th>
        <th scope="col">Began</th>
      </tr></thead>
      <tbody>${runs.map(
        (run) => html`<tr key=${run.id}>
          <td><${Badge} state=${run.state} /></td>
          <td><${Progress} done=${run.done} of=${run.size} name=${`Progress of ${run.id}`} />${run.state === 'review' && ' decisions'}</td>
          <th scope="row"><a class="mono" href=${`${base}/runs/${encodeURIComponent(run.id)}`}><bdi>${run.id}</bdi></a></th>
          <td class="text">${
            run.catalogue === null
              ? '–'
              : html`<a href=${`${base}/runs?catalogue=${encodeURIComponent(run.catalogue)}`}><bdi>${run.catalogue}</bdi></a>`
          }</td>
          <td class="num">${run.state === 'running' ? count(run.perMinute) : ''}</td>
          <td class="num">${count(run.needsReview)}</td>
          <td class="num">${dollars(run.costUsd)}</td>
          <td><${Time} at=${run.startedAt} frame=${frame} /></td>
        </tr>`,
      )}</tbody>
    </table></div>`
    }
    ${hasMore && html`<p><a href=${`${base}/runs?limit=${Math.min(500, limit * 2)}${catalogue === '' ? '' : `&catalogue=${encodeURIComponent(catalogue)}`}`}>Show more runs</a></p>`}
  <//>`
}
