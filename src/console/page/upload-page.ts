/** How a dropped file is read: its mapping, which can be changed, what is unsure, the estimate, and the start of its run. */
import type { VNode } from 'preact'
import { bytes, count, dollars, words } from './format.ts'
import { Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { CostInput, Fact } from './parts.ts'

export interface UploadReport {
  readonly format: string
  readonly compression: string
  readonly encoding: string
  readonly layout: string
  readonly records: number
  /** The source of each field; '' where it has none, and in parentheses where it is no column. */
  readonly fields: readonly FieldSource[]
  readonly columns: readonly string[]
  /** The columns that no field is read from, with the field that each may be; '' where nothing tells. */
  readonly unused: readonly { readonly column: string; readonly guess: string }[]
  readonly unusedCount: number
  readonly problems: readonly string[]
  readonly sample: readonly (readonly { readonly field: string; readonly text: string }[])[]
  readonly estimate: { readonly model: string; readonly model_requests: number; readonly cost_usd: number } | null
}

export interface FieldSource {
  readonly field: string
  readonly source: string
}

export interface UploadData {
  readonly id: string
  readonly name: string
  readonly bytes: number
  readonly runId: string | null
  readonly codebooks: readonly string[]
  /** The names of the controls that messages name as well. */
  readonly controls: Readonly<Record<'mapping' | 'layout' | 'sheet' | 'records' | 'encoding', string>> &
    Readonly<Record<'skipInvalid' | 'catalogue' | 'maxCost', string>>
  /** How the file is asked to be read, as the form sends it along with what is changed since. */
  readonly reading: string
  /** Why the start was put off: nobody had seen what the changed mapping reads, or what the named catalogue holds. */
  readonly putOff: 'mapping' | 'catalogue' | ''
  /** The records that people decided and that have changed since; null where it is not known. */
  readonly changedDecisions: number | null
  readonly options: {
    readonly layout: string
    readonly sheet: string
    readonly records: string
    readonly encoding: string
  }
  /** The columns that were chosen for fields. */
  readonly chosen: Readonly<Record<string, string>>
  /** The fields and columns to choose from where this reading found none: those of the file as it is read by itself, or the fields alone. */
  readonly choices: { readonly fields: readonly FieldSource[]; readonly columns: readonly string[] }
  /** What was typed for the run. */
  readonly typed: {
    readonly catalogue: string
    readonly codebook: string
    readonly maxCost: string
    readonly mode: string
    readonly skipInvalid: boolean
  }
  /** Who answers in the place of a language model; '' where one does. */
  readonly offline: string
  readonly state: 'running' | 'failed' | 'done'
  readonly faults: readonly string[]
  readonly report: UploadReport | null
}

export const title = ({ name }: UploadData): string => `New run: ${name}`

/** What a form sends for a field that no column is read for. */
export const LEFT_OUT = '\u0001'

const LAYOUTS: Readonly<Record<string, string>> = {
  long: 'one row a record',
  wide: 'columns are periods',
  'wide-rows': 'rows are periods',
  tall: 'one row a value',
}

const MODES = [
  ['hybrid', 'rules where they are trusted, else the model'],
  ['model', 'the model, every field'],
  ['rules', 'the rules alone'],
] as const

export function Page({ data, frame }: PageProps<UploadData>): VNode {
  const { report, state, faults, runId } = data
  return html`<${Layout} frame=${frame} title=${html`<bdi>${data.name}</bdi>`} aside=${html`<span class="dim">${bytes(data.bytes)}</span>`}>
    ${runId !== null && html`<p class="done">A run was started with this file: <a href=${`${frame.base}/runs/${encodeURIComponent(runId)}`}>${runId}</a></p>`}
    ${data.putOff === 'mapping' && html`<p class="note" role="status">Nothing was started yet: the mapping was changed, and this is how the file is read with it. Start the run where it is right.</p>`}
    ${data.putOff === 'catalogue' && html`<p class="note" role="status">Nothing was started yet: people have decided records of the catalogue ${data.typed.catalogue}. How many of them have changed since is said here as soon as it is known.</p>`}
    ${(data.changedDecisions ?? 0) > 0 && html`<p class="note" role="status">${count(data.changedDecisions ?? 0)} ${data.changedDecisions === 1 ? 'record that people decided has changed since and will be asked again: its' : 'records that people decided have changed since and will be asked again: their'} new results replace the decisions, which stay in the history of the record.</p>`}
    ${data.offline !== '' && html`<p class="note">${data.offline}</p>`}
    ${state === 'running' && html`<p class="empty" role="status">The file is being read … A large one takes a minute.</p>`}
    ${state === 'failed' && html`<div class="fault" role="alert"><p><b>The file cannot be read like this.</b></p>${faults.map((line) => html`<p><bdi>${line}</bdi></p>`)}</div>`}
    ${report !== null && html`<${Found} report=${report} offline=${data.offline} />`}
    <form class="columns" method="post" action=${`${frame.base}/start/${data.id}`}>
      <input type="hidden" name="_csrf" value=${frame.csrf} />
      <input type="hidden" name="shown" value=${data.reading} />
      <input type="hidden" name="shown_for" value=${JSON.stringify([data.typed.catalogue, data.typed.codebook])} />
      ${state !== 'running' && html`<${Mapping} data=${data} />`}
      ${report !== null && html`<${Start} data=${data} />`}
    </form>
    ${report !== null && html`<${Sample} report=${report} />`}
  <//>`
}

function Found({ report, offline }: { readonly report: UploadReport; readonly offline: string }): VNode {
  const { estimate, unused, unusedCount } = report
  return html`<section class="card" aria-label="What was found">
    <dl class="facts">
      <${Fact} name="Records">${count(report.records)}<//>
      <${Fact} name="Format">${report.format}${report.compression === '' ? '' : `, ${report.compression}`}<//>
      <${Fact} name="Layout">${LAYOUTS[report.layout] ?? report.layout}<//>
      <${Fact} name="Encoding">${report.encoding}<//>
      ${estimate !== null && html`<${Fact} name="Requests, about">${count(estimate.model_requests)}<//><${Fact} name="Cost, about">${dollars(estimate.cost_usd)}<//><${Fact} name="Model"><bdi>${offline === '' ? estimate.model : 'the offline model'}</bdi><//>`}
    </dl>
    ${report.problems.length > 0 && html`<h2 class="above">To look at</h2><ul>${report.problems.map((line) => html`<li><bdi>${line}</bdi></li>`)}</ul>`}
    ${
      unusedCount > 0 &&
      html`<h2 class="above">Columns that are not used</h2><p class="dim">The model does not see them. Choose one below where it says something of the record.</p>
      <ul>${unused.map(({ column, guess }) => html`<li><bdi>${column.slice(0, 80)}</bdi>${guess !== '' && html` <span class="dim">may be ${words(guess)}</span>`}</li>`)}
      ${unusedCount > unused.length && html`<li>and ${count(unusedCount - unused.length)} more</li>`}</ul>`
    }
  </section>`
}

function Mapping({ data }: { readonly data: UploadData }): VNode {
  const { report, options, chosen, choices, controls } = data
  const { fields, columns } = report ?? choices
  return html`<div class="card form">
    <h2>${controls.mapping}</h2>
    <table class="shares"><thead><tr><th scope="col">Field</th><th scope="col">Column</th></tr></thead><tbody>${fields.map(
      ({ field, source }) =>
        html`<tr><th scope="row"><label for=${`map-${field}`}>${words(field)}</label></th><td>${
          columns.length === 0
            ? html`<input id=${`map-${field}`} name=${`map.${field}`} defaultValue=${chosen[field] === LEFT_OUT ? '' : chosen[field]} maxlength="1000" placeholder="name of a column" />`
            : html`<select id=${`map-${field}`} name=${`map.${field}`}>
          <option value="">${source === '' ? 'none found' : `found: ${source.slice(0, 80)}`}</option>
          ${columns.map((column) => html`<option value=${column} selected=${chosen[field] === column}>${column.slice(0, 80)}</option>`)}
          <option value=${LEFT_OUT} selected=${chosen[field] === LEFT_OUT}>leave out</option>
        </select>`
        }</td></tr>`,
    )}</tbody></table>
    <details open=${data.state === 'failed' || Object.values(options).some((one) => one !== '')}><summary>Layout, sheet, place of the records, encoding</summary><div class="line-up">
      <label>${controls.layout} <select name="layout">${(
        [
          ['', 'found out'],
          ['long', 'one row a record'],
          ['wide', 'columns or rows are periods'],
        ] as const
      ).map(
        ([one, shown]) => html`<option value=${one} selected=${one === options.layout}>${shown}</option>`,
      )}</select></label>
      <label>${controls.sheet} <input name="sheet" defaultValue=${options.sheet} size="10" maxlength="200" /></label>
      <label>${controls.records} <input name="records" defaultValue=${options.records} size="12" maxlength="200" placeholder="data.items" /></label>
      <label>${controls.encoding} <input name="encoding" defaultValue=${options.encoding} size="12" maxlength="40" placeholder="found out" /></label>
    </div></details>
    <p><button name="again" value="1" formnovalidate>Read the file again with this mapping</button> <span class="dim">Shows its records anew, and starts nothing.</span></p>
  </div>`
}

function Start({ data }: { readonly data: UploadData }): VNode {
  const { report, typed, controls } = data
  return html`<div class="card form">
    <h2>Start the run</h2>
    <label>${controls.catalogue} <input name="catalogue" defaultValue=${typed.catalogue} required maxlength="256" /></label>
    <label>Codebook <select name="codebook">${data.codebooks.map((name) => html`<option value=${name} selected=${name === typed.codebook}>${name}</option>`)}</select></label>
    <label>${controls.maxCost} <${CostInput} value=${typed.maxCost} placeholder="no limit" /> USD</label>
    <label>Who decides <select name="mode">${MODES.map(([mode, shown]) => html`<option value=${mode} selected=${mode === typed.mode}>${shown}</option>`)}</select></label>
    <label><input type="checkbox" name="skip_invalid" value="1" defaultChecked=${typed.skipInvalid} /> ${controls.skipInvalid}</label>
    <button class="primary">Classify ${count(report?.records ?? 0)} ${report?.records === 1 ? 'record' : 'records'}</button>
  </div>`
}

function Sample({ report }: { readonly report: UploadReport }): VNode {
  return html`<section class="card"><h2>The first records, as they are read</h2><div class="columns">${report.sample.map(
    (record) =>
      html`<dl class="facts one">${record.map(({ field, text }) => html`<${Fact} name=${words(field)}><bdi>${text}</bdi><//>`)}</dl>`,
  )}</div></section>`
}
