/** A plot over time that is drawn by uPlot in the browser, in the place of a picture that the server has drawn. */
import type { ComponentChildren, VNode } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type uPlot from 'uplot'
import { count, timeOfDay } from '../page/format.ts'
import { html } from '../page/html.ts'

export interface PlotSeries {
  readonly name: string
  /** The variable of the style sheet that holds its colour. */
  readonly colour: string
  readonly values: readonly (number | null)[]
}

export interface LivePlotProps {
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly series: readonly PlotSeries[]
  readonly zone: string
  readonly label: string
  /** What is shown on the server, without JavaScript, and until uPlot is there. It has the same height. */
  readonly children: ComponentChildren
}

const HEIGHT = 150

export function LivePlot({ times, series, zone, label, children }: LivePlotProps): VNode {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const [isDrawn, setDrawn] = useState(false)
  const [at, setAt] = useState('')
  const data = [[...times], ...series.map(({ values }) => [...values])] as unknown as uPlot.AlignedData
  const latest = useRef({ data, series, zone })
  latest.current = { data, series, zone }

  useEffect(() => {
    let isGone = false
    void import('uplot').then(({ default: Plot }) => {
      const { current: target } = place
      if (isGone || target === null) return
      const options = optionsOf(target, latest, setAt)
      plot.current = new (Plot as unknown as typeof uPlot)(options, latest.current.data, target)
      setDrawn(true)
    })
    const resize = () => plot.current?.setSize({ width: place.current?.clientWidth ?? 600, height: HEIGHT })
    window.addEventListener('resize', resize)
    return () => {
      isGone = true
      window.removeEventListener('resize', resize)
      plot.current?.destroy()
    }
  }, [])
  useEffect(() => plot.current?.setData(data), [JSON.stringify(data)])

  return html`<div class="live-plot">
    <div ref=${place} role="img" aria-label=${label}></div>
    ${!isDrawn && children}
    <p class="dim at" aria-hidden="true">${at}</p>
  </div>`
}

interface Latest {
  readonly current: { readonly data: uPlot.AlignedData; readonly series: readonly PlotSeries[]; readonly zone: string }
}

function optionsOf(target: HTMLElement, latest: Latest, say: (text: string) => void): uPlot.Options {
  const colourOf = (name: string) => getComputedStyle(target).getPropertyValue(name).trim()
  const timeOf = (seconds: number) => timeOfDay(seconds, latest.current.zone)
  const axis = {
    stroke: () => colourOf('--dim'),
    grid: { stroke: () => colourOf('--line'), width: 1 },
    ticks: { show: false },
  }
  return {
    width: target.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    axes: [
      { ...axis, values: (_plot, splits) => splits.map((one) => (one % 60 === 0 ? timeOf(one).slice(0, 5) : '')) },
      { ...axis, size: 46 },
    ],
    series: [
      {},
      ...latest.current.series.map(({ name, colour }) => ({
        label: name,
        stroke: () => colourOf(colour),
        width: 1.5,
        points: { show: false },
      })),
    ],
    hooks: {
      setCursor: [
        ({ cursor: { idx }, data }) => {
          if (idx === null || idx === undefined) return say('')
          const values = latest.current.series.map(({ name }, index) => `${name} ${count(data[index + 1]?.[idx] ?? 0)}`)
          say(`${timeOf(data[0][idx] ?? 0)}: ${values.join(', ')}`)
        },
      ],
    },
  }
}
