/** Values that hold until the next one, over time, as a small plot of steps. A table tells the same in numbers. */
import type { VNode } from 'preact'
import { html } from '../page/html.ts'

export interface Step {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly value: number
}

const WIDTH = 600
const HEIGHT = 90
const MARGIN = 4

export interface StepsProps {
  /** In the order of time. */
  readonly steps: readonly Step[]
  /** Until when the last one holds, milliseconds since 1970. */
  readonly until: number
  readonly label: string
}

export function Steps({ steps, until, label }: StepsProps): VNode | null {
  const [first] = steps
  if (first === undefined) return null
  const span = Math.max(1, until - first.at)
  const most = Math.max(...steps.map(({ value }) => value))
  const x = (at: number) => ((Math.min(at, until) - first.at) / span) * WIDTH
  const y = (value: number) => HEIGHT - MARGIN - (value / Math.max(1, most)) * (HEIGHT - 2 * MARGIN)
  const points = steps.flatMap(({ at, value }, index) => {
    const end = steps[index + 1]?.at ?? until
    return [`${x(at).toFixed(1)},${y(value).toFixed(1)}`, `${x(end).toFixed(1)},${y(value).toFixed(1)}`]
  })
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${label}><polyline class="line" points=${points.join(' ')} /></svg>`
}
