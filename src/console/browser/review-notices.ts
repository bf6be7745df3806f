/** What a reviewer has to know of decisions on their way: those that wait in the browser, and those that were refused. */
import type { VNode } from 'preact'
import { count } from '../page/format.ts'
import type { Frame } from '../page/frame.ts'
import { html } from '../page/html.ts'
import type { Refused } from './review-outbox.ts'

export interface NoticeProps {
  readonly waiting: { readonly count: number; readonly reason: string }
  readonly refused: readonly Refused[]
  readonly onDismiss: (id: string) => void
}

const SHOWN_LINES = 4

export function Notices({ waiting, refused, onDismiss }: NoticeProps): VNode {
  const isWaiting = waiting.count > 0 && waiting.reason !== ''
  return html`<div>
    ${isWaiting && html`<p class="note" role="status">${count(waiting.count)} ${waiting.count === 1 ? 'decision waits' : 'decisions wait'} in this browser: ${waiting.reason}. They are sent again until they are stored.</p>`}
    ${refused.map(
      ({
        id,
        message,
      }) => html`<p class="fault" role="alert" key=${id}>A decision was not stored, and its card comes again. ${message.split('\n').slice(0, SHOWN_LINES).join(' ')}
        <button type="button" class="quiet" onClick=${() => onDismiss(id)}>Dismiss</button></p>`,
    )}
  </div>`
}

interface NoCardProps {
  readonly frame: Frame
  /** The cards that were put aside here. */
  readonly later: number
  readonly onAgain: () => void
}

/** What stands in the place of a card where none is free. */
export function NoCard({ frame, later, onAgain }: NoCardProps): VNode {
  return html`<div class="empty"><p>No further card is free here.</p>
    ${later > 0 && html`<p><button type="button" class="primary" onClick=${onAgain}>Show the ${count(later)} that were put aside</button></p>`}
    <p><a href="${frame.base}/accuracy">How right the results are</a></p></div>`
}
