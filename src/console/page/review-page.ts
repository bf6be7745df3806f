/** The page of review: what is left, in which groups, and the place where the browser shows one card after the other. */
import type { VNode } from 'preact'
import { count, words } from './format.ts'
import { type Frame, Layout, type PageProps } from './frame.ts'
import { html } from './html.ts'
import { Command, Empty } from './parts.ts'

export interface ReviewField {
  readonly name: string
  readonly title: string
  readonly guidance: string
  readonly kind: string
  readonly values: readonly { readonly value: string; readonly definition: string }[]
  readonly nullable: boolean
  /** The most labels that a record may have in the field. */
  readonly most: number
  /** The labels of other fields, one of which each must have, for the field to apply. */
  readonly appliesWhen: Readonly<Record<string, readonly string[]>>
  /** What a label must be that is typed; null for a field with a list. */
  readonly form: ValueForm | null
  /** Labels that examples of the codebook give, for a field without a list. */
  readonly known: readonly string[]
}

/** What a label must be that is typed, with the words that say so after "it must be". */
export type ValueForm = { readonly words: string; readonly max: number } & (
  | { readonly kind: 'number'; readonly min: number; readonly whole: boolean }
  | { readonly kind: 'pattern'; readonly source: string }
  | { readonly kind: 'text' }
)

/** What goes together by the codebook, in fields that a person can label. */
export interface TogetherRule {
  readonly name: string
  readonly when: Readonly<Record<string, readonly string[]>>
  readonly require: Readonly<Record<string, readonly string[]>> | null
  readonly forbid: Readonly<Record<string, readonly string[]>> | null
  readonly message: string
  /** Whether labels that break it are refused. */
  readonly blocks: boolean
}

export interface GroupCount {
  readonly name: string
  readonly shapes: number
  readonly records: number
}

export interface ReviewData {
  readonly codebook: string
  readonly codebooks: readonly string[]
  /** '' for all catalogues. */
  readonly catalogue: string
  readonly catalogues: readonly string[]
  readonly unverified: boolean
  /** The record whose card alone is shown; '' for all cards. */
  readonly record: string
  /** Where nothing needs review: the records with a guess that nothing has checked. */
  readonly guesses: number
  readonly reviewer: string
  readonly why: string
  readonly rule: string
  readonly left: { readonly indicators: number; readonly shapes: number; readonly answered: number }
  /** The worst shapes, which the groups are counted of. */
  readonly known: number
  readonly byWhy: readonly GroupCount[]
  readonly byRule: readonly GroupCount[]
  readonly fields: readonly ReviewField[]
  readonly together: readonly TogetherRule[]
}

/** Why a person should look at a card. */
export const REASONS: Readonly<Record<string, string>> = {
  conflict: 'rules, codebook and answer contradict each other',
  'no-answer': 'no model answered',
  doubt: 'the answer is in doubt',
  'older-codebook': 'decided under an older codebook',
  unverified: 'a guess that nothing has checked',
}

export const title = (_data: ReviewData): string => 'Review'

export function Page({ data, frame }: PageProps<ReviewData>): VNode {
  const { left } = data
  return html`<${Layout} frame=${frame} title="Review" aside=${html`<span class="dim" id="left" role="status">${data.guesses > 0 ? `0 to review, ${count(data.guesses)} unverified` : leftText(left)}</span>`}>
    <${Scope} data=${data} frame=${frame} />
    ${
      left.shapes === 0 && data.record === ''
        ? html`<${Empty}>${
            data.guesses === 0
              ? 'Nothing needs review here.'
              : html`<p>Nothing needs review here, but ${count(data.guesses)} ${data.guesses === 1 ? 'record is' : 'records are'} unverified: guesses that nothing has checked.</p>
          <p><a class="button primary" href=${`${frame.base}/review?${queryOf(data, { unverified: '1' })}`}>Review the ${count(data.guesses)} unverified</a></p>`
          }
          ${left.answered > 0 && html`<p>${count(left.answered)} records are settled already: the next run writes them.</p>`}<//>`
        : html`<div id="cards"></div>
      <noscript><p class="note">Reviewing by keys needs JavaScript. Without it the same is done in a terminal:</p>
        <p><${Command} text=${`npm run review -- --codebook ${data.codebook} --format csv --out review.csv`} /></p></noscript>
      ${data.record !== '' && html`<p>The card of one record. <a href=${`${frame.base}/review?${queryOf(data, { record: '' })}`}>Review all</a></p>`}
      <div class="columns">
        <section class="card"><${Groups} title="By cause" groups=${data.byWhy} name="why" data=${data} frame=${frame} /></section>
        <section class="card"><${Groups} title="By rule" groups=${data.byRule} name="rule" data=${data} frame=${frame} /></section>
      </div>`
    }
  <//>`
}

