/** Results, searched and filtered on the server; the address of the page holds the whole filter, so that it can be passed on. */
import type { VNode } from 'preact'
import { count, cut, label, words } from './format.ts'
import { type Frame, Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { Badge, Empty, recordPath } from './parts.ts'

export interface FieldChoices {
  readonly name: string
  readonly title: string
  /** The values to choose from; none where a value is typed. */
  readonly values: readonly string[]
}

export interface ResultRow {
  readonly id: string
  readonly name: string
  readonly catalogue: string
  /** The labels of the shown fields. */
  readonly labels: readonly unknown[]
  readonly confidence: number
  readonly source: string
  readonly status: string
}

export interface ResultsData {
  readonly codebook: string
  readonly codebooks: readonly string[]
  readonly catalogues: readonly string[]
  readonly sources: readonly string[]
  readonly statuses: readonly string[]
  readonly fields: readonly FieldChoices[]
  readonly shown: readonly { readonly name: string; readonly title: string }[]
  readonly filter: {
    readonly text: string
    readonly catalogue: string
    readonly status: string
    readonly source: string
    readonly rule: string
    readonly run: string
    readonly below: string
    readonly labels: Readonly<Record<string, string>>
  }
  readonly results: readonly ResultRow[]
  readonly found: number
  /** Whether there are more than were counted. */
  readonly isMore: boolean
  readonly isFirst: boolean
  /** Where the next page begins; '' on the last one. */
  readonly next: string
}

export const title = (_data: ResultsData): string => 'Results'

export function Page({ data, frame }: PageProps<ResultsData>): VNode {
  const { results, found, isMore, next } = data
  const total = `${count(found)}${isMore ? ' or more' : ''} ${found === 1 ? 'result' : 'results'}`
  return html`<${Layout} frame=${frame} title="Results" aside=${html`<span class="dim" role="status">${total}</span>`}>
    <${Filter} data=${data} frame=${frame} />
    ${
      results.length === 0
        ? !isFiltered(data)
          ? html`<${Empty}>${data.isFirst ? 'There are no results by this codebook yet.' : 'There are no more results.'} ${data.isFirst ? html`<a href="${frame.base}/start">Start a run</a>, or choose another codebook above.` : html`<a href=${pageOf(frame, '')}>Go to the first page</a>.`}<//>`
          : html`<${Empty}>No result fits. <a href=${`${frame.base}/results?codebook=${encodeURIComponent(data.codebook)}`}>Take the filter away</a>, or <a href="${frame.base}/start">start a run</a>.<//>`
        : html`<${Rows} data=${data} frame=${frame} />`
    }
    ${isMore && next === '' && html`<p class="note">These are the first ${count(found)} that were found. Narrow the filter to see others.</p>`}
    <${Download} data=${data} frame=${frame} />
    <p class="pager">
      ${!data.isFirst && html`<a class="button" href=${pageOf(frame, '')}>First page</a>`}
      ${next !== '' && html`<a class="button" rel="next" href=${pageOf(frame, next)}>Next page</a>`}
    </p>
  <//>`
}

