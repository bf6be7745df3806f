/** Blind labels in the browser: one drawn record after the other, every field by a key, nothing lost on the way. */
import { h, render, type VNode } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { count } from '../page/format.ts'
import type { Frame } from '../page/frame.ts'
import { html } from '../page/html.ts'
import type { BlindRecord, LabelData } from '../page/label-page.ts'
import { RecordTexts, Samples } from '../plots/record-parts.ts'
import {
  type BlindLabels,
  blindLabelOf,
  canTell,
  chosenIn,
  drawMore,
  givenBlind,
  type LabelledHere,
  missingIn,
  pickBlind,
  progressText,
} from './label-state.ts'
import { Help, KeyBar } from './review-bar.ts'
import { Choices, Comment, Together } from './review-card.ts'
import { createCards } from './review-cards.ts'
import { useBeforeLeaving, useChoices, useShownFromTop } from './review-hooks.ts'
import { handleKey } from './review-keys.ts'
import { reasonOf } from './review-notices.ts'
import { createOutbox, type Refused } from './review-outbox.ts'
import { brokenRules, sentenceOf } from './together.ts'

export function enhance(frame: Frame, data: unknown): void {
  const place = document.getElementById('blind')
  if (place !== null) render(h(Labelling, { frame, data: data as LabelData }), place)
}

