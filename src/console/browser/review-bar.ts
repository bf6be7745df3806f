/** The buttons of a review with their keys, and what the sitting has come to. */
import type { VNode } from 'preact'
import { count } from '../page/format.ts'
import { html } from '../page/html.ts'
import type { Sitting } from './review-types.ts'

export interface BarProps {
  readonly sitting: Sitting
  readonly hasCard: boolean
  readonly isChanged: boolean
  readonly isHelp: boolean
  readonly onDecide: () => void
  readonly onAside: (comesAgain: boolean) => void
  readonly onUndo: () => void
  readonly onHelp: () => void
}

export function ReviewBar(props: BarProps): VNode {
  const { sitting, hasCard, isChanged, isHelp, onDecide, onAside, onUndo, onHelp } = props
  return html`<div class="review-bar">
    <button type="button" class="primary" onClick=${onDecide} disabled=${!hasCard}>${isChanged ? 'Save' : 'Accept'} <kbd>Enter</kbd></button>
    <button type="button" onClick=${() => onAside(true)} disabled=${!hasCard}>Later <kbd>s</kbd></button>
    <button type="button" onClick=${() => onAside(false)} disabled=${!hasCard}>Not sure <kbd>x</kbd></button>
    <button type="button" onClick=${onUndo} disabled=${sitting.done.length === 0}>Undo <kbd>u</kbd></button>
    <button type="button" onClick=${onHelp} aria-expanded=${isHelp ? 'true' : 'false'}>Keys <kbd>?</kbd></button>
    <span class="dim">${statsOf(sitting)}</span>
  </div>`
}

/** How many were decided, how often the answer stood, and how fast. */
function statsOf({ decided, corrected, begunAt }: Sitting): string {
  if (decided === 0) return ''
  const kept = decided - corrected
  const minutes = Math.max(0.2, (Date.now() - begunAt) / 60_000)
  return `${count(decided)} decided, ${count(kept)} as they were (${Math.round((kept / decided) * 100)} %), ${(decided / minutes).toFixed(1)} a minute`
}
