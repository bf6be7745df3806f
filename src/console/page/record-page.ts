/** One record: its texts with the words marked that decided, its labels, and what runs said of it. */
import type { VNode } from 'preact'
import { Marked, Samples } from '../plots/record-parts.ts'
import { count, cut, inTitles, label, words } from './format.ts'
import { type Frame, Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { Badge, Bar, Fact, may, recordPath, Time } from './parts.ts'

export interface RecordField {
  readonly name: string
  readonly title: string
  readonly label: string
  readonly confidence: number | null
  /** What decided the field: a rule, a model or a person. */
  readonly source: string
  readonly finding: {
    readonly value: string
    readonly sure: boolean
    readonly rule: string
    readonly because: string
    /** Whether the rule decided the field. */
    readonly stands: boolean
  } | null
  /** The words that the finding rests on. */
  readonly evidence: readonly string[]
}

export interface HistoryRow {
  readonly runId: string
  readonly at: string
  readonly source: string
  readonly status: string
  readonly confidence: number
  readonly changes: readonly { readonly field: string; readonly from: unknown; readonly to: unknown }[]
}

export interface RecordData {
  readonly codebook: string
  readonly catalogue: string
  readonly id: string
  readonly name: string
  readonly texts: readonly { readonly name: string; readonly text: string }[]
  readonly samples: readonly { readonly date: string; readonly value: number }[]
  readonly fields: readonly RecordField[]
  readonly confidence: number
  /** The confidences that the one of the row is made of; the least of them, and what is left if no two misses coincide. */
  readonly madeOf: { readonly fields: number; readonly least: number; readonly low: number } | null
  readonly source: string
  readonly status: string
  readonly issues: readonly { readonly code: string; readonly message: string }[]
  readonly reason: string
  readonly model: string | null
  readonly runId: string
  readonly classifiedAt: string
  readonly history: readonly HistoryRow[]
  readonly siblings: {
    readonly shown: readonly { readonly id: string; readonly name: string }[]
    readonly found: number
    readonly isAll: boolean
  }
}

export const title = ({ name }: RecordData): string => cut(name, 120)

export function Page({ data, frame }: PageProps<RecordData>): VNode {
  const evidence = [...new Set(data.fields.flatMap((field) => field.evidence))]
  return html`<${Layout} frame=${frame} title=${html`<bdi><${Marked} text=${cut(data.name, 1_000)} marks=${evidence} /></bdi>`} aside=${html`<${Badge} state=${data.status} />`}>
    <div class="columns">
      <section class="card"><h2>The record</h2>
        <dl class="facts one">
          <${Fact} name="Id"><bdi class="mono">${cut(data.id, 300)}</bdi><//>
          <${Fact} name="Catalogue"><bdi>${data.catalogue}</bdi><//>
          ${data.texts.map(({ name, text }) => html`<${Fact} name=${words(name)}><bdi><${Marked} text=${text} marks=${evidence} /></bdi><//>`)}
        </dl>
        <${Samples} points=${data.samples} />
      </section>
      <section class="card"><h2>What was decided</h2><${Labels} data=${data} />
        ${data.reason !== '' && html`<h3>Reason</h3><p><bdi>${data.reason}</bdi></p>`}
        ${data.issues.length > 0 && html`<h3>What speaks against it</h3><ul>${data.issues.map(({ code, message }) => html`<li><b>${words(code)}</b>: <bdi>${inTitles(message, data.fields)}</bdi></li>`)}</ul>`}
        <p class="dim">By ${data.source}${data.model !== null && html`, <bdi>${data.model}</bdi>`} in <a href=${`${frame.base}/runs/${encodeURIComponent(data.runId)}`}>${data.runId}</a>, <${Time} at=${data.classifiedAt} frame=${frame} />.
          Confidence of the row: ${data.confidence.toFixed(2)}.${data.madeOf !== null && html` ${madeOfText(data)}`}</p>
        ${may(frame, 'review') && data.status !== 'accepted' && html`<p><a class="button primary" href=${`${reviewPath(data, frame)}&record=${encodeURIComponent(data.id)}`}>Review this record</a> <a class="button" href=${reviewPath(data, frame)}>Review this catalogue</a></p>`}
      </section>
    </div>
    <section class="card"><h2>What the rules find</h2><${Findings} data=${data} /></section>
    <div class="columns">
      <section class="card"><h2>What runs said</h2><${History} data=${data} frame=${frame} /></section>
      <section class="card"><h2>Records of the same shape</h2>
        ${
          data.siblings.found === 0
            ? html`<p class="dim">None was found: a decision on this record settles it alone.</p>`
            : html`<p>${count(data.siblings.found)}${data.siblings.isAll ? '' : ' or more'}; one decision settles them all.</p>
          <ul class="plain">${data.siblings.shown.map(
            ({ id, name }) =>
              html`<li><a class="mono" href=${recordPath(frame, data.codebook, { catalogue: data.catalogue, id })}><bdi>${cut(id, 60)}</bdi></a> <bdi>${cut(name, 100)}</bdi></li>`,
          )}</ul>`
        }
      </section>
    </div>
  <//>`
}

/** How the confidence of a row comes of those of its fields. */
function madeOfText({ confidence, madeOf }: RecordData): string {
  if (madeOf === null || madeOf.fields < 2) return ''
  const whole = `It is the chance that all ${count(madeOf.fields)} fields with a confidence that a person can label are right at once: at most that of the least sure field (${madeOf.least.toFixed(2)})`
  if (confidence === 0) return `${whole}; 0 because a field has no answer.`
  if (confidence < madeOf.low)
    return `${whole}, and less than ${madeOf.low.toFixed(2)} because answers of the record contradict each other.`
  return `${whole}, and at least ${madeOf.low.toFixed(2)}, which it would be if no two fields were ever wrong together.`
}

/** The review of the record's catalogue, with guesses where the record is one. */
function reviewPath({ codebook, catalogue, status }: RecordData, { base }: Frame): string {
  const guesses = status === 'unverified' ? '&unverified=1' : ''
  return `${base}/review?codebook=${encodeURIComponent(codebook)}&catalogue=${encodeURIComponent(catalogue)}${guesses}`
}

function Labels({ data }: { readonly data: RecordData }): VNode {
  return html`<table class="shares"><thead><tr><th scope="col">Field</th><th scope="col">Label</th><th scope="col">By</th><th scope="col" class="num">Confidence</th><td></td></tr></thead>
    <tbody>${data.fields.map(
      ({
        name,
        title: shown,
        label: value,
        source,
        confidence,
      }) => html`<tr><th scope="row" title=${name}>${shown}</th><td><b>${value === '' ? '–' : value}</b></td>
        <td class="dim">${source}</td><td class="num">${confidence === null ? '' : confidence.toFixed(2)}</td>
        <td class="bar" aria-hidden="true">${confidence !== null && html`<${Bar} share=${confidence} tone=${confidence < 0.8 ? 'warn' : 'accent'} />`}</td></tr>`,
    )}</tbody></table>`
}

function Findings({ data }: { readonly data: RecordData }): VNode {
  const found = data.fields.filter(({ finding }) => finding !== null)
  if (found.length === 0) return html`<p class="dim">This codebook has no rules, or none of them reads this record.</p>`
  return html`<div class="scroll flat" tabindex="0" role="region" aria-label="Findings of rules"><table class="rows"><thead><tr><th scope="col">Field</th><th scope="col">Finding</th><th scope="col">Sure</th><th scope="col">Decided</th><th scope="col">Why</th></tr></thead>
    <tbody>${found.map(
      ({
        name,
        title: shown,
        label: value,
        finding,
        source,
      }) => html`<tr><th scope="row" title=${name}>${shown}</th><td>${finding?.value || '–'}</td><td>${finding?.sure === true ? 'sure' : 'a guess'}</td>
        <td>${finding?.stands === true ? 'yes' : decidedBy(source, finding?.value === value)}</td><td class="text"><bdi>${finding?.because}</bdi></td></tr>`,
    )}</tbody></table></div>`
}

/** What decided a field in the place of its rule. A rule that is sure decides nothing where a model or a person was asked. */
function decidedBy(source: string, isSame: boolean): string {
  if (source === '') return 'no: the field does not apply'
  return `no: ${source} did${isSame ? ', and agrees' : ', and differs'}`
}

function History({ data, frame }: PageProps<RecordData>): VNode {
  if (data.history.length === 0)
    return html`<p class="dim">What earlier runs said was deleted when it was older than the service keeps it.</p>`
  return html`<ol class="plain">${data.history.map(
    ({ runId, at, source, status, confidence, changes }) => html`<li>
      <${Time} at=${at} frame=${frame} /> <a class="mono" href=${`${frame.base}/runs/${encodeURIComponent(runId)}`}>${runId}</a>
      <${Badge} state=${status} /> <span class="dim">by ${source}, ${confidence.toFixed(2)}</span>
      ${changes.map(({ field, from, to }) => html`<div><span title=${field}>${data.fields.find(({ name }) => name === field)?.title ?? words(field)}</span>: <del>${label(from)}</del> → <ins>${label(to)}</ins></div>`)}
    </li>`,
  )}</ol>`
}
