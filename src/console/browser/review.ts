/** The review in the browser: one card after the other, by keys alone, with nothing lost on the way. */
import { h, render, type VNode } from 'preact'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { count } from '../page/format.ts'
import type { Frame } from '../page/frame.ts'
import { html } from '../page/html.ts'
import { leftText } from '../page/review-page.ts'
import { ReviewBar } from './review-bar.ts'
import { CardView, choicesOf } from './review-card.ts'
import { createCards } from './review-cards.ts'
import { GroupBar } from './review-group.ts'
import { Help } from './review-help.ts'
import { useBeforeLeaving, useFoundCodes } from './review-hooks.ts'
import { actionOf } from './review-keys.ts'
import { NoCard, Notices } from './review-notices.ts'
import { createOutbox, type Refused } from './review-outbox.ts'
import {
  afterAside,
  afterDecision,
  afterGroup,
  afterUndo,
  choose,
  doesApply,
  firstInDoubt,
  openField,
  recordOf,
  recordOfGroup,
  runIdOf,
  withoutDecision,
} from './review-state.ts'
import { keepSitting, keptSitting } from './review-store.ts'
import type { Card, Corrections, Done, GroupRecord, ReviewData } from './review-types.ts'

/** Puts the review into the page that the server rendered. */
export function enhance(frame: Frame, data: unknown): void {
  const place = document.getElementById('cards')
  if (place !== null) render(h(Review, { frame, data: data as ReviewData }), place)
}

const random = () => crypto.randomUUID()

