/** The buttons of a review or of blind labels with their keys, each in its place whatever the card, and what the sitting has come to. */
import type { VNode } from 'preact'
import { count } from '../page/format.ts'
import { html } from '../page/html.ts'
import type { Sitting } from './review-types.ts'

export interface BarButton {
  readonly name: string
  readonly key: string
  readonly onPress: () => void
  readonly isOff?: boolean
}

export interface BarProps {
  /** The first of them is the one that Enter presses. */
  readonly buttons: readonly BarButton[]
  readonly isHelp: boolean
  readonly onHelp: () => void
  readonly stats: string
}

export function KeyBar({ buttons, isHelp, onHelp, stats }: BarProps): VNode {
  return html`<div class="review-bar">
    ${buttons.map(
      ({ name, key, onPress, isOff = false }, index) =>
        html`<button type="button" class=${index === 0 ? 'primary' : ''} onClick=${onPress} disabled=${isOff}>${name} <kbd>${key}</kbd></button>`,
    )}
    <button type="button" onClick=${onHelp} aria-expanded=${isHelp ? 'true' : 'false'}>Keys <kbd>?</kbd></button>
    <span class="dim stats">${stats}</span>
  </div>`
}

/** How many were decided, how often the answer stood, and how fast. */
export function statsOf({ decided, corrected, begunAt }: Sitting): string {
  if (decided === 0) return ''
  const kept = decided - corrected
  const minutes = Math.max(0.2, (Date.now() - begunAt) / 60_000)
  return `${count(decided)} decided, ${count(kept)} as they were (${Math.round((kept / decided) * 100)} %), ${(decided / minutes).toFixed(1)} a minute`
}
