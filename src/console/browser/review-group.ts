/** Settles a whole group of cards at once: it is shown first, and asked about once. */
import type { VNode } from 'preact'
import { useState } from 'preact/hooks'
import { count, words } from '../page/format.ts'
import type { Frame } from '../page/frame.ts'
import { html } from '../page/html.ts'
import { REASONS } from '../page/review-page.ts'
import type { Corrections, ReviewData } from './review-types.ts'

export interface GroupRecord {
  readonly indicator_id: string
  readonly catalogue: string
  readonly shape_hash: string
  readonly labels: Corrections
  readonly name: string
  readonly same_shape: number
}

interface GroupProps {
  readonly frame: Frame
  readonly data: ReviewData
  readonly onAccept: (records: readonly GroupRecord[]) => void
}

const SHOWN = 8
/** A decision holds so many cards at the most. */
const MOST = 300

export function GroupBar({ frame, data, onAccept }: GroupProps): VNode | null {
  const [records, setRecords] = useState<readonly GroupRecord[] | null>(null)
  const [fault, setFault] = useState('')
  const { codebook, catalogue, unverified, why, rule } = data
  if (why === '' && rule === '') return null
  const name = why === '' ? `the rule ${rule}` : (REASONS[why] ?? words(why))
  const look = async () => {
    const group = { ...(why === '' ? {} : { why }), ...(rule === '' ? {} : { rule }) }
    try {
      const response = await fetch(`${frame.base}/review/group`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-csrf-token': frame.csrf },
        body: JSON.stringify({ codebook, catalogue, unverified, ...group }),
      })
      const found = (await response.json()) as { readonly records?: readonly GroupRecord[]; readonly message?: string }
      setRecords(found.records?.slice(0, MOST) ?? null)
      setFault(found.records === undefined ? (found.message ?? 'The group could not be read.') : '')
    } catch {
      setFault('The service does not answer.')
    }
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