function Review({ frame, data }: { readonly frame: Frame; readonly data: ReviewData }): VNode {
  const { fields, codebook, catalogue, unverified } = data
  const [sitting, setSitting] = useState(() => keptSitting(frame, random))
  const [cards, setCards] = useState<readonly Card[]>([])
  const [state, setState] = useState<'loading' | 'ready' | 'away' | 'done'>('loading')
  const [corrections, setCorrections] = useState<Corrections>({})
  const [note, setNote] = useState('')
  const [at, setAt] = useState(0)
  const [search, setSearch] = useState('')
  const [waiting, setWaiting] = useState({ count: 0, reason: '' })
  const [refused, setRefused] = useState<readonly Refused[]>([])
  const [said, setSaid] = useState('')
  const [isHelp, setHelp] = useState(false)
  /** The corrections with which a card that comes again was decided before; undefined where it is new. */
  const [again, setAgain] = useState<Corrections | undefined>(undefined)
  const region = useRef<HTMLElement>(null)
  const service = useMemo(() => createCards(frame, data), [])
  const outbox = useMemo(
    () =>
      createOutbox({
        ...{ frame, path: '/review/decisions' },
        onChange: (waits, reason) => setWaiting({ count: waits, reason }),
        onRefused: (one) => {
          setRefused((known) => [...known, one])
          // The card comes again, because nothing was stored of it.
          setSitting((known) => withoutDecision(known, one.id))
        },
      }),
    [],
  )
  const card = cards[0]
  const field = fields[at]
  const found = useFoundCodes(service, field, search)
  const choices =
    card === undefined || field === undefined ? [] : choicesOf(field, search, card.candidates[field.name] ?? [], found)

  useLayoutEffect(() => {
    const draft = card === undefined ? null : { shape: card.shape_hash, corrections, note }
    keepSitting(frame, { ...sitting, draft })
  }, [sitting, corrections, note, card])

  const take = (next: readonly Card[]) => {
    const [first] = next
    setCards(next)
    const draft = first !== undefined && sitting.draft?.shape === first.shape_hash ? sitting.draft : null
    setCorrections(draft?.corrections ?? {})
    setNote(draft?.note ?? '')
    setAgain(undefined)
    setSearch('')
    setAt(first === undefined ? 0 : firstInDoubt(first, data))
  }

  // More cards are asked for before the last one is decided, so that nobody waits for them.
  useEffect(() => {
    if (cards.length >= 2 || state === 'done') return undefined
    let isCurrent = true
    const ask = async (): Promise<void> => {
      const next = await service.more(sitting)
      if (!isCurrent) return
      if (next === 'away') {
        setState('away')
        window.setTimeout(() => isCurrent && void ask(), 2_000)
        return
      }
      const left = document.getElementById('left')
      if (left !== null) left.textContent = leftText(next.left)
      const known = new Set(cards.map((one) => one.shape_hash))
      const more = next.cards.filter((one) => !known.has(one.shape_hash))
      if (cards.length === 0) take(more)
      else if (more.length > 0) setCards([...cards, ...more])
      setState(cards.length + more.length === 0 ? 'done' : 'ready')
    }
    void ask()
    return () => {
      isCurrent = false
    }
  }, [cards, sitting.without.length, sitting.later.length, state === 'done'])

  // Before the card is seen, so that no key is lost.
  useLayoutEffect(() => {
    if (document.activeElement === document.body || document.activeElement === null)
      region.current?.focus({ preventScroll: true })
  }, [card?.shape_hash])

  useBeforeLeaving(outbox.flush)

  /** Sends a decision of the run `run`. Returns the id under which it waits. */
  const send = (run: string, records: readonly unknown[]): string => {
    const id = random()
    const scope = { codebook, catalogue, unverified, holder: sitting.holder, sitting: run }
    outbox.add(id, { ...scope, id, records })
    return id
  }

  const decide = () => {
    if (card === undefined) return
    const open = openField(card, corrections, fields)
    if (open !== undefined) {
      setAt(open)
      return setSaid(`${fields[open]?.title} has no label yet: choose one, or leave the card with s or x.`)
    }
    const run = again === undefined ? sitting.run : runIdOf(Date.now(), random)
    const id = send(run, [recordOf(card, corrections, note, again)])
    setSitting(afterDecision({ ...sitting, run }, { card, corrections, note, id }))
    setSaid(
      `${Object.keys(corrections).length === 0 ? 'Accepted' : 'Corrected'}: ${count(card.same_shape)} ${card.same_shape === 1 ? 'record' : 'records'} settled.`,
    )
    take(cards.slice(1))
    region.current?.focus({ preventScroll: true })
  }

  const acceptGroup = (group: readonly GroupRecord[]) => {
    send(sitting.run, group.map(recordOfGroup))
    setSitting(afterGroup(sitting, group))
    setSaid(`Accepted ${count(group.length)} cards.`)
    const settled = new Set(group.map((one) => one.shape_hash))
    take(cards.filter((one) => !settled.has(one.shape_hash)))
  }

  const putAside = (comesAgain: boolean) => {
    if (card === undefined) return
    void service.release(sitting, [card.shape_hash])
    setSitting(afterAside(sitting, card, comesAgain))
    setSaid(comesAgain ? 'Put aside: it comes again at the end.' : 'Left to another reviewer.')
    take(cards.slice(1))
  }

  const undo = () => {
    const last: Done | undefined = sitting.done.at(-1)
    if (last === undefined) return setSaid('There is nothing to take back.')
    const isUnsent = outbox.takeBack(last.id)
    setSitting(afterUndo(sitting))
    setCards([last.card, ...cards])
    setState('ready')
    setCorrections(last.corrections)
    setNote(last.note)
    setAgain(isUnsent ? undefined : last.corrections)
    setSearch('')
    setAt(firstInDoubt(last.card, data))
    setSaid(isUnsent ? 'Taken back.' : 'It was stored already: what you decide now replaces it.')
  }

  const pick = (value: string | null) => {
    if (card === undefined || field === undefined) return
    setCorrections(choose(card, corrections, field, value))
    setSearch('')
    region.current?.focus({ preventScroll: true })
  }

  const move = (by: number) => {
    if (card === undefined) return
    for (let next = at + by; next >= 0 && next < fields.length; next += by) {
      const one = fields[next]
      if (one === undefined || !doesApply(card, corrections, one)) continue
      setAt(next)
      setSearch('')
      return
    }
  }

  const onKey = (event: KeyboardEvent) => {
    const action = actionOf(event)
    if (action === undefined) return
    event.preventDefault()
    if (action.kind === 'choose') {
      const chosen = choices.find(({ key }) => key === action.key)
      if (chosen !== undefined) pick(chosen.value)
    } else if (action.kind === 'first') {
      const [first] = choices
      if (first !== undefined && search.trim() !== '') pick(first.value)
    } else if (action.kind === 'move') move(action.by)
    else if (action.kind === 'focus') document.getElementById(action.id)?.focus()
    else if (action.kind === 'leave') {
      setHelp(false)
      region.current?.focus({ preventScroll: true })
    } else if (action.kind === 'help') setHelp(!isHelp)
    else if (action.kind === 'undo') undo()
    else if (action.kind === 'skip') putAside(true)
    else if (action.kind === 'unsure') putAside(false)
    else decide()
  }

  return html`<section class="review" ref=${region} tabindex="0" aria-label="Review; the key ? shows the keys" onKeyDown=${onKey}>
    <${ReviewBar} ...${{ sitting, isHelp, hasCard: card !== undefined, isChanged: Object.keys(corrections).length > 0 }}
      onDecide=${decide} onAside=${putAside} onUndo=${undo} onHelp=${() => setHelp(!isHelp)} />
    <div role="status" aria-live="polite" class="said">${said}</div>
    <${Notices} waiting=${waiting} refused=${refused} onDismiss=${(id: string) => setRefused(refused.filter((one) => one.id !== id))} />
    <${GroupBar} service=${service} data=${data} onAccept=${acceptGroup} />
    ${isHelp && html`<${Help} />`}
    ${state === 'loading' && html`<p class="empty">The cards are being read …</p>`}
    ${state === 'away' && cards.length === 0 && html`<p class="note">The service does not answer. Trying again …</p>`}
    ${
      state === 'done' &&
      cards.length === 0 &&
      html`<${NoCard} later=${sitting.later.length} frame=${frame} onAgain=${() => {
        setSitting({ ...sitting, later: [] })
        setState('loading')
      }} />`
    }
    ${
      card !== undefined &&
      html`<${CardView} key=${card.shape_hash} ...${{ card, fields, corrections, at, note, search, choices }}
      onField=${(index: number) => {
        setAt(index)
        setSearch('')
      }} onChoose=${pick} onSearch=${setSearch} onNote=${setNote} />`
    }
  </section>`
}
