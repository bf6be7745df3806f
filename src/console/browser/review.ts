/** The review in the browser: one card after the other, by keys alone, with nothing lost on the way. */
import { h, render, type VNode } from 'preact'
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { count } from '../page/format.ts'
import type { Frame } from '../page/frame.ts'
import { html } from '../page/html.ts'
import { leftText } from '../page/review-page.ts'
import { Help, KeyBar, statsOf } from './review-bar.ts'
import { CardView } from './review-card.ts'
import { createCards, type MoreCards } from './review-cards.ts'
import { GroupBar } from './review-group.ts'
import { useBeforeLeaving, useChoices, useMoreCards, useShownFromTop } from './review-hooks.ts'
import { handleKey } from './review-keys.ts'
import { NoCard, Notices } from './review-notices.ts'
import { createOutbox } from './review-outbox.ts'
import {
  afterAside,
  afterDecision,
  afterGroup,
  afterRefusal,
  afterUndo,
  choose,
  currentLabel,
  doesApply,
  firstInDoubt,
  givenIn,
  leftAfter,
  openField,
  recordOf,
  recordOfGroup,
  runIdOf,
  settledText,
} from './review-state.ts'
import { keepSitting, keptSitting } from './review-store.ts'
import type { Card, Corrections, Done, GroupRecord, RefusedDecision, ReviewData } from './review-types.ts'
import { brokenRules, sentenceOf } from './together.ts'

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
  const [left, setLeft] = useState(data.left)
  const [state, setState] = useState<'loading' | 'ready' | 'away' | 'done'>('loading')
  const [corrections, setCorrections] = useState<Corrections>({})
  const [note, setNote] = useState('')
  const [at, setAt] = useState(0)
  const [search, setSearch] = useState('')
  const [waiting, setWaiting] = useState({ count: 0, reason: '' })
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
        onRefused: (one) => setSitting((known) => afterRefusal(known, one)),
      }),
    [],
  )
  const card = cards[0]
  const field = fields[at]
  const { choices, keys } = useChoices(service, field, search, {
    likeliest: field && card?.candidates[field.name],
    given: field === undefined ? [] : givenIn(sitting.done, field),
  })
  const labelOf = (name: string) => (card === undefined ? undefined : currentLabel(card, corrections, fields, name))
  const broken = brokenRules(data.together, labelOf)

  useLayoutEffect(() => {
    const draft = card === undefined ? null : { shape: card.shape_hash, corrections, note }
    keepSitting(frame, { ...sitting, draft })
  }, [sitting, corrections, note, card])

  useLayoutEffect(() => {
    const shown = document.getElementById('left')
    if (shown !== null && state !== 'loading') shown.textContent = leftText(left)
  }, [left, state])

  const show = (first: Card | undefined, entered: Pick<Done, 'corrections' | 'note'> | null) => {
    setCorrections(entered?.corrections ?? {})
    setNote(entered?.note ?? '')
    setAgain(undefined)
    setSearch('')
    setAt(first === undefined ? 0 : firstInDoubt(first, data))
  }
  const take = (next: readonly Card[]) => {
    const [first] = next
    setCards(next)
    show(first, first !== undefined && sitting.draft?.shape === first.shape_hash ? sitting.draft : null)
  }

  // More cards are asked for before the last one is decided, so that nobody waits for them.
  const onMore = (next: MoreCards | 'away') => {
    if (next === 'away') return setState('away')
    setLeft(next.left)
    const known = new Set(cards.map((one) => one.shape_hash))
    const more = next.cards.filter((one) => !known.has(one.shape_hash))
    if (cards.length === 0) take(more)
    else if (more.length > 0) setCards([...cards, ...more])
    setState(cards.length + more.length === 0 ? 'done' : 'ready')
  }
  useMoreCards(service, sitting, cards.length < 2 && state !== 'done', onMore, [cards])

  // Before the card is seen, so that no key is lost.
  useLayoutEffect(() => {
    if (document.activeElement === document.body || document.activeElement === null) toCard()
  }, [card?.shape_hash])
  useShownFromTop(region, card?.shape_hash)
  useBeforeLeaving(outbox.flush)

  const toCard = () => region.current?.focus({ preventScroll: true })
  const toField = (index: number) => {
    setAt(index)
    setSearch('')
  }
  /** Sends a decision of the run `run`. Returns the id under which it waits. */
  const send = (run: string, records: readonly unknown[], about: string): string => {
    const id = random()
    const scope = { codebook, catalogue, unverified, holder: sitting.holder, sitting: run }
    outbox.add(id, { ...scope, id, records }, about)
    return id
  }

  const decide = () => {
    if (card === undefined) return
    const open = openField(card, corrections, fields)
    if (open !== undefined) {
      toField(open)
      return setSaid(`${fields[open]?.title} has no label yet: choose one, or leave the card with s or x.`)
    }
    const [worst] = broken
    if (worst?.blocks === true) {
      return setSaid(`Not saved: ${sentenceOf(worst, labelOf)}. Change one of the two, or leave the card with s or x.`)
    }
    const run = again === undefined ? sitting.run : runIdOf(Date.now(), random)
    const id = send(run, [recordOf(card, corrections, note, again)], card.name)
    setSitting(afterDecision({ ...sitting, run }, { card, corrections, note, id }))
    setLeft(leftAfter(left, [card], -1))
    setSaid(settledText(card, corrections))
    take(cards.slice(1))
    toCard()
  }

  const acceptGroup = (group: readonly GroupRecord[]) => {
    send(sitting.run, group.map(recordOfGroup), `the group of ${count(group.length)} cards`)
    setSitting(afterGroup(sitting, group))
    setLeft(leftAfter(left, group, -1))
    setSaid(`Accepted ${count(group.length)} cards.`)
    const settled = new Set(group.map((one) => one.shape_hash))
    take(cards.filter((one) => !settled.has(one.shape_hash)))
  }

  const putAside = (comesAgain: boolean) => {
    if (card === undefined) return
    void service.release(sitting, [card.shape_hash])
    setSitting(afterAside(sitting, card, comesAgain))
    if (!comesAgain) setLeft(leftAfter(left, [card], -1))
    setSaid(comesAgain ? 'Put aside: it comes again at the end.' : 'Left to another reviewer.')
    take(cards.slice(1))
  }

  /** Shows a card that was decided before again, as it was decided. */
  const showAgain = (done: Done) => {
    setCards([done.card, ...cards.filter((one) => one.shape_hash !== done.card.shape_hash)])
    setState('ready')
    show(done.card, done)
    toCard()
  }

  const undo = () => {
    const last: Done | undefined = sitting.done.at(-1)
    if (last === undefined) return setSaid('There is nothing to take back.')
    const isUnsent = outbox.takeBack(last.id)
    setSitting(afterUndo(sitting))
    setLeft(leftAfter(left, [last.card], 1))
    showAgain(last)
    setAgain(isUnsent ? undefined : last.corrections)
    setSaid(isUnsent ? 'Taken back.' : 'It was stored already: what you decide now replaces it.')
  }

  const pick = (value: string | null) => {
    if (card === undefined || field === undefined) return
    setCorrections(choose(card, corrections, field, value))
    setSearch('')
    toCard()
  }
  const move = (by: number) => {
    if (card === undefined) return
    for (let next = at + by; next >= 0 && next < fields.length; next += by) {
      const one = fields[next]
      if (one !== undefined && doesApply(card, corrections, one)) return toField(next)
    }
  }

  const hasCard = card !== undefined
  const buttons = [
    { name: Object.keys(corrections).length > 0 ? 'Save' : 'Accept', key: 'Enter', onPress: decide, isOff: !hasCard },
    { name: 'Later', key: 's', onPress: () => putAside(true), isOff: !hasCard },
    { name: 'Not sure', key: 'x', onPress: () => putAside(false), isOff: !hasCard },
    { name: 'Undo', key: 'u', onPress: undo, isOff: sitting.done.length === 0 },
  ]
  const onKey = (event: KeyboardEvent) =>
    handleKey(event, {
      ...{ decide, undo, move, ...keys(pick, setSaid) },
      skip: () => putAside(true),
      unsure: () => putAside(false),
      help: () => setHelp(!isHelp),
      leave: () => {
        setHelp(false)
        toCard()
      },
    })
  const forget = (id: string) => setSitting({ ...sitting, refused: sitting.refused.filter((one) => one.id !== id) })
  const sentences = broken.map((rule) => sentenceOf(rule, labelOf))

  return html`<section class="review" ref=${region} tabindex="0" aria-label="Review; the key ? shows the keys" onKeyDown=${onKey}>
    <${KeyBar} buttons=${buttons} isHelp=${isHelp} onHelp=${() => setHelp(!isHelp)} stats=${statsOf(sitting)} />
    <div role="status" aria-live="polite" class="said">${said}</div>
    <${Notices} waiting=${waiting} refused=${sitting.refused} onBack=${({ done }: RefusedDecision) => done !== null && showAgain(done)} onDismiss=${forget} />
    <${GroupBar} service=${service} data=${data} onAccept=${acceptGroup} />
    ${isHelp && html`<${Help} />`}
    ${
      !hasCard &&
      html`<${NoCard} ...${{ state, frame, data }} later=${sitting.later.length} onAgain=${() => {
        setSitting({ ...sitting, later: [] })
        setState('loading')
      }} />`
    }
    ${
      hasCard &&
      html`<${CardView} key=${card.shape_hash} ...${{ card, fields, corrections, at, note, search, choices, codebook, frame, together: sentences }}
      onField=${toField} onChoose=${pick} onSearch=${setSearch} onNote=${setNote} />`
    }
  </section>`
}
