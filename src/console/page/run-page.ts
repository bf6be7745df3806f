/** One run: how far it is, its pace, what it costs, what it met, and what can be done with it. */
import type { VNode } from 'preact'
import type { PacePoint, RunDetail } from '../../store/views/types.ts'
import { PacePlot } from '../plots/pace-plot.ts'
import { count, dollars, duration, percent, shellWord, words } from './format.ts'
import { type Frame, Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { Action, Badge, Bar, Command, CostInput, Fact, may, Progress, Shares, Time } from './parts.ts'
import type { RunRow } from './runs-page.ts'

export interface RunMore {
  readonly driver: { readonly host: string; readonly pid: number } | null
  /** Of what is done: results of earlier runs that still hold, and what this run classified. */
  readonly unchanged: number
  readonly anew: number
  readonly bySource: Readonly<Record<string, number>>
  readonly requests: number
  readonly tokens: { readonly input: number; readonly output: number }
  /** The most that it may cost in US dollars; null where nobody has told a limit. */
  readonly maxCostUsd: number | null
  /** Where that limit keeps it from its next request: what to say, the least limit under which it goes on, and answers without a result. */
  readonly costStop: { readonly text: string; readonly neededUsd: number; readonly kept: number } | null
}

export interface RunData extends RunRow, RunMore {
  readonly pace: readonly PacePoint[]
  readonly detail: RunDetail
  /** Who answered in the place of a language model; '' where one did. */
  readonly offline: string
  /** What a run that is under way waits for; null where nothing is known that holds it up. */
  readonly waitsFor: string | null
}

export const title = ({ id }: RunData): string => `Run ${id}`

/** The states in which a process submits batches, and those in which another may take the run on. */
export const LIVE: ReadonlySet<string> = new Set(['running', 'paused', 'stopping'])
const RESUMABLE = new Set(['incomplete', 'stopped', 'interrupted', 'abandoned'])

export function Page({ data, frame }: PageProps<RunData>): VNode {
  const run = data
  const { base } = frame
  const results = `${base}/results?run=${encodeURIComponent(run.id)}${codebookOf(run)}`
  return html`<${Layout} frame=${frame} title=${html`Run <bdi class="mono">${run.id}</bdi>`} aside=${html`<${Badge} state=${run.state} />`}>
    ${run.offline !== '' && html`<p class="note">${run.offline}</p>`}
    ${run.state === 'review' && html`<p class="note">These are decisions of people in a review, and no run of a file: nothing was asked and nothing paid.</p>`}
    <section class="card" aria-label="Progress">
      <div class="wide"><${Progress} done=${run.done} of=${run.size} name="Progress" /></div>
      <dl class="facts">
        <${Fact} name="Catalogue"><bdi>${run.catalogue ?? '–'}</bdi><//>
        <${Fact} name="Codebook"><bdi>${run.codebook ?? '–'}</bdi><//>
        <${Fact} name="Began"><${Time} at=${run.startedAt} frame=${frame} /><//>
        <${Fact} name=${LIVE.has(run.state) ? 'Left' : 'Took'}>${LIVE.has(run.state) ? leftOf(run) : duration(Date.parse(run.updatedAt) - Date.parse(run.startedAt))}<//>
        <${Fact} name="A minute">${count(run.perMinute)}<//>
        <${Fact} name="Cost so far">${dollars(run.costUsd)}<//>
        <${Fact} name="Cost at the end">${costAtEnd(run)}<//>
        <${Fact} name="May cost at most">${run.maxCostUsd === null ? 'no limit' : dollars(run.maxCostUsd)}<//>
        <${Fact} name="Requests">${count(run.requests)}<//>
        <${Fact} name="Tokens in">${count(run.tokens.input)}<//>
        <${Fact} name="Tokens out">${count(run.tokens.output)}<//>
        <${Fact} name="Unchanged">${count(run.unchanged)}<//>
        <${Fact} name="Classified anew">${count(run.anew)}<//>
        <${Fact} name="To review"><a href=${`${results}&status=needs-review`}>${count(run.needsReview)}</a><//>
        <${Fact} name="Unverified"><a href=${`${results}&status=unverified`}>${count(run.unverified)}</a><//>
        <${Fact} name="Driven by">${run.driver === null ? 'no process' : html`<span>${run.driver.host}, pid ${run.driver.pid}</span>`}<//>
      </dl>
      <${Standing} run=${run} />
      <${Controls} run=${run} frame=${frame} />
      <${Next} run=${run} frame=${frame} />
    </section>
    <section class="card" aria-label="Pace">
      <h2>The last minutes</h2>
      <${PacePlot} points=${run.pace} zone=${frame.zone} />
    </section>
    <div class="columns">
      <div class="stack">
      <section class="card"><${Shares} caption="What decided" shares=${Object.entries(run.bySource).map(([name, value]) => ({ name, value, href: `${results}&source=${name}` }))} /></section>
      <section class="card"><${Shares} caption="How requests to the model ended" shares=${Object.entries(run.detail.outcomes).map(([name, value]) => ({ name: words(name), value }))} />
        ${run.requests === 0 && html`<p class="dim">It has asked no model.</p>`}</section>
      <section class="card"><${Shares} caption=${`Why results are in doubt${ofSample(run)}`} shares=${run.detail.issues.map(({ code, results: value }) => ({ name: words(code), value }))} />
        ${run.detail.issues.length === 0 && html`<p class="dim">${run.detail.sampled === 0 ? 'It has no results yet.' : 'Nothing speaks against its results.'}</p>`}</section>
      </div>
      <section class="card"><${Confidence} run=${run} /></section>
    </div>
    <section class="card"><h2>The same in a terminal</h2>
      <ul class="commands">
        <li><${Command} text=${`npm run status -- ${run.id}`} /> where it is</li>
        ${
          LIVE.has(run.state) &&
          html`<li><${Command} text=${`npm run pause -- ${run.id}`} /> start no further request until it is resumed</li>
          <li><${Command} text=${`npm run resume -- ${run.id} --max-cost USD`} /> set what it may cost in all, while it goes on</li>
          <li><${Command} text=${`npm run stop -- ${run.id}`} /> start no further request; what is answered is stored</li>`
        }
        ${RESUMABLE.has(run.state) && html`<li><${Command} text=${`npm run classify -- --resume ${run.id}`} /> resume it</li>`}
        ${run.catalogue !== null && html`<li><${Command} text=${`npm run export -- --catalogue ${shellWord(run.catalogue)}${codebookOption(run)} --out results.csv`} /> what holds now of the catalogue, with the decisions of people</li>`}
        <li><${Command} text=${`npm run export -- --run ${run.id} --out run.csv`} /> what this run itself wrote, without what people decided later</li>
      </ul>
      <p>As CSV: ${run.catalogue !== null && html`<a href=${`${base}/results/download?catalogue=${encodeURIComponent(run.catalogue)}${codebookOf(run)}`} download>what holds now of the catalogue</a> · `}<a href=${`${base}/results/download?run=${encodeURIComponent(run.id)}${codebookOf(run)}`} download>what this run wrote</a></p>
      <p><a href=${results}>Its results</a> · <a href=${`${base}/accuracy?run=${encodeURIComponent(run.id)}`}>How right they are</a></p>
    </section>
  <//>`
}

/** What holds the run up, where that is known. A run that is under way always has the line, so that nothing below it moves. */
function Standing({ run }: { readonly run: RunData }): VNode | null {
  const { state, costStop, waitsFor } = run
  if (state === 'running') {
    return html`<p class="above standing" role="status">${waitsFor === null ? 'Nothing is known to hold it up.' : `It ${waitsFor}.`}</p>`
  }
  if (state === 'stopping') {
    return html`<p class="above standing" role="status">No further request starts. Those that have started end, and what they answer is stored.</p>`
  }
  if (state === 'paused') {
    return html`<p class="above standing" role="status">No further request starts until it is resumed. Those that have started end, and what they answer is stored.</p>`
  }
  if (state !== 'incomplete' || costStop === null) return null
  const kept = costStop.kept === 0 ? '' : ` ${count(costStop.kept)} answered, kept for when it goes on.`
  return html`<p class="above" role="status">${costStop.text}.${kept}</p>`
}

function Controls({ run, frame }: { readonly run: RunData; readonly frame: Frame }): VNode | null {
  if (!may(frame, 'operate')) return null
  const action = `/runs/${encodeURIComponent(run.id)}/want`
  const button = (wanted: string, label: string, tone = '') =>
    html`<${Action} frame=${frame} action=${action} fields=${{ wanted }} label=${label} tone=${tone} />`
  const stop = html`<${Stop} run=${run}>${button('stopped', 'Yes, stop it', 'danger')}<//>`
  if (run.state === 'running')
    return html`<div class="controls">${button('paused', 'Pause')}${stop}<${Limit} run=${run} frame=${frame} /></div>`
  if (run.state === 'paused')
    return html`<div class="controls">${button('running', 'Resume', 'primary')}${stop}<${Limit} run=${run} frame=${frame} /></div>`
  if (!RESUMABLE.has(run.state)) return null
  return html`<form class="controls" method="post" action=${`${frame.base}/runs/${encodeURIComponent(run.id)}/resume`}>
    <input type="hidden" name="_csrf" value=${frame.csrf} />
    <label>May cost at most <${CostInput} placeholder=${run.maxCostUsd ?? 'as before'} isRequired=${run.costStop !== null} /> USD${run.costStop !== null && html`, at least ${run.costStop.neededUsd}`}</label>
    <button class="primary">Resume</button>
  </form>`
}

/** Sets the limit of the cost while the run goes on. */
function Limit({ run, frame }: { readonly run: RunData; readonly frame: Frame }): VNode {
  return html`<form class="controls" method="post" action=${`${frame.base}/runs/${encodeURIComponent(run.id)}/limit`}>
    <input type="hidden" name="_csrf" value=${frame.csrf} />
    <label>May cost at most <${CostInput} placeholder=${run.maxCostUsd ?? 'no limit'} isRequired=${true} /> USD</label>
    <button>Set</button>
  </form>`
}

/** What a person most likely does next with a run that has ended. */
function Next({ run, frame }: { readonly run: RunData; readonly frame: Frame }): VNode | null {
  const { needsReview, unverified } = run
  const wanting = [
    ...(needsReview > 0 ? [`the ${count(needsReview)} that need it`] : []),
    ...(unverified > 0 ? [`the ${count(unverified)} unverified`] : []),
  ]
  if (LIVE.has(run.state) || run.state === 'review' || run.done === 0 || run.catalogue === null) return null
  const guesses = unverified > 0 ? '&unverified=1' : ''
  const path = `/review?catalogue=${encodeURIComponent(run.catalogue)}${codebookOf(run)}${guesses}`
  return html`<p class="above">${wanting.length > 0 && may(frame, 'review') && html`<a class="button primary" href=${frame.base + path}>Review ${wanting.join(' and ')}</a> `}<a class="button" href=${`${frame.base}/accuracy?run=${encodeURIComponent(run.id)}`}>See how right it is</a></p>`
}

/** Asks once before a run is stopped, also without JavaScript. */
function Stop({ run, children }: { readonly run: RunData; readonly children: VNode }): VNode {
  return html`<details class="ask"><summary>Stop …</summary>
    <div>Within seconds no further request starts. Those that have started end, and what they answer is stored;
      the results of ${count(run.done)} records stay. The run can be taken on later. ${children}</div></details>`
}

function Confidence({ run }: { readonly run: RunData }): VNode {
  const { confidence } = run.detail
  return html`<table class="shares"><caption>Confidence by field${ofSample(run)}</caption>
    ${confidence.length > 0 && html`<thead><tr><th scope="col">Field</th><th scope="col" class="num">Mean</th><th scope="col" class="num">Below 0.8</th><td></td></tr></thead>`}
    <tbody>${confidence.map(
      ({ field, mean, low }) => html`<tr><th scope="row">${words(field)}</th><td class="num">${mean.toFixed(3)}</td>
        <td class="num">${percent(low)}</td><td class="bar" aria-hidden="true"><${Bar} share=${mean} /></td></tr>`,
    )}</tbody></table>`
}

function ofSample({ detail, done }: RunData): string {
  return detail.sampled > 0 && detail.sampled < done ? ` (of ${count(detail.sampled)} results)` : ''
}

function leftOf({ size, done, perMinute, state }: RunData): string {
  if (size === null) return 'not known'
  if (state !== 'running' || perMinute === 0) return `${count(Math.max(0, size - done))} records`
  return `about ${duration((Math.max(0, size - done) / perMinute) * 60_000)}`
}

/** What the run will have cost, if the rest costs as much as what was done. */
function costAtEnd({ size, done, costUsd, state }: RunData): string {
  if (size === null || done === 0 || !LIVE.has(state)) return LIVE.has(state) ? 'not known' : dollars(costUsd)
  return `about ${dollars((costUsd / done) * Math.max(size, done))}`
}

function codebookOf({ codebook }: RunData): string {
  const name = codebook?.split('@')[0]
  return name === undefined ? '' : `&codebook=${encodeURIComponent(name)}`
}

/** The export of a catalogue goes by the default codebook unless another is named. */
function codebookOption({ codebook }: RunData): string {
  const name = codebook?.split('@')[0]
  return name === undefined ? '' : ` --codebook ${shellWord(name)}`
}
