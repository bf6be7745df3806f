/** The keys of the review and of blind labels, as a reader sees them. */
import type { VNode } from 'preact'
import { html } from '../page/html.ts'

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

export function Help({ isBlind = false }: { readonly isBlind?: boolean }): VNode {
  const keys = [...(isBlind ? LABELS : REVIEW), ['Esc', 'back to the card'] as const]
  return html`<dl class="card keys">${keys.map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>`
}
