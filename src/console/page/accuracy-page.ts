/** How right a run is: its certificate against the target, and what labels of people say of fields, values, rules and confidence. */
import type { VNode } from 'preact'
import { CertificateCard, type CertifiedShown, Reliability, type ReliabilityBin } from '../plots/accuracy-parts.ts'
import { OverTime, type RunOverTime } from '../plots/over-time.ts'
import { count, percent, words } from './format.ts'
import { type Frame, Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { Bar, Command, Empty, may, recordPath, Time } from './parts.ts'

export type { RunOverTime }

export interface RightCount {
  readonly name: string
  readonly labelled: number
  readonly right: number
}

export interface Confusion {
  readonly field: string
  readonly said: string
  readonly meant: string
  readonly times: number
}

export interface AccuracyCase {
  readonly id: string
  readonly field: string
  readonly labels: readonly { readonly by: string; readonly label: string }[]
}

export interface AccuracyRun {
  readonly id: string
  readonly catalogue: string
  readonly codebook: string
  readonly rows: number
  readonly plan: {
    readonly target: number
    readonly delta: number
    readonly fields: readonly string[]
    readonly by: string
    readonly at: string
  } | null
  readonly certified: CertifiedShown | null
  /** The rows that people labelled. */
  readonly labelled: number
  readonly people: readonly string[]
  readonly fields: readonly RightCount[]
  readonly confusions: readonly Confusion[]
  readonly rules: readonly RightCount[]
  readonly bins: readonly ReliabilityBin[]
  readonly brier: number | null
  readonly cases: readonly AccuracyCase[]
  /** The newest runs of the catalogue, the oldest first. */
  readonly overTime: readonly RunOverTime[]
}

/** What is aimed at where nobody has planned a certificate. */
const USUAL_TARGET = 0.97

export interface AccuracyData {
  readonly runs: readonly { readonly id: string; readonly catalogue: string }[]
  readonly run: AccuracyRun | null
  /** Who answered in the place of a language model in the run; '' where one did. */
  readonly offline: string
}

export const title = (_data: AccuracyData): string => 'Accuracy'

export function Page({ data, frame }: PageProps<AccuracyData>): VNode {
  const { run, runs } = data
  return html`<${Layout} frame=${frame} title="Accuracy" aside=${run !== null && html`<a class="mono" href=${`${frame.base}/runs/${encodeURIComponent(run.id)}`}>${run.id}</a>`}>
    ${data.offline !== '' && html`<p class="note">${data.offline}</p>`}
    ${
      runs.length > 0 &&
      html`<form class="card filter" method="get" action="${frame.base}/accuracy"><div class="line-up">
      <label>Run <select name="run">${runs.map(({ id, catalogue }) => html`<option value=${id} selected=${id === run?.id}>${id}${catalogue === '' ? '' : ` (${catalogue})`}</option>`)}</select></label><button>Show</button>
    </div></form>`
    }
    ${run === null ? html`<${Empty}>${runs.length === 0 ? html`There is no run yet. <a href="${frame.base}/start">Start one</a>, and its accuracy is shown here.` : 'This run has no results.'}<//>` : html`<${Run} run=${run} data=${data} frame=${frame} />`}
  <//>`
}

function Run({ run, frame }: PageProps<AccuracyData> & { readonly run: AccuracyRun }): VNode {
  return html`<section class="card"><h2>Certificate</h2>
    ${run.certified !== null && html`<${CertificateCard} certified=${run.certified} frame=${frame} />`}
    ${
      run.plan === null
        ? html`<p>Without labels of people this run says only how sure it is, and never that it is right. A certificate draws rows at random, which people label blind, until the labels show the target or miss it.</p>`
        : html`<p class="dim">Planned by ${run.plan.by}, <${Time} at=${run.plan.at} frame=${frame} />: ${run.plan.fields.map(words).join(', ')} right in at least ${percent(run.plan.target, 1)} of ${count(run.rows)} rows, with an error probability of ${percent(run.plan.delta)}.</p>`
    }
    <div class="controls">
      ${
        may(frame, 'review') &&
        html`<form method="get" action="${frame.base}/label" class="line-up">
        <input type="hidden" name="run" value=${run.id} />
        ${run.plan === null && html`<label>Target <input name="target" value=${String(USUAL_TARGET)} inputmode="decimal" size="5" pattern="0?[.][0-9]+" required /></label>`}
        <button class="primary">${run.plan === null ? 'Plan it and label the first rows' : 'Label the next rows'}</button>
      </form>`
      }
      ${run.labelled > 0 && html`<a class="button" href=${`${frame.base}/accuracy/certificate?run=${encodeURIComponent(run.id)}`} download>Download the certificate (text)</a>`}
    </div>
    <p class="above">In a terminal: <${Command} text=${`npm run certify -- --run ${run.id}`} /> and, for drift over time, <${Command} text=${`npm run certify -- --run ${run.id} --drift`} /></p>
  </section>
  ${run.overTime.length > 1 && html`<${OverTime} runs=${run.overTime} shown=${run.id} target=${run.plan?.target ?? USUAL_TARGET} frame=${frame} />`}
  ${run.labelled > 0 && html`<${Labelled} run=${run} frame=${frame} />`}`
}

function Labelled({ run, frame }: { readonly run: AccuracyRun; readonly frame: Frame }): VNode {
  const record = (id: string) => recordPath(frame, run.codebook, { catalogue: run.catalogue, id })
  const people = `${count(run.labelled)} ${run.labelled === 1 ? 'row' : 'rows'} labelled by ${run.people.join(', ')}`
  return html`<p class="dim">${people}</p><div class="columns">
    <section class="card"><${Rights} caption="Right by field" counts=${run.fields} /></section>
    <section class="card"><h2>Confidence against the truth</h2><${Reliability} bins=${run.bins} brier=${run.brier} /></section>
    <section class="card"><h2>What was taken for what</h2>
      ${
        run.confusions.length === 0
          ? html`<p class="dim">No labelled value was wrong.</p>`
          : html`<table class="shares"><thead><tr><th scope="col">Field</th><th scope="col">Said</th><th scope="col">Is</th><th scope="col" class="num">Times</th></tr></thead>
        <tbody>${run.confusions.map(({ field, said, meant, times }) => html`<tr><th scope="row">${words(field)}</th><td>${said}</td><td>${meant}</td><td class="num">${count(times)}</td></tr>`)}</tbody></table>`
      }</section>
    <section class="card"><${Rights} caption="Worst rules and sources first" counts=${run.rules} /></section>
    ${
      run.cases.length > 0 &&
      html`<section class="card"><h2>Where people disagree</h2><ul class="plain">${run.cases.map(
        ({ id, field, labels }) =>
          html`<li><a href=${record(id)}><bdi class="mono">${id}</bdi></a> ${words(field)}: ${labels.map(({ by, label }) => `${label} (${by})`).join(', ')}</li>`,
      )}</ul></section>`
    }
  </div>`
}

function Rights({ caption, counts }: { readonly caption: string; readonly counts: readonly RightCount[] }): VNode {
  return html`<table class="shares"><caption>${caption}</caption><tbody>${counts.map(
    ({
      name,
      labelled,
      right,
    }) => html`<tr><th scope="row">${words(name)}</th><td class="num">${count(right)} of ${count(labelled)}</td><td class="num">${percent(right / labelled)}</td>
      <td class="bar" aria-hidden="true"><${Bar} share=${right / labelled} tone=${right === labelled ? 'good' : 'accent'} /></td></tr>`,
  )}</tbody></table>`
}
