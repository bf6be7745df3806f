/** Settles a whole group of cards at once: it is shown first, and asked about once. */
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { count, words } from '../page/format.ts'
import { html } from '../page/html.ts'
import { REASONS } from '../page/review-page.ts'
import type { Cards } from './review-cards.ts'
import type { GroupRecord, ReviewData } from './review-types.ts'

interface GroupProps {
  readonly service: Cards
  readonly data: ReviewData
  readonly onAccept: (records: readonly GroupRecord[]) => void
}

const SHOWN = 8
/** A decision holds so many cards at the most. */
const MOST = 300

export function GroupBar({ service, data, onAccept }: GroupProps): VNode | null {
  const [records, setRecords] = useState<readonly GroupRecord[] | null>(null)
  const [fault, setFault] = useState('')
  const { why, rule } = data
  if (why === '' && rule === '') return null
  const name = why === '' ? `the rule ${rule}` : (REASONS[why] ?? words(why))
  const look = async () => {
    const found = await service.group()
    const isFault = typeof found === 'string'
    setRecords(isFault ? null : found.slice(0, MOST))
    setFault(isFault ? found : '')
  }
  const accept = () => {
    if (records !== null) onAccept(records)
    setRecords(null)
  }
  const settled = records?.reduce((sum, one) => sum + one.same_shape, 0) ?? 0
  return html`<div class="card"><p>Group: ${name}. ${records === null && html`<button type="button" onClick=${look}>Accept the whole group …</button>`}</p>
    ${fault !== '' && html`<p class="fault" role="alert">${fault}</p>`}
    ${
      records !== null &&
      html`<p>This accepts ${count(records.length)} ${records.length === 1 ? 'card' : 'cards'} as they are, and settles <b>${count(settled)} records</b>:
        ${records.slice(0, SHOWN).map((one) => html`<span class="sibling"><bdi>${one.name.slice(0, 60)}</bdi></span>`)}${records.length > SHOWN ? '…' : ''}</p>
      <p><button type="button" class="primary" disabled=${records.length === 0} onClick=${accept}>Yes, accept them</button> <button type="button" onClick=${() => setRecords(null)}>No</button></p>`
    }</div>`
}
