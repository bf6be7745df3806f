/** The buttons of a review or of blind labels, each in its place whatever the card, the list of keys, and what the sitting has come to. */
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

const KEYS = [
  ['1 … 9', 'choose a value of the field; 0 for none'],
  ['↑ ↓', 'go to another field'],
  ['/', 'search the values or codes, or type a label; Enter takes the first'],
  ['c', 'write a comment'],
] as const

const REVIEW = [
  ['Enter', 'accept the card, or save what was changed'],
  ...KEYS,
  ['u', 'take the last decision back'],
  ['s', 'later: the card comes again at the end'],
  ['x', 'not sure: the card is left to others'],
] as const

const LABELS = [
  ['Enter', 'save the row, once every field has a label'],
  ...KEYS,
  ['u', 'take the last row back, while it is not stored'],
  ['s', 'later: the row comes again after the others'],
  ['x', 'nobody can tell the label of the field'],
] as const

/** The keys, as a reader sees them. */
export function Help({ isBlind = false }: { readonly isBlind?: boolean }): VNode {
  const keys = [...(isBlind ? LABELS : REVIEW), ['Esc', 'back to the card'] as const]
  return html`<dl class="card keys">${keys.map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>`
}