function Rows({ data, frame }: PageProps<ResultsData>): VNode {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Results"><table class="rows">
    <thead><tr><th scope="col">Record</th><th scope="col">Name</th>
      ${data.shown.map(({ title: name }) => html`<th scope="col">${name}</th>`)}
      <th scope="col" class="num">Confidence</th><th scope="col">Decided by</th><th scope="col">Status</th></tr></thead>
    <tbody>${data.results.map(
      (row) => html`<tr key=${`${row.catalogue}\n${row.id}`}>
        <th scope="row"><a class="mono cut" href=${recordPath(frame, data.codebook, row)}><bdi>${cut(row.id, 40)}</bdi></a></th>
        <td class="text"><a class="plainly" tabindex="-1" href=${recordPath(frame, data.codebook, row)}><bdi>${cut(row.name, 160)}</bdi></a></td>
        ${row.labels.map((one) => html`<td>${cut(label(one), 40)}</td>`)}
        <td class="num">${row.confidence.toFixed(2)}</td><td>${row.source}</td><td><${Badge} state=${row.status} /></td>
      </tr>`,
    )}</tbody>
  </table></div>`
}

function isFiltered({ filter: { labels, ...others } }: ResultsData): boolean {
  return Object.keys(labels).length > 0 || Object.values(others).some((one) => one !== '')
}

/** The results of the catalogue or the run that is looked at, as a file; other filters do not narrow it. */
function Download({ data, frame }: PageProps<ResultsData>): VNode | null {
  const { results, filter, codebook } = data
  if (results.length === 0) return null
  const of = filter.run !== '' ? { run: filter.run } : filter.catalogue !== '' ? { catalogue: filter.catalogue } : {}
  const what =
    'run' in of
      ? 'what this run wrote'
      : 'catalogue' in of
        ? 'all results of this catalogue'
        : 'all results by this codebook'
  return html`<p><a href=${`${frame.base}/results/download?${new URLSearchParams({ ...of, codebook })}`} download>Download ${what} as CSV</a></p>`
}

/** A form that asks for a page, so that it works without JavaScript and every filter has an address. */
function Filter({ data, frame }: PageProps<ResultsData>): VNode {
  const { filter } = data
  const isNarrow =
    Object.keys(filter.labels).length > 0 || filter.rule !== '' || filter.below !== '' || filter.run !== ''
  return html`<form class="card filter" method="get" action="${frame.base}/results" role="search">
    <div class="line-up">
      <label class="grow">Words <input type="search" name="q" value=${filter.text} maxlength="300" placeholder="consumer price … or an id" /></label>
      <${Choice} name="catalogue" title="Catalogue" value=${filter.catalogue} choices=${data.catalogues} />
      <${Choice} name="status" title="Status" value=${filter.status} choices=${data.statuses} />
      <${Choice} name="source" title="Decided by" value=${filter.source} choices=${data.sources} />
      <button class="primary">Search</button>
    </div>
    <details open=${isNarrow}><summary>By label, rule, confidence, run or codebook</summary>
      <div class="line-up">
        ${data.fields.map(({ name, title: shown, values }) =>
          values.length > 0
            ? html`<${Choice} name=${`f.${name}`} title=${shown} value=${filter.labels[name] ?? ''} choices=${values} />`
            : html`<label>${shown} <input name=${`f.${name}`} value=${filter.labels[name] ?? ''} size="10" maxlength="200" /></label>`,
        )}
        <label>Rule <input name="rule" value=${filter.rule} size="16" maxlength="100" /></label>
        <label>Confidence below <input name="below" value=${filter.below} inputmode="decimal" size="5" pattern="0?[.]?[0-9]*|1" /></label>
        <label>Run <input name="run" value=${filter.run} size="20" maxlength="200" /></label>
        <label>Codebook <select name="codebook">${data.codebooks.map(
          (name) => html`<option value=${name} selected=${name === data.codebook}>${name}</option>`,
        )}</select></label>
      </div>
    </details>
  </form>`
}

interface ChoiceProps {
  readonly name: string
  readonly title: string
  readonly value: string
  readonly choices: readonly string[]
}

function Choice({ name, title: shown, value, choices }: ChoiceProps): VNode {
  return html`<label>${shown} <select name=${name}>
    <option value="">any</option>
    ${choices.map((one) => html`<option value=${one} selected=${one === value}>${words(one)}</option>`)}
  </select></label>`
}

/** The address of the same filter, from another place on. */
function pageOf({ base, path }: Frame, after: string): string {
  const query = new URLSearchParams(path.split('?')[1] ?? '')
  query.delete('after')
  if (after !== '') query.set('after', after)
  return `${base}/results?${query}`
}
