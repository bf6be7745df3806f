/** Small parts that several pages share: times, shares as bars, states, commands to copy, forms. */
import type { ComponentChildren, VNode } from 'preact'
import { count, moment, padded, percent, words } from './format.ts'
import type { Frame } from './frame.ts'
import { html } from './html.ts'

/** A moment in the reader's zone, with the exact one on hover. */
export function Time({ at, frame }: { readonly at: string; readonly frame: Frame }): VNode {
  return html`<time datetime=${at} title=${at}>${moment(at, frame.zone)}</time>`
}

/** Colours of states: each says something also without its colour, because the word stands beside it. */
const TONES: Readonly<Record<string, string>> = {
  running: 'busy',
  stopping: 'busy',
  paused: 'warn',
  complete: 'good',
  review: 'good',
  accepted: 'good',
  'needs-review': 'warn',
  unverified: 'dim',
  incomplete: 'bad',
  stopped: 'dim',
  interrupted: 'bad',
  abandoned: 'bad',
  untracked: 'dim',
}

export function Badge({ state }: { readonly state: string }): VNode {
  return html`<span class="badge ${TONES[state] ?? 'dim'}">${words(state)}</span>`
}

/** How much of a whole is done. Without a whole it says the count alone. */
export function Progress({
  done,
  of,
  name,
}: {
  readonly done: number
  readonly of: number | null
  readonly name: string
}): VNode {
  if (of === null || of === 0) return html`<span class="num">${count(done)}</span>`
  const shown = `${count(done)} of ${count(of)} (${percent(Math.min(1, done / of))})`
  return html`<span class="progress">
    <progress max=${of} value=${Math.min(done, of)} aria-label=${name}></progress>
    <span class="num">${padded(shown, `${count(of)} of ${count(of)} (100 %)`)}</span>
  </span>`
}

export interface Share {
  readonly name: string
  readonly value: number
  readonly href?: string | undefined
}

/** Shares of a whole as a table of bars, which a screen reader reads as numbers. */
export function Shares({ caption, shares }: { readonly caption: string; readonly shares: readonly Share[] }): VNode {
  const whole = shares.reduce((sum, { value }) => sum + value, 0)
  const most = Math.max(1, ...shares.map(({ value }) => value))
  return html`<table class="shares">
    <caption>${caption}</caption>
    <tbody>${shares.map(
      ({ name, value, href }) => html`<tr>
        <th scope="row">${href === undefined ? name : html`<a href=${href}>${name}</a>`}</th>
        <td class="num">${count(value)}</td>
        <td class="num">${whole === 0 ? '' : percent(value / whole)}</td>
        <td class="bar" aria-hidden="true"><${Bar} share=${value / most} /></td>
      </tr>`,
    )}</tbody>
  </table>`
}

/** A bar in SVG, because the policy of the page forbids styles in attributes. */
export function Bar({ share, tone = 'accent' }: { readonly share: number; readonly tone?: string }): VNode {
  const width = Math.max(0, Math.min(100, share * 100)).toFixed(1)
  return html`<svg class="barline" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    <rect class="track" width="100" height="8" rx="1" /><rect class=${tone} width=${width} height="8" rx="1" />
  </svg>`
}

/** A command that does the same in a terminal. */
export function Command({ text }: { readonly text: string }): VNode {
  return html`<code class="command" tabindex="0">${text}</code>`
}

export interface FactProps {
  readonly name: string
  readonly children: ComponentChildren
}

/** A figure with its name. */
export function Fact({ name, children }: FactProps): VNode {
  return html`<div class="fact"><dt>${name}</dt><dd>${children}</dd></div>`
}

export interface ActionProps {
  readonly frame: Frame
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  readonly label: string
  readonly tone?: string
}

/** A form of one button, which works without JavaScript. */
export function Action({ frame, action, fields, label, tone = '' }: ActionProps): VNode {
  return html`<form class="action" method="post" action=${frame.base + action}>
    <input type="hidden" name="_csrf" value=${frame.csrf} />
    ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name=${name} value=${value} />`)}
    <button class=${tone}>${label}</button>
  </form>`
}

export interface CostInputProps {
  readonly value?: string
  readonly placeholder: string | number
  readonly isRequired?: boolean
}

/** An amount of US dollars, with a point or a comma before its cents. */
export function CostInput({ value, placeholder, isRequired = false }: CostInputProps): VNode {
  return html`<input name="max_cost" inputmode="decimal" size="8" pattern="\\s*[0-9]+([.,][0-9]+)?\\s*" title="A number of US dollars, such as 2.50" defaultValue=${value} placeholder=${placeholder} required=${isRequired} />`
}

/** What stands in the place of something that is not there yet. */
export function Empty({ children }: { readonly children: ComponentChildren }): VNode {
  return html`<p class="empty">${children}</p>`
}

export function may(frame: Frame, right: string): boolean {
  return frame.visitor?.rights.includes(right) === true
}

/** The address of the page of a record. */
export function recordPath(
  { base }: Frame,
  codebook: string,
  { catalogue, id }: { readonly catalogue: string; readonly id: string },
): string {
  return `${base}/records/${[codebook, catalogue, id].map(encodeURIComponent).join('/')}`
}
