/** What a person has to know of what is on its way: what waits in the browser, and what was refused, until it is mended. */
import type { VNode } from 'preact'
import { count } from '../page/format.ts'
import type { Frame } from '../page/frame.ts'
import { html } from '../page/html.ts'
import { queryOf } from '../page/review-page.ts'
import type { RefusedDecision, ReviewData } from './review-types.ts'

export interface NoticeProps {
  readonly waiting: { readonly count: number; readonly reason: string }
  readonly refused: readonly RefusedDecision[]
  readonly onBack: (refused: RefusedDecision) => void
  readonly onDismiss: (id: string) => void
}

const SHOWN_LINES = 4

/** The sentences of a refusal, without the first line, which says that nothing was stored. */
export function reasonOf(message: string): string {
  const [first = '', ...lines] = message.split('\n').map((line) => line.trim())
  return (lines.length === 0 ? [first] : lines.slice(0, SHOWN_LINES)).join(' ')
}

export function Notices({ waiting, refused, onBack, onDismiss }: NoticeProps): VNode {
  const isWaiting = waiting.count > 0 && waiting.reason !== ''
  return html`<div>
    ${isWaiting && html`<p class="note" role="status">${count(waiting.count)} ${waiting.count === 1 ? 'decision waits' : 'decisions wait'} in this browser: ${waiting.reason}. They are sent again until they are stored.</p>`}
    ${refused.map(
      (
        one,
      ) => html`<p class="fault" role="alert" key=${one.id}>Not stored: <b><bdi>${one.name.slice(0, 200)}</bdi></b>. <bdi>${reasonOf(one.message)}</bdi>
        ${one.done === null ? 'Its card comes again.' : html`<button type="button" onClick=${() => onBack(one)}>Back to the card</button>`}
        <button type="button" class="quiet" onClick=${() => onDismiss(one.id)}>Dismiss</button></p>`,
    )}
  </div>`
}

interface NoCardProps {
  readonly state: 'loading' | 'ready' | 'away' | 'done'
  readonly frame: Frame
  readonly data: ReviewData
  /** The cards that were put aside here. */
  readonly later: number
  readonly onAgain: () => void
}

/** What stands in the place of a card where none is free. */
export function NoCard({ state, frame, data, later, onAgain }: NoCardProps): VNode {
  if (state === 'away') return html`<p class="note">The service does not answer. Trying again …</p>`
  if (state !== 'done') return html`<p class="empty">The cards are being read …</p>`
  return html`<div class="empty"><p>No further card is free here.</p>
    ${later > 0 && html`<p><button type="button" class="primary" onClick=${onAgain}>Show the ${count(later)} that were put aside</button></p>`}
    ${!data.unverified && html`<p><a href=${`${frame.base}/review?${queryOf(data, { unverified: '1', record: '' })}`}>Review the unverified as well</a>: guesses that nothing has checked</p>`}
    <p><a href="${frame.base}/accuracy">How right the results are</a></p></div>`
}
