/** The pace of a run as a small plot: requests that started, those refused, and records saved, every ten seconds. */
import type { VNode } from 'preact'
import type { PacePoint } from '../../store/views/types.ts'
import { count } from '../page/format.ts'
import { html } from '../page/html.ts'
import { LivePlot } from './live-plot.ts'

/** Ten minutes in steps of ten seconds. */
const STEPS = 60
const STEP_MS = 10_000
const WIDTH = 600
const HEIGHT = 90

/** Drawn on the server as well, so that it is there without JavaScript; the table beneath tells the same in numbers. */
export function PacePlot({ points, zone }: { readonly points: readonly PacePoint[]; readonly zone: string }): VNode {
  const end = Date.parse(points.at(-1)?.at ?? '')
  const at = new Map(points.map((point) => [Math.round((end - Date.parse(point.at)) / STEP_MS), point]))
  const steps = Array.from({ length: STEPS }, (_, index) => at.get(STEPS - 1 - index))
  const mostStarted = Math.max(0, ...steps.map((step) => step?.started ?? 0))
  const mostRequests = Math.max(1, mostStarted)
  const mostRecords = Math.max(1, ...steps.map((step) => step?.indicators ?? 0))
  const x = (index: number) => (index * WIDTH) / STEPS
  const bar = (value: number, most: number) => (value / most) * (HEIGHT - 4)
  const sum = (of: (point: PacePoint) => number) => points.reduce((whole, point) => whole + of(point), 0)
  const line = steps
    .map(
      (step, index) =>
        `${(x(index) + WIDTH / STEPS / 2).toFixed(1)},${(HEIGHT - bar(step?.indicators ?? 0, mostRecords)).toFixed(1)}`,
    )
    .join(' ')
  const valuesOf = (of: (point: PacePoint) => number) => steps.map((step) => (step === undefined ? 0 : of(step)))
  const series = [
    { name: 'started', colour: '--accent', values: valuesOf(({ started }) => started) },
    { name: 'refused or failed', colour: '--bad', values: valuesOf(({ refused, failed }) => refused + failed) },
    { name: 'records saved', colour: '--text', values: valuesOf(({ indicators }) => indicators) },
  ]
  const times = steps.map((_, index) => (end - (STEPS - 1 - index) * STEP_MS) / 1_000)
  const label = 'Requests and records of the last ten minutes; the figures follow'
  const plot = () => html`<${LivePlot} times=${times} series=${series} zone=${zone} label=${label}>
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
      ${steps.map((step, index) => {
        if (step === undefined) return null
        const [started, bad] = [bar(step.started, mostRequests), bar(step.refused + step.failed, mostRequests)]
        return html`<g key=${index}>
          <rect class="accent" x=${x(index) + 1} y=${HEIGHT - started} width=${WIDTH / STEPS - 2} height=${started} />
          <rect class="bad" x=${x(index) + 1} y=${HEIGHT - bad} width=${WIDTH / STEPS - 2} height=${bad} />
        </g>`
      })}
      <polyline class="line" points=${line} />
    </svg>
    <//>`
  // Without a point its place is as high, and each text is one, so that nothing moves when the first point comes or a figure grows.
  return html`<figure class="plot pace">
    ${points.length === 0 ? html`<div class="live-plot"><p class="dim">Nothing has happened yet.</p></div>` : plot()}
    <figcaption>
      <span class="key accent">${`${count(sum(({ started }) => started))} requests started (at most ${count(mostStarted)} in 10 s)`}</span>
      <span class="key bad">${`${count(sum(({ refused }) => refused))} refused for the rate, ${count(sum(({ failed }) => failed))} failed`}</span>
      <span class="key line">${`${count(sum(({ indicators }) => indicators))} records saved, ${count(sum(({ reused }) => reused))} by reuse`}</span>
    </figcaption>
  </figure>`
}