function Labelling({ frame, data }: { readonly frame: Frame; readonly data: LabelData }): VNode {
  const { fields, run } = data
  const [records, setRecords] = useState<readonly BlindRecord[]>([])
  const [labels, setLabels] = useState<BlindLabels>({})
  const [note, setNote] = useState('')
  const [at, setAt] = useState(0)
  const [search, setSearch] = useState('')
  const [state, setState] = useState<'drawing' | 'counting' | 'ready' | 'done'>('drawing')
  const [said, setSaid] = useState('')
  const [isHelp, setHelp] = useState(false)
  const [done, setDone] = useState<readonly LabelledHere[]>([])
  const [told, setTold] = useState({ progress: data.progress, here: 0 })
  const [waiting, setWaiting] = useState('')
  const [refused, setRefused] = useState<readonly Refused[]>([])
  const seen = useMemo(() => new Set<string>(), [])
  const region = useRef<HTMLElement>(null)
  const service = useMemo(() => createCards(frame, { codebook: data.codebook, catalogue: data.catalogue }), [])
  const outbox = useMemo(
    () =>
      createOutbox({
        ...{ frame, path: '/accuracy/labels' },
        onChange: (waits, reason) =>
          setWaiting(
            waits > 0 && reason !== '' ? `${count(waits)} labelled rows wait in this browser: ${reason}.` : '',
          ),
        onRefused: (one) => setRefused((known) => [...known, one]),
      }),
    [],
  )
  const record = records[0]
  const field = fields[at]
  const { choices, keys } = useChoices(service, field, search, {
    given: field === undefined ? [] : givenBlind(done, field),
  })
  const labelOf = (name: string) => blindLabelOf(labels, fields, name)
  const broken = brokenRules(data.together, labelOf)
  const toCard = () => region.current?.focus({ preventScroll: true })
  useBeforeLeaving(outbox.flush)
  useShownFromTop(region, record?.id)

  useEffect(() => {
    if (records.length > 0) return undefined
    let isCurrent = true
    const ask = async (): Promise<void> => {
      const drawn = await drawMore(frame, data)
      if (!isCurrent) return
      if ('fault' in drawn) {
        setSaid(`${drawn.fault} Trying again …`)
        window.setTimeout(() => isCurrent && void ask(), 4_000)
        return
      }
      // Rows whose labels are still on their way would be drawn again.
      const fresh = drawn.records.filter(({ id }) => !seen.has(id))
      const isCounting = fresh.length === 0 && drawn.records.length > 0
      setRecords(fresh)
      setTold({ progress: drawn.progress, here: isCounting ? done.length - drawn.records.length : done.length })
      setState(fresh.length > 0 ? 'ready' : isCounting ? 'counting' : 'done')
      if (isCounting) window.setTimeout(() => isCurrent && void ask(), 3_000)
      toCard()
    }
    void ask()
    return () => {
      isCurrent = false
    }
  }, [records.length === 0])

  const go = (index: number) => {
    setAt(Math.max(0, Math.min(fields.length - 1, index)))
    setSearch('')
    toCard()
  }
  const give = (value: string | null) => {
    if (field === undefined || record === undefined) return
    setLabels(pickBlind(labels, field, value))
    setSaid('')
    // A field with one label is done with it.
    if (field.most === 1) go(at + 1)
    else setSearch('')
  }
  const show = (next: readonly BlindRecord[], entered?: LabelledHere) => {
    setRecords(next)
    setLabels(entered?.labels ?? {})
    setNote(entered?.note ?? '')
    go(0)
  }
  const save = () => {
    if (record === undefined) return
    const missing = missingIn(labels, fields)
    const [next] = missing
    if (next !== undefined) {
      go(fields.indexOf(next))
      return setSaid(`No label yet: ${missing.map(({ title }) => title).join(', ')}. x says that nobody can tell.`)
    }
    const [worst] = broken
    if (worst?.blocks === true) return setSaid(`Not saved: ${sentenceOf(worst, labelOf)}. Change one of the two.`)
    const id = crypto.randomUUID()
    seen.add(record.id)
    outbox.add(id, { run, records: [{ id: record.id, labels, note }] }, record.id)
    setDone([...done, { id, record, labels, note }])
    setRefused(refused.filter(({ about }) => about !== record.id))
    setSaid('Saved.')
    show(records.slice(1))
  }
  const back = (one: LabelledHere) => {
    seen.delete(one.record.id)
    setDone(done.filter(({ id }) => id !== one.id))
    show([one.record, ...records.filter(({ id }) => id !== one.record.id)], one)
    setState('ready')
  }
  const undo = () => {
    const last = done.at(-1)
    if (last === undefined) return setSaid('There is nothing to take back.')
    if (!outbox.takeBack(last.id)) {
      return setSaid('It was stored already. A label is given once: a second person may label the row as well.')
    }
    back(last)
    setSaid('Taken back.')
  }
  const later = () => {
    if (record === undefined || records.length < 2) return setSaid('There is no other row now.')
    show([...records.slice(1), record])
    setSaid('Put aside: it comes again after the others.')
  }
  const onKey = (event: KeyboardEvent) =>
    handleKey(event, {
      ...{ decide: save, undo, skip: later, ...keys(give, setSaid) },
      unsure: () => give('?'),
      move: (by) => go(at + by),
      help: () => setHelp(!isHelp),
      leave: () => {
        setHelp(false)
        toCard()
      },
    })
  const isOff = record === undefined
  const buttons = [
    { name: 'Save', key: 'Enter', onPress: save, isOff },
    { name: 'Later', key: 's', onPress: later, isOff },
    { name: 'Cannot tell', key: 'x', onPress: () => give('?'), isOff },
    { name: 'Undo', key: 'u', onPress: undo, isOff: done.length === 0 },
  ]
  const stats = progressText(told.progress, { since: Math.max(0, done.length - told.here), here: done.length })

  return html`<section class="review" ref=${region} tabindex="0" aria-label="Blind labels; the key ? shows the keys" onKeyDown=${onKey}>
    <${KeyBar} buttons=${buttons} isHelp=${isHelp} onHelp=${() => setHelp(!isHelp)} stats=${stats} />
    <div role="status" aria-live="polite" class="said">${said}</div>
    ${isHelp && html`<${Help} isBlind=${true} />`}
    ${waiting !== '' && html`<p class="note">${waiting}</p>`}
    ${refused.map((one) => {
      const own = done.find(({ id }) => id === one.id)
      return html`<p class="fault" role="alert" key=${one.id}>Not stored: <b><bdi>${one.about.slice(0, 200)}</bdi></b>. <bdi>${reasonOf(one.message)}</bdi>
        ${own !== undefined && html`<button type="button" onClick=${() => back(own)}>Back to the row</button>`}
        <button type="button" class="quiet" onClick=${() => setRefused(refused.filter(({ id }) => id !== one.id))}>Dismiss</button></p>`
    })}
    ${isOff && html`<${Waiting} state=${state} href=${`${frame.base}/accuracy?run=${encodeURIComponent(run)}`} />`}
    ${
      record !== undefined &&
      html`<div class="card review-card">
      <p class="record-line"><bdi class="mono">${record.id.slice(0, 200)}</bdi></p>
      ${record.texts.map(({ name, text }) => name === 'name' && html`<h2><bdi>${text.slice(0, 1_000)}</bdi></h2>`)}
      <${RecordTexts} texts=${record.texts.filter(({ name }) => name !== 'name')} />
      ${record.samples.length > 0 && html`<div class="half"><${Samples} points=${record.samples} /></div>`}
      <div class="fields" role="group" aria-label="Fields">${fields.map(
        (
          one,
          index,
        ) => html`<button type="button" class=${`field ${index === at ? 'chosen' : ''}`} aria-pressed=${index === at ? 'true' : 'false'} onClick=${() => go(index)}>
          <span class="dim" title=${one.name}>${one.title}</span><b>${canTell(labels[one.name])}</b></button>`,
      )}</div>
      ${field !== undefined && html`<${Choices} ...${{ field, label: chosenIn(labels[field.name]), choices, search, onChoose: give, onSearch: setSearch }} />`}
      <${Together} sentences=${broken.map((rule) => sentenceOf(rule, labelOf))} />
      <${Comment} note=${note} onNote=${setNote} />
    </div>`
    }
  </section>`
}

const STATES = { drawing: 'Rows are being drawn …', counting: 'The labels are being counted …', ready: '', done: '' }

/** What stands in the place of a row where none is there. */
function Waiting({ state, href }: { readonly state: keyof typeof STATES; readonly href: string }): VNode {
  if (state !== 'done') return html`<p class="empty" role="status">${STATES[state]}</p>`
  return html`<div class="empty" role="status"><p>No further row is to be labelled now.</p>
    <p><a class="button primary" href=${href}>See the certificate</a></p></div>`
}
