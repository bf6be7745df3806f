/** How right the runs of a catalogue were one after another: a table with intervals, and the same as a small plot. */
import type { VNode } from 'preact'
import { count, percent } from '../page/format.ts'
import type { Frame } from '../page/frame.ts'
import { html } from '../page/html.ts'
import { Time } from '../page/parts.ts'
import { CERTIFICATE_STATES, IntervalBar } from './accuracy-parts.ts'

export interface RunOverTime {
  readonly id: string
  readonly startedAt: string
  readonly codebook: string
  /** The labelled rows that were right in it, of all that people labelled, with the interval of the share. */
  readonly labelled: { readonly right: number; readonly of: number; readonly low: number; readonly high: number }
  /** Its results that people decided, and those that they changed. */
  readonly decided: number
  readonly corrected: number
  readonly certificate: 'shown' | 'missed' | 'more' | null
}

export interface OverTimeProps {
  readonly runs: readonly RunOverTime[]
  /** The run that the page shows. */
  readonly shown: string
  readonly target: number
  readonly frame: Frame
}

export function OverTime({ runs, shown, target, frame }: OverTimeProps): VNode {
  const address = (id: string) => `${frame.base}/accuracy?run=${encodeURIComponent(id)}`
  return html`<section class="card"><h2>Over time</h2>
    <p class="dim">The newest runs of this catalogue by the labels that people have given so far, and what people decided on their results. Where an interval lies below those before it, something has changed.</p>
    <${Plot} runs=${runs} target=${target} />
    <div class="scroll flat" tabindex="0" role="region" aria-label="Runs over time"><table class="rows"><thead><tr><th scope="col">Run</th><th scope="col">Began</th><th scope="col">Codebook</th><th scope="col" class="num">Right rows</th><th scope="col" class="num">Share</th><td></td><th scope="col" class="num">Decided</th><th scope="col" class="num">Corrected</th><th scope="col">Certificate</th></tr></thead>
      <tbody>${runs.map(
        ({ id, startedAt, codebook, labelled, decided, corrected, certificate }) =>
          html`<tr key=${id}><th scope="row">${id === shown ? html`<b class="mono">${id}</b>` : html`<a class="mono" href=${address(id)}>${id}</a>`}</th>
          <td><${Time} at=${startedAt} frame=${frame} /></td><td><bdi>${codebook}</bdi></td>
          <td class="num">${labelled.of === 0 ? '–' : `${count(labelled.right)} of ${count(labelled.of)}`}</td>
          <td class="num">${labelled.of === 0 ? '–' : percent(labelled.right / labelled.of, 1)}</td>
          <td class="bar" aria-hidden="true">${labelled.of > 0 && html`<${IntervalBar} low=${labelled.low} high=${labelled.high} target=${target} />`}</td>
          <td class="num">${count(decided)}</td><td class="num">${decided === 0 ? '–' : `${count(corrected)} (${percent(corrected / decided)})`}</td>
          <td>${certificate !== null && html`<span class="badge ${CERTIFICATE_STATES[certificate][0]}">${CERTIFICATE_STATES[certificate][1]}</span>`}</td></tr>`,
      )}</tbody></table></div>
  </section>`
}

const WIDTH = 600
const HEIGHT = 90
const MARGIN = 8

/** One point with its interval for each run, in their order; the axis begins at the lowest interval. */
function Plot({ runs, target }: { readonly runs: readonly RunOverTime[]; readonly target: number }): VNode | null {
  const known = runs.filter(({ labelled }) => labelled.of > 0)
  if (known.length < 2) return null
  const lowest = Math.min(target, ...known.map(({ labelled }) => labelled.low))
  const x = (index: number) => (MARGIN + (index / (known.length - 1)) * (WIDTH - 2 * MARGIN)).toFixed(1)
  const y = (share: number) =>
    (HEIGHT - MARGIN - ((share - lowest) / Math.max(0.01, 1 - lowest)) * (HEIGHT - 2 * MARGIN)).toFixed(1)
  const points = known.map(({ labelled: { right, of } }, index) => `${x(index)},${y(right / of)}`)
  return html`<figure class="plot">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label="Share of right rows of each run, from the oldest to the newest; the table says the same">
      <line class="diagonal" x1="0" x2=${WIDTH} y1=${y(target)} y2=${y(target)} />
      ${known.map(({ labelled }, index) => html`<line class="line" x1=${x(index)} x2=${x(index)} y1=${y(labelled.low)} y2=${y(labelled.high)} />`)}
      <polyline class="line" points=${points.join(' ')} />
    </svg>
    <figcaption><span class="key line">right rows with their interval, from ${percent(lowest)} to 100 %; the light line is ${percent(target, 1)}</span></figcaption>
  </figure>`
}
