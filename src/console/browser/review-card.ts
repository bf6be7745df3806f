/** How one card looks: the record, its labels field by field, and the values of the field that is chosen. */
import type { VNode } from 'preact'
import { count, inTitles, label as shown, words } from '../page/format.ts'
import type { Frame } from '../page/frame.ts'
import { html } from '../page/html.ts'
import { recordPath } from '../page/parts.ts'
import { REASONS } from '../page/review-page.ts'
import { Marked, quotedIn, RecordTexts, Samples } from '../plots/record-parts.ts'
import { type Choice, typedFault } from './choices.ts'
import { doesApply, labelAfter } from './review-state.ts'
import type { Card, Corrections, Label, ReviewField } from './review-types.ts'

export interface CardProps {
  readonly card: Card
  readonly fields: readonly ReviewField[]
  readonly corrections: Corrections
  /** The place of the chosen field. */
  readonly at: number
  readonly note: string
  /** Sentences on labels that do not go together. */
  readonly together: readonly string[]
  readonly codebook: string
  readonly frame: Frame
  readonly search: string
  readonly choices: readonly Choice[]
  readonly onField: (index: number) => void
  readonly onChoose: (value: string | null) => void
  readonly onSearch: (text: string) => void
  readonly onNote: (text: string) => void
}

export function CardView(props: CardProps): VNode {
  const { card, fields, corrections } = props
  const marks = Object.values(card.rules).flatMap(({ because }) => quotedIn(because))
  const field = fields[props.at]
  return html`<div class="card review-card">
    <p class="dim">${REASONS[card.why] ?? words(card.why)}${card.issues.slice(0, 3).map(({ message }) => html`<br /><bdi>${inTitles(message.slice(0, 300), fields)}</bdi>`)}</p>
    <h2><bdi><${Marked} text=${card.name.slice(0, 1_000)} marks=${marks} /></bdi></h2>
    <p class="record-line"><a class="mono" href=${recordPath(props.frame, props.codebook, { catalogue: card.catalogue, id: card.indicator_id })}><bdi>${card.indicator_id.slice(0, 120)}</bdi></a>
      <span class="dim">in</span> <bdi>${card.catalogue}</bdi></p>
    <${RecordTexts} texts=${card.texts} marks=${marks} />
    ${card.sample_values.length > 0 && html`<div class="half"><${Samples} points=${card.sample_values} /></div>`}
    <div class="fields" role="group" aria-label="Fields">
      ${fields.map((one, index) => html`<${FieldRow} key=${one.name} field=${one} index=${index} ...${props} />`)}
    </div>
    ${field !== undefined && html`<${Choices} ...${{ ...props, field, label: labelAfter(card, corrections, field.name) }} />`}
    <${Together} sentences=${props.together} />
    ${
      card.model !== null &&
      html`<p><span class="dim">The model${card.model.name === null ? '' : ` ${card.model.name}`} says:</span> <bdi>${card.model.reason}</bdi></p>`
    }
    <${Comment} note=${props.note} onNote=${props.onNote} />
    <p class="settles">This settles <b>${count(card.same_shape)} ${card.same_shape === 1 ? 'record' : 'records'} of this shape</b>${card.same_shape > 1 ? ':' : '.'}
      ${card.same_shape > 1 && html`<span>${card.siblings.map(({ id, name }) => html`<span class="sibling" title=${name}><bdi>${name === '' ? id : name.slice(0, 60)}</bdi></span>`)}${card.same_shape > card.siblings.length ? '…' : ''}</span>`}</p>
  </div>`
}

/** What the codebook says of labels that do not go together, while they can still be changed. */
export function Together({ sentences }: { readonly sentences: readonly string[] }): VNode {
  return html`<div role="status" aria-live="polite">${sentences.map((sentence) => html`<p class="note">Does not go together: ${sentence}.</p>`)}</div>`
}

export function Comment({ note, onNote }: Pick<CardProps, 'note' | 'onNote'>): VNode {
  return html`<label class="note-line">Comment <input value=${note} maxlength="1000" onInput=${(event: Event) => onNote((event.target as HTMLInputElement).value)} id="review-note" /></label>`
}

interface RowProps extends CardProps {
  readonly field: ReviewField
  readonly index: number
}

function FieldRow({ card, field, index, at, corrections, onField }: RowProps): VNode {
  const value = labelAfter(card, corrections, field.name)
  const isChanged = Object.hasOwn(corrections, field.name)
  const applies = doesApply(card, corrections, field)
  const finding = card.rules[field.name]
  const model = card.model?.answer[field.name]
  const confidence = card.field_confidence[field.name]
  return html`<button type="button" class=${`field ${index === at ? 'chosen' : ''} ${isChanged ? 'changed' : ''}`}
      aria-pressed=${index === at ? 'true' : 'false'} onClick=${() => onField(index)} disabled=${!applies}>
    <span class="dim" title=${field.name}>${field.title}</span>
    <b>${titled(card, field, value)}</b>
    <span class="dim">${[
      confidence === undefined || isChanged ? '' : confidence.toFixed(2),
      finding === undefined
        ? ''
        : `rule ${finding.sure ? 'sure of' : 'guesses'} ${finding.value === null ? 'no label' : shown(finding.value)}`,
      model === undefined ? '' : `model ${model === null ? 'no label' : shown(model)}`,
      isChanged ? `was ${shown(card.labels[field.name])}` : '',
    ]
      .filter((part) => part !== '')
      .join(' · ')}</span>
  </button>`
}

function titled(card: Card, { name, kind }: ReviewField, value: Label): string {
  if (kind === 'codes' && JSON.stringify(value) === JSON.stringify(card.labels[name]))
    return card.titles[name] ?? shown(value)
  return shown(value)
}

export interface ChoicesProps extends Pick<CardProps, 'choices' | 'search' | 'onChoose' | 'onSearch'> {
  readonly field: ReviewField
  /** The label that the field has; undefined where nobody has given one yet. */
  readonly label: Label | undefined
}

/** The values of a field, with the search that narrows them. */
export function Choices({ field, label, choices, search, onChoose, onSearch }: ChoicesProps): VNode {
  const given = label === undefined ? [] : [label].flat().map((one) => (one === null ? null : String(one)))
  const has = (value: string | null) => given.includes(value)
  const isOpen = field.form !== null
  const fault = typedFault(field, search)
  return html`<fieldset class="choices"><legend title=${field.name}>${field.title}${field.most > 1 ? ` (at most ${field.most})` : ''}</legend>
    ${field.guidance !== '' && html`<p class="dim">${field.guidance}</p>`}
    <label class="search-line">${isOpen ? 'Value' : 'Search'} <input id="review-search" value=${search} autocomplete="off" maxlength="300"
      aria-keyshortcuts="/" aria-invalid=${fault === '' ? undefined : 'true'} aria-describedby=${isOpen ? 'search-fault' : undefined} onInput=${(event: Event) => onSearch((event.target as HTMLInputElement).value)} /></label>
    ${isOpen && html`<p id="search-fault" class="search-fault" role="status">${fault}</p>`}
    <div class="choice-list">${choices.map(
      ({
        value,
        title,
        hint,
        key,
      }) => html`<button type="button" key=${value ?? ''} class=${`choice ${has(value) ? 'has' : ''}`} aria-pressed=${has(value) ? 'true' : 'false'} onClick=${() => onChoose(value)} title=${hint}>
        ${key !== '' && html`<kbd>${key}</kbd>`}<span>${title}</span>${hint !== '' && html`<small>${hint}</small>`}
      </button>`,
    )}</div>
  </fieldset>`
}