export function leftText({ shapes, indicators }: ReviewData['left']): string {
  return `${count(shapes)} ${shapes === 1 ? 'card' : 'cards'} left, for ${count(indicators)} ${indicators === 1 ? 'record' : 'records'}`
}

function Scope({ data, frame }: PageProps<ReviewData>): VNode {
  return html`<form class="card filter" method="get" action="${frame.base}/review"><div class="line-up">
    <label>Codebook <select name="codebook">${data.codebooks.map((name) => html`<option value=${name} selected=${name === data.codebook}>${name}</option>`)}</select></label>
    <label>Catalogue <select name="catalogue"><option value="">all</option>${data.catalogues.map((name) => html`<option value=${name} selected=${name === data.catalogue}>${name}</option>`)}</select></label>
    <label>Also unverified <select name="unverified"><option value="">no</option><option value="1" selected=${data.unverified}>yes</option></select></label>
    <button>Show</button>
  </div></form>
  ${
    frame.visitor?.mayRename === true &&
    html`<form class="who-am-i" method="post" action="${frame.base}/name">
    <input type="hidden" name="_csrf" value=${frame.csrf} /><input type="hidden" name="next" value=${frame.path} />
    <label>Decisions are stored under the name <input name="name" value=${data.reviewer} maxlength="100" size="18" required /></label> <button class="quiet">Change</button>
  </form>`
  }`
}

interface GroupsProps {
  readonly title: string
  readonly groups: readonly GroupCount[]
  readonly name: 'why' | 'rule'
  readonly data: ReviewData
  readonly frame: Frame
}

function Groups({ title: shown, groups, name, data, frame }: GroupsProps): VNode {
  const href = (value: string) => `${frame.base}/review?${queryOf(data, { [name]: value })}`
  const chosen = data[name]
  return html`<table class="shares"><caption>${shown}${data.left.shapes > data.known ? ` (of the worst ${count(data.known)} cards)` : ''}</caption>
    <thead><tr><th scope="col">Group</th><th scope="col" class="num">Cards</th><th scope="col" class="num">Records</th></tr></thead>
    <tbody>${groups.map(
      (
        group,
      ) => html`<tr><th scope="row"><a href=${href(group.name)} aria-current=${group.name === chosen ? 'true' : undefined}>${name === 'why' ? (REASONS[group.name] ?? words(group.name)) : group.name}</a></th>
        <td class="num">${count(group.shapes)}</td><td class="num">${count(group.records)}</td></tr>`,
    )}</tbody></table>
    ${chosen !== '' && html`<p><a href=${`${frame.base}/review?${queryOf(data, { [name]: '' })}`}>All groups</a></p>`}`
}

/** The query of the same review with something changed. */
export function queryOf(data: ReviewData, changed: Readonly<Record<string, string>>): string {
  const known = {
    codebook: data.codebook,
    catalogue: data.catalogue,
    unverified: data.unverified ? '1' : '',
    why: data.why,
    record: data.record,
    rule: data.rule,
  }
  const query = Object.entries({ ...known, ...changed }).filter(([, value]) => value !== '')
  return new URLSearchParams(query).toString()
}
