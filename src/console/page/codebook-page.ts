/** One codebook, read as a page: what each field means, its values with how often each was given, rulings and examples. */
import type { VNode } from 'preact'
import { count, label, percent } from './format.ts'
import { Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { recordPath } from './parts.ts'

export interface CodebookField {
  readonly name: string
  readonly title: string
  readonly guidance: string
  readonly note: string
  readonly most: number
  readonly nullable: boolean
  readonly asked: boolean
  readonly definition: string
  readonly values: readonly {
    readonly value: string
    readonly definition: string
    readonly not: string
    readonly given: number
    /** Who took the value away from results, and how often, the most frequent first. */
    readonly corrected: readonly { readonly by: string; readonly times: number }[]
  }[]
  /** The codes that are not shown. */
  readonly more: number
}

export interface CodebookData {
  readonly name: string
  readonly version: string
  readonly title: string
  readonly hash: string
  readonly source: string
  readonly instructions: string
  readonly record: string
  readonly rulings: readonly string[]
  /** The results that the counts of values rest on. */
  readonly sampled: number
  readonly fields: readonly CodebookField[]
  /** Where people gave different labels; what nobody has settled first. */
  readonly cases: readonly {
    readonly catalogue: string
    readonly id: string
    readonly field: string
    readonly labels: readonly { readonly by: string; readonly label: string }[]
    readonly isSettled: boolean
  }[]
  readonly constraints: readonly { readonly name: string; readonly message: string; readonly blocks: boolean }[]
  readonly examples: readonly {
    readonly texts: readonly string[]
    readonly labels: Readonly<Record<string, unknown>>
  }[]
}

export const title = ({ title: shown }: CodebookData): string => shown

export function Page({ data, frame }: PageProps<CodebookData>): VNode {
  return html`<${Layout} frame=${frame} title=${html`<bdi>${data.title}</bdi>`} aside=${html`<span class="dim mono">${data.name}@${data.version} · ${data.hash.slice(0, 12)}</span>`}>
    <section class="card"><p>${data.record}</p>${data.instructions !== '' && html`<p>${data.instructions}</p>`}
      ${data.source !== '' && html`<p class="dim">${data.source}</p>`}
      <nav aria-label="Fields">${data.fields.map(({ name, title: shown }) => html`<a href=${`#${name}`}>${shown}</a>`)}</nav></section>
    ${data.fields.map((field) => html`<${FieldCard} field=${field} data=${data} frame=${frame} />`)}
    ${data.cases.length > 0 && html`<${Cases} data=${data} frame=${frame} />`}
    ${data.rulings.length > 0 && html`<section class="card"><h2>Rulings</h2><ol>${data.rulings.map((ruling) => html`<li>${ruling}</li>`)}</ol></section>`}
    ${data.constraints.length > 0 && html`<section class="card"><h2>What goes together</h2><ul>${data.constraints.map(({ name, message, blocks }) => html`<li><b>${name}</b>: ${message}${blocks ? '' : ' (only noted)'}</li>`)}</ul></section>`}
    ${
      data.examples.length > 0 &&
      html`<section class="card"><h2>Examples</h2><ul>${data.examples.map(
        ({ texts, labels }) =>
          html`<li>${texts.join(' · ')}: ${Object.entries(labels).map(([field, value]) => html`<span class="sibling" title=${field}>${data.fields.find(({ name }) => name === field)?.title ?? field} <b>${label(value)}</b></span>`)}</li>`,
      )}</ul></section>`
    }
  <//>`
}

function FieldCard({ field, data, frame }: PageProps<CodebookData> & { readonly field: CodebookField }): VNode {
  const { sampled } = data
  const results = (value: string) =>
    `${frame.base}/results?codebook=${encodeURIComponent(data.name)}&${encodeURIComponent(`f.${field.name}`)}=${encodeURIComponent(value)}`
  const about = [
    field.asked ? '' : 'read by readers alone',
    field.most > 1 ? `at most ${field.most} labels` : '',
    field.nullable ? 'may be none' : '',
  ]
  return html`<section class="card" id=${field.name}><h2>${field.title} <span class="dim mono">${field.name}</span></h2>
    <p class="dim">${about.filter((part) => part !== '').join(', ')}</p>
    ${field.guidance !== '' && html`<p>${field.guidance}</p>`}${field.definition !== '' && html`<p>${field.definition}</p>`}
    ${
      field.values.length > 0 &&
      html`<div class="scroll flat" tabindex="0" role="region" aria-label=${`Values of ${field.title}`}><table class="rows"><thead><tr><th scope="col">Value</th><th scope="col">Definition</th><th scope="col">Not</th><th scope="col" class="num">Given</th><th scope="col">Corrected by</th></tr></thead>
      <tbody>${field.values.map(
        ({
          value,
          definition,
          not,
          given,
          corrected,
        }) => html`<tr><th scope="row"><a href=${results(value)}>${value}</a></th><td class="text">${definition}</td><td class="text dim">${not}</td>
          <td class="num">${sampled === 0 ? '' : given === 0 ? '0' : percent(given / sampled, 1)}</td><td class="text">${shownBy(corrected)}</td></tr>`,
      )}</tbody></table></div>${field.more > 0 && html`<p class="dim">and ${count(field.more)} more codes</p>`}`
    }
    ${field.note !== '' && html`<p>${field.note}</p>`}
    ${field.values.length > 0 && sampled > 0 && html`<p class="dim">How often each was given: of ${count(sampled)} results.</p>`}
  </section>`
}

const MOST_PEOPLE = 3

function shownBy(corrected: CodebookField['values'][number]['corrected']): string {
  const named = corrected.slice(0, MOST_PEOPLE).map(({ by, times }) => `${by} ${count(times)}`)
  const others = corrected.slice(MOST_PEOPLE).reduce((sum, { times }) => sum + times, 0)
  return [...named, ...(others > 0 ? [`others ${count(others)}`] : [])].join(', ')
}

function Cases({ data, frame }: PageProps<CodebookData>): VNode {
  return html`<section class="card" id="cases"><h2>Where people disagree</h2>
    <p class="dim">Labels of the same field of the same record that differ. What the definitions leave open shows here first.</p>
    <ul class="plain">${data.cases.map(
      ({ catalogue, id, field, labels, isSettled }) =>
        html`<li><a href=${recordPath(frame, data.name, { catalogue, id })}><bdi class="mono">${id}</bdi></a> <span class="dim"><bdi>${catalogue}</bdi></span> ${field}: ${labels.map(({ by, label: given }, index) => html`${index > 0 && ', '}<b>${given}</b> <span class="dim">(<bdi>${by}</bdi>)</span>`)}${isSettled && html` <span class="badge good">settled</span>`}</li>`,
    )}</ul></section>`
}
