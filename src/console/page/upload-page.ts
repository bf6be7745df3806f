/** How a dropped file is read: its mapping, which can be changed, what is unsure, the estimate, and the start of its run. */
import type { VNode } from 'preact'
import { bytes, count, dollars, words } from './format.ts'
import { Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { Fact } from './parts.ts'

export interface UploadReport {
  readonly format: string
  readonly compression: string
  readonly encoding: string
  readonly layout: string
  readonly records: number
  /** The source of each field; '' where it has none, and in parentheses where it is no column. */
  readonly fields: readonly { readonly field: string; readonly source: string }[]
  readonly columns: readonly string[]
  readonly problems: readonly string[]
  readonly sample: readonly (readonly { readonly field: string; readonly text: string }[])[]
  readonly estimate: { readonly model: string; readonly model_requests: number; readonly cost_usd: number } | null
}

export interface UploadData {
  readonly id: string
  readonly name: string
  readonly bytes: number
  readonly runId: string | null
  readonly catalogue: string
  readonly codebooks: readonly string[]
  readonly options: {
    readonly layout: string
    readonly sheet: string
    readonly records: string
    readonly encoding: string
  }
  readonly state: 'running' | 'failed' | 'done'
  readonly faults: readonly string[]
  readonly report: UploadReport | null
}

export const title = ({ name }: UploadData): string => `New run: ${name}`

/** What a form sends for a field that no column is read for. */
export const LEFT_OUT = '\u0001'

export function Page({ data, frame }: PageProps<UploadData>): VNode {
  const { report, state, faults, runId } = data
  return html`<${Layout} frame=${frame} title=${html`<bdi>${data.name}</bdi>`} aside=${html`<span class="dim">${bytes(data.bytes)}</span>`}>
    ${runId !== null && html`<p class="done">A run was started with this file: <a href=${`${frame.base}/runs/${encodeURIComponent(runId)}`}>${runId}</a></p>`}
    ${state === 'running' && html`<p class="empty" role="status">The file is being read … A large one takes a minute.</p>`}
    ${state === 'failed' && html`<div class="fault" role="alert"><p><b>The file cannot be read like this.</b></p>${faults.map((line) => html`<p><bdi>${line}</bdi></p>`)}</div>`}
    ${report !== null && html`<${Found} report=${report} />`}
    <div class="columns">
      <${Mapping} data=${data} frame=${frame} />
      ${report !== null && html`<${Start} data=${data} frame=${frame} />`}
    </div>
    ${report !== null && html`<${Sample} report=${report} />`}
  <//>`
}

function Found({ report }: { readonly report: UploadReport }): VNode {
  const { estimate } = report
  return html`<section class="card" aria-label="What was found">
    <dl class="facts">
      <${Fact} name="Records">${count(report.records)}<//>
      <${Fact} name="Format">${report.format}${report.compression === '' ? '' : `, ${report.compression}`}<//>
      <${Fact} name="Layout">${report.layout}<//>
      <${Fact} name="Encoding">${report.encoding}<//>
      ${estimate !== null && html`<${Fact} name="Requests, about">${count(estimate.model_requests)}<//><${Fact} name="Cost, about">${dollars(estimate.cost_usd)}<//><${Fact} name="Model"><bdi>${estimate.model}</bdi><//>`}
    </dl>
    ${report.problems.length > 0 && html`<h2 class="above">To look at</h2><ul>${report.problems.map((line) => html`<li><bdi>${line}</bdi></li>`)}</ul>`}
  </section>`
}

/** A form that asks for the same page, read in another way. */
function Mapping({ data, frame }: PageProps<UploadData>): VNode {
  const { report, options } = data
  return html`<form class="card" method="get" action=${`${frame.base}/start/${data.id}`}>
    <h2>Which column is which field</h2>
    ${
      report !== null &&
      html`<table class="shares"><thead><tr><th scope="col">Field</th><th scope="col">Column</th></tr></thead><tbody>${report.fields.map(
        ({ field, source }) => html`<tr><th scope="row"><label for=${`map-${field}`}>${words(field)}</label></th><td>
        <select id=${`map-${field}`} name=${`map.${field}`}>
          <option value="">${source === '' ? 'none found' : `found: ${source.slice(0, 80)}`}</option>
          ${report.columns.map((column) => html`<option value=${column} selected=${chosen(frame.path, field) === column}>${column.slice(0, 80)}</option>`)}
          <option value=${LEFT_OUT} selected=${chosen(frame.path, field) === LEFT_OUT}>leave out</option>
        </select></td></tr>`,
      )}</tbody></table>`
    }
    <details open=${data.state === 'failed'}><summary>Layout, sheet, place of the records, encoding</summary><div class="line-up">
      <label>Layout <select name="layout">${['', 'long', 'wide'].map((one) => html`<option value=${one} selected=${one === options.layout}>${one === '' ? 'found out' : one}</option>`)}</select></label>
      <label>Sheet <input name="sheet" value=${options.sheet} size="10" maxlength="200" /></label>
      <label>Records at <input name="records" value=${options.records} size="12" maxlength="200" placeholder="data.items" /></label>
      <label>Encoding <input name="encoding" value=${options.encoding} size="12" maxlength="40" placeholder="found out" /></label>
    </div></details>
    <button>Read it like this</button>
  </form>`
}

function chosen(path: string, field: string): string {
  return new URLSearchParams(path.split('?')[1] ?? '').get(`map.${field}`) ?? ''
}

function Start({ data, frame }: PageProps<UploadData>): VNode {
  const { report } = data
  const query = [...new URLSearchParams(frame.path.split('?')[1] ?? '')]
  return html`<form class="card" method="post" action=${`${frame.base}/start/${data.id}`}>
    <h2>Start the run</h2>
    <input type="hidden" name="_csrf" value=${frame.csrf} />
    ${query.map(([name, value]) => html`<input type="hidden" name=${name} value=${value} />`)}
    <label>Name of the catalogue <input name="catalogue" value=${data.catalogue} required maxlength="256" /></label>
    <label>Codebook <select name="codebook">${data.codebooks.map((name) => html`<option value=${name}>${name}</option>`)}</select></label>
    <label>It may cost at most <input name="max_cost" inputmode="decimal" size="8" pattern="[0-9]+([.][0-9]+)?" placeholder="no limit" /> USD</label>
    <label>Who decides <select name="mode">
      <option value="hybrid">rules where they are trusted, else the model</option><option value="model">the model, every field</option><option value="rules">the rules alone</option>
    </select></label>
    <label><input type="checkbox" name="skip_invalid" value="1" /> Leave out records that cannot be read</label>
    <button class="primary">Classify ${count(report?.records ?? 0)} ${report?.records === 1 ? 'record' : 'records'}</button>
  </form>`
}

function Sample({ report }: { readonly report: UploadReport }): VNode {
  return html`<section class="card"><h2>The first records, as they are read</h2><div class="columns">${report.sample.map(
    (record) =>
      html`<dl class="facts one">${record.map(({ field, text }) => html`<${Fact} name=${words(field)}><bdi>${text}</bdi><//>`)}</dl>`,
  )}</div></section>`
}
