/** The cluster: the rate budget with its history and a form to set it, replicas and nodes with release and memory, and the queue. */
import type { VNode } from 'preact'
import type { BudgetEntry } from '../../store/views/types.ts'
import { Steps } from '../plots/steps.ts'
import { bytes, count, duration, percent } from './format.ts'
import { Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { Bar, Command, Fact, may, Time } from './parts.ts'

export interface BudgetShown {
  readonly rpm: number
  readonly tpm: number | null
  readonly safety: number
  readonly pausedSeconds: number
  readonly pauseReason: string
  readonly paceFactor: number
  readonly account: { readonly rpm: number | null; readonly tpm: number | null }
  readonly replicas: readonly {
    readonly name: string
    readonly share: number
    readonly rpm: number
    readonly tpm: number | null
    readonly demand: number
    readonly inFlight: number
    /** Null for a replica of an earlier release. */
    readonly memoryBytes: number | null
    readonly version: string | null
  }[]
}

export interface NodeShown {
  /** The address of its admin port, or of its metrics where an admin port leads to several nodes. */
  readonly url: string
  /** Null where it does not answer. */
  readonly version: string | null
  /** Resident memory; null where nothing tells it. */
  readonly memoryBytes: number | null
  /** Why it does not answer; empty where it does. */
  readonly fault: string
}

export interface ClusterData {
  /** Null while the service does not answer. */
  readonly budget: BudgetShown | null
  readonly fault: string
  /** The newest changes of the budget, the newest first, and the moment until which the newest is drawn. */
  readonly history: readonly Omit<BudgetEntry, 'safety'>[]
  readonly until: string
  readonly nodes: readonly NodeShown[]
  /** Null until it was asked for. */
  readonly queue: readonly { readonly handler: string; readonly status: string; readonly count: number }[] | null
  readonly queueFault: string
  readonly restateUi: string
}

export const title = (_data: ClusterData): string => 'Cluster'

export function Page({ data, frame }: PageProps<ClusterData>): VNode {
  const { budget, fault, nodes, queue, queueFault } = data
  return html`<${Layout} frame=${frame} title="Cluster">
    ${fault !== '' && html`<p class="fault" role="alert">${fault}</p>`}
    ${budget !== null && html`<${Budget} budget=${budget} data=${data} frame=${frame} />`}
    <${Nodes} nodes=${nodes} />
    <section class="card"><h2>Queue</h2>
      <p>${data.restateUi !== '' && html`<a href=${data.restateUi} rel="noreferrer">Restate's own page</a> shows each journal. `}In a terminal: <${Command} text="npm run queue" /></p>
      ${queue === null && queueFault === '' && html`<p class="dim">Being asked for …</p>`}
      ${queueFault !== '' && html`<p class="note">${queueFault}</p>`}
      ${queue !== null && queue.length === 0 && html`<p class="dim">Nothing waits, and nothing runs.</p>`}
      ${
        queue !== null &&
        queue.length > 0 &&
        html`<table class="shares"><thead><tr><th scope="col">Handler</th><th scope="col">State</th><th scope="col" class="num">Invocations</th></tr></thead>
        <tbody>${queue.map(({ handler, status, count: found }) => html`<tr><th scope="row">${handler}</th><td>${status}</td><td class="num">${count(found)}</td></tr>`)}</tbody></table>`
      }
    </section>
  <//>`
}

interface BudgetProps extends PageProps<ClusterData> {
  readonly budget: BudgetShown
}

function Budget({ budget, data, frame }: BudgetProps): VNode {
  return html`<section class="card"><h2>Rate budget</h2>
    <dl class="facts">
      <${Fact} name="Requests a minute">${count(budget.rpm)}<//>
      <${Fact} name="Tokens a minute">${budget.tpm === null ? 'no bound' : count(budget.tpm)}<//>
      <${Fact} name="Paced at, of the budget">${percent(budget.safety)}<//>
      <${Fact} name="Slowed to, after refusals">${percent(budget.paceFactor)}<//>
      <${Fact} name="The account allows">${budget.account.rpm === null ? 'not said' : `${count(budget.account.rpm)} requests`}${budget.account.tpm === null ? '' : `, ${count(budget.account.tpm)} tokens`}<//>
    </dl>
    <p class="above standing" role="status">${pauseOf(budget)}</p>
    ${
      may(frame, 'operate') &&
      html`<form class="controls" method="post" action="${frame.base}/cluster/budget">
      <input type="hidden" name="_csrf" value=${frame.csrf} />
      <label>Requests a minute <input name="rpm" inputmode="numeric" pattern="[0-9]{1,7}" size="7" defaultValue=${String(budget.rpm)} required /></label>
      <label>Tokens a minute <input name="tpm" inputmode="numeric" pattern="[0-9]{0,10}" size="10" defaultValue=${budget.tpm === null ? '' : String(budget.tpm)} placeholder="no bound" /></label>
      <button>Set the budget</button>
    </form>`
    }
    <${History} data=${data} frame=${frame} />
  </section>
  <section class="card"><h2>Replicas</h2>
    ${
      budget.replicas.length === 0
        ? html`<p class="dim">No replica holds a part of the budget now.</p>`
        : html`<div class="scroll flat" tabindex="0" role="region" aria-label="Replicas"><table class="rows"><thead><tr><th scope="col">Replica</th><th scope="col">Part of the budget</th><th scope="col" class="num">Requests a minute</th><th scope="col" class="num">Wanted</th><th scope="col" class="num">In flight</th><th scope="col" class="num">Memory</th><th scope="col">Release</th></tr></thead>
      <tbody>${budget.replicas.map(
        ({
          name,
          share,
          rpm,
          demand,
          inFlight,
          memoryBytes,
          version,
        }) => html`<tr key=${name}><th scope="row"><bdi>${name}</bdi></th><td><span class="half-bar"><${Bar} share=${share} /></span> ${percent(share)}</td>
          <td class="num">${count(rpm)}</td><td class="num">${count(demand)}</td><td class="num">${count(inFlight)}</td><td class="num">${memory(memoryBytes)}</td><td>${version ?? '–'}</td></tr>`,
      )}</tbody></table></div>`
    }
  </section>`
}

/** It stands there without a pause as well, so that nothing moves when one begins. */
function pauseOf({ pausedSeconds, pauseReason }: BudgetShown): string {
  if (pausedSeconds === 0) return 'No pause: requests start by this budget.'
  return `Paused for another ${duration(pausedSeconds * 1_000)}${pauseReason === '' ? '' : `: ${pauseReason}`}`
}

/** So many changes are listed; the plot has more. */
const LISTED = 8

function History({ data, frame }: PageProps<ClusterData>): VNode | null {
  const { history, until } = data
  if (history.length === 0) return null
  const steps = history.map(({ at, rpm }) => ({ at: Date.parse(at), value: rpm })).reverse()
  return html`<figure class="plot above">
    ${steps.length > 1 && html`<${Steps} steps=${steps} until=${Date.parse(until)} label="Requests a minute over time; the table says the same" />`}
    <table class="shares"><caption>How it was set</caption>
      <thead><tr><th scope="col">When</th><th scope="col">By</th><th scope="col" class="num">Requests a minute</th><th scope="col" class="num">Tokens a minute</th></tr></thead>
      <tbody>${history.slice(0, LISTED).map(
        ({ at, rpm, tpm, by, isConfigured }) =>
          html`<tr key=${at}><th scope="row"><${Time} at=${at} frame=${frame} /></th><td>${isConfigured && 'the settings of '}<bdi>${by}</bdi></td>
            <td class="num">${count(rpm)}</td><td class="num">${tpm === null ? 'no bound' : count(tpm)}</td></tr>`,
      )}</tbody></table>
  </figure>`
}

function Nodes({ nodes }: { readonly nodes: readonly NodeShown[] }): VNode {
  return html`<section class="card"><h2>Nodes of Restate</h2>
    ${
      nodes.length === 0
        ? html`<p class="dim">No admin port answers.</p>`
        : html`<div class="scroll flat" tabindex="0" role="region" aria-label="Nodes of Restate"><table class="rows"><thead><tr><th scope="col">Address</th><th scope="col">Release</th><th scope="col" class="num">Memory</th><th scope="col">State</th></tr></thead>
      <tbody>${nodes.map(
        ({ url, version, memoryBytes, fault }) =>
          html`<tr key=${url}><th scope="row"><span class="mono">${url.replace(/^https?:\/\//, '')}</span></th><td>${version ?? '–'}</td><td class="num">${memory(memoryBytes)}</td><td>${fault === '' ? 'answers' : fault}</td></tr>`,
      )}</tbody></table></div>`
    }
  </section>`
}

function memory(size: number | null): string {
  return size === null ? '–' : bytes(size)
}
