/** Blind labels in the browser: one drawn record after the other, every field by a key, nothing lost on the way. */
import { h, render, type VNode } from 'preact'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { count, words } from '../page/format.ts'
import type { Frame } from '../page/frame.ts'
import { html } from '../page/html.ts'
import type { BlindRecord, LabelData } from '../page/label-page.ts'
import { Samples } from '../plots/record-parts.ts'
import { canTell, chosenIn, drawMore, isWhole, pickBlind } from './label-state.ts'
import { Choices, choicesOf } from './review-card.ts'
import { createCards } from './review-cards.ts'
import { useBeforeLeaving, useFoundCodes } from './review-hooks.ts'
import { actionOf } from './review-keys.ts'
import { createOutbox } from './review-outbox.ts'

export function enhance(frame: Frame, data: unknown): void {
  const place = document.getElementById('blind')
  if (place !== null) render(h(Labelling, { frame, data: data as LabelData }), place)
}

function Labelling({ frame, data }: { readonly frame: Frame; readonly data: LabelData }): VNode {
  const { fields, run } = data
  const [records, setRecords] = useState<readonly BlindRecord[]>([])
  const [labels, setLabels] = useState<Readonly<Record<string, string>>>({})
  const [at, setAt] = useState(0)
  const [search, setSearch] = useState('')
  const [state, setState] = useState('Rows are being drawn …')
  const [done, setDone] = useState(0)
  const [waiting, setWaiting] = useState('')
  const [fault, setFault] = useState('')
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
        onRefused: ({ message }) => setFault(message),
      }),
    [],
  )
  const record = records[0]
  const field = fields[at]
  useBeforeLeaving(outbox.flush)
  const found = useFoundCodes(service, field, search)
  const choices = record === undefined || field === undefined ? [] : choicesOf(field, search, [], found)

  useEffect(() => {
    if (records.length > 0) return undefined
    let isCurrent = true
    const ask = async (): Promise<void> => {
      const drawn = await drawMore(frame, data)
      if (!isCurrent) return
      if ('fault' in drawn) {
        setState(`${drawn.fault} Trying again …`)
        window.setTimeout(() => isCurrent && void ask(), 4_000)
        return
      }
      // Rows whose labels are still on their way would be drawn again.
      const fresh = drawn.records.filter(({ id }) => !seen.has(id))
      setRecords(fresh)
      setState(
        fresh.length > 0
          ? ''
          : drawn.records.length > 0
            ? 'The labels are being counted …'
            : 'No further row is to be labelled now.',
      )
      if (fresh.length === 0 && drawn.records.length > 0) window.setTimeout(() => isCurrent && void ask(), 3_000)
      region.current?.focus({ preventScroll: true })
    }
    void ask()
    return () => {
      isCurrent = false
    }
  }, [records.length === 0])

  const go = (index: number) => {
    setAt(Math.max(0, Math.min(fields.length - 1, index)))
    setSearch('')
    region.current?.focus({ preventScroll: true })
  }
  const give = (value: string | null) => {
    if (field === undefined) return
    setLabels(pickBlind(labels, field, value))
    // A field with one label is done with it.
    if (field.most === 1) go(at + 1)
    else setSearch('')
  }
  const save = () => {
    if (record === undefined || !isWhole(labels, fields)) return
    const id = crypto.randomUUID()
    seen.add(record.id)
    outbox.add(id, { run, records: [{ id: record.id, labels, note: '' }] })
    setDone(done + 1)
    setLabels({})
    setRecords(records.slice(1))
    go(0)
  }
  const onKey = (event: KeyboardEvent) => {
    const action = actionOf(event)
    if (action === undefined) return
    event.preventDefault()
    const chosen =
      action.kind === 'choose'
        ? choices.find(({ key }) => key === action.key)
        : action.kind === 'first' && search.trim() !== ''
          ? choices[0]
          : undefined
    if (chosen !== undefined) give(chosen.value)
    else if (action.kind === 'move') go(at + action.by)
    else if (action.kind === 'unsure') give('?')
    else if (action.kind === 'focus') document.getElementById(action.id)?.focus()
    else if (action.kind === 'leave') region.current?.focus({ preventScroll: true })
    else if (action.kind === 'decide') save()
  }

  return html`<section class="review" ref=${region} tabindex="0" aria-label="Blind labels" onKeyDown=${onKey}>
    <div class="review-bar"><button type="button" class="primary" onClick=${save} disabled=${!isWhole(labels, fields)}>Save <kbd>Enter</kbd></button>
      <button type="button" onClick=${() => give('?')} disabled=${record === undefined}>Cannot tell <kbd>x</kbd></button>
      <span class="dim">${count(done)} labelled here · keys: 1–9 choose, ↑ ↓ fields, / search</span></div>
    ${waiting !== '' && html`<p class="note">${waiting}</p>`}${fault !== '' && html`<p class="fault" role="alert">A row was not stored. ${fault}</p>`}
    ${state !== '' && html`<p class="empty" role="status">${state}</p>`}
    ${
      record !== undefined &&
      html`<div class="card review-card">
      <p class="record-line"><bdi class="mono">${record.id.slice(0, 200)}</bdi></p>
      ${record.texts.map(({ name, text }) => (name === 'name' ? html`<h2><bdi>${text.slice(0, 1_000)}</bdi></h2>` : html`<p><span class="dim">${words(name)}</span> <bdi>${text.slice(0, 2_000)}</bdi></p>`))}
      ${record.samples.length > 0 && html`<div class="half"><${Samples} points=${record.samples} /></div>`}
      <div class="fields" role="group" aria-label="Fields">${fields.map(
        (
          one,
          index,
        ) => html`<button type="button" class=${`field ${index === at ? 'chosen' : ''}`} aria-pressed=${index === at ? 'true' : 'false'} onClick=${() => go(index)}>
          <span class="dim">${one.title}</span><b>${canTell(labels[one.name])}</b></button>`,
      )}</div>
      ${field !== undefined && html`<${Choices} ...${{ field, label: chosenIn(labels[field.name]), choices, search, onChoose: give, onSearch: setSearch }} />`}
    </div>`
    }
  </section>`
}
