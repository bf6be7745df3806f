/** Parts of the page of a record: texts with marked words, and its sample values as a small plot. */
import type { VNode } from 'preact'
import { words } from '../page/format.ts'
import { html } from '../page/html.ts'

/** A text in which each of `marks` is marked, whatever its case. Nothing of either is ever markup. */
export function Marked({ text, marks }: { readonly text: string; readonly marks: readonly string[] }): VNode {
  const parts = marks
    .filter((mark) => mark.trim().length > 1)
    .sort((a, b) => b.length - a.length)
    .slice(0, 40)
    .map((mark) => mark.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  if (parts.length === 0) return html`<span>${text}</span>`
  const found = text.split(new RegExp(`(${parts.join('|')})`, 'iu'))
  return html`<span>${found.map((part, index) => (index % 2 === 1 ? html`<mark>${part}</mark>` : part))}</span>`
}

const QUOTED = /'([^']{1,80})'/g

/** The words that the sentence of a finding quotes: those that the finding rests on. */
export function quotedIn(sentence: string): string[] {
  return [...sentence.matchAll(QUOTED)].map(([, words = '']) => words)
}

const WIDTH = 300
const HEIGHT = 60
const SHOWN = 200

export interface SamplesProps {
  readonly points: readonly { readonly date: string; readonly value: number }[]
}

/** The sample values over time; the table beneath holds the numbers. */
export function Samples({ points }: SamplesProps): VNode {
  const shown = points.slice(-SHOWN)
  const [first, last] = [shown[0], shown.at(-1)]
  if (first === undefined || last === undefined) return html`<p class="dim">It has no sample values.</p>`
  const values = shown.map(({ value }) => value)
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const y = (value: number) => HEIGHT - 4 - (high === low ? 0.5 : (value - low) / (high - low)) * (HEIGHT - 8)
  const x = (index: number) => (shown.length === 1 ? WIDTH / 2 : (index / (shown.length - 1)) * WIDTH)
  const line = shown.map(({ value }, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  return html`<figure class="plot samples">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-label=${`Sample values from ${low} to ${high}`}><polyline class="line" points=${line} /></svg>
    <figcaption><span>${first.date} to ${last.date}</span><span>${low} to ${high}</span></figcaption>
    <details><summary>${shown.length} values</summary><div class="values">${shown.map(({ date, value }) => html`<span>${date} <b>${value}</b></span>`)}</div></details>
  </figure>`
}

export interface RecordTextsProps {
  readonly texts: readonly { readonly name: string; readonly text: string }[]
  /** The words that findings rest on; none where nobody may see what was found. */
  readonly marks?: readonly string[]
}

const SHOWN_TEXT = 2_000

/** The texts by which a person judges a record, each with its name. */
export function RecordTexts({ texts, marks = [] }: RecordTextsProps): VNode {
  return html`<dl class="record-texts">${texts.map(
    ({ name, text }) =>
      html`<div><dt>${words(name)}</dt><dd><bdi><${Marked} text=${text.slice(0, SHOWN_TEXT)} marks=${marks} /></bdi></dd></div>`,
  )}</dl>`
}
