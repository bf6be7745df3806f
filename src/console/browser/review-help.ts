/** The keys of the review, as a reader sees them. */
import type { VNode } from 'preact'
import { html } from '../page/html.ts'

const KEYS = [
  ['Enter', 'accept the card, or save what was changed'],
  ['1 … 9', 'choose a value of the field; 0 for none'],
  ['↑ ↓', 'go to another field'],
  ['/', 'search the values or codes; Enter takes the first'],
  ['c', 'write a comment'],
  ['u', 'take the last decision back'],
  ['s', 'later: the card comes again at the end'],
  ['x', 'not sure: the card is left to others'],
  ['Esc', 'back to the card'],
] as const

export function Help(): VNode {
  return html`<dl class="card keys">${KEYS.map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>`
}
