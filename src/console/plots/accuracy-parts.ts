/** Plots of accuracy: intervals against a target, and confidence against the truth. */
import type { VNode } from 'preact'
import { count, percent, words } from '../page/format.ts'
import type { Frame } from '../page/frame.ts'
import { html } from '../page/html.ts'
import { Fact, Time } from '../page/parts.ts'

export interface CertifiedShown {
  readonly state: 'shown' | 'missed' | 'more'
  readonly made_at: string
  readonly plan: { readonly target: number; readonly population: number }
  readonly result: {
    readonly labelled: number
    readonly waiting: number
    readonly claims: readonly {
      readonly claim: string
      readonly state: string
      readonly right: number
      readonly labelled: number
      readonly lower: number
      readonly upper: number
      readonly more: number | null
    }[]
    readonly fields: readonly {
      readonly field: string
      readonly right: number
      readonly labelled: number
      readonly alone: readonly [number, number]
    }[]
    readonly cut: { readonly confidence: number; readonly rows: number } | null
  }
}

/** How the badge names each state, which the certificate itself calls shown, missed and more. */
export const CERTIFICATE_STATES = {
  shown: ['good', 'target met'],
  missed: ['bad', 'target not met'],
  more: ['warn', 'not enough labels'],
} as const

/** What the state means, with the term that the certificate has for it. */
const TERMS = {
  shown: 'the labels show it ("shown")',
  missed: 'the labels speak against it ("missed")',
  more: 'the labels leave it open ("more labels needed")',
} as const

export function CertificateCard({
  certified,
  frame,
}: {
  readonly certified: CertifiedShown
  readonly frame: Frame
}): VNode {
  const { state, result, plan } = certified
  const [tone, text] = CERTIFICATE_STATES[state]
  const more = result.claims[0]?.more ?? null
  return html`<div>
    <p><span class="badge ${tone}">${text}</span> <span class="dim">${TERMS[state]}, at a target of ${percent(plan.target, 1)}, <${Time} at=${certified.made_at} frame=${frame} /></span></p>
    <dl class="facts">
      <${Fact} name="Labelled rows">${count(result.labelled)}${result.waiting > 0 ? `, and ${count(result.waiting)} that wait for an earlier one` : ''}<//>
      ${state === 'more' && html`<${Fact} name="Still to label">${more === null ? beyondReach(plan.population - result.labelled) : `about ${count(more)}`}<//>`}
      ${result.cut !== null && html`<${Fact} name="Holds from confidence">${result.cut.confidence.toFixed(2)}, for ${count(result.cut.rows)} rows<//>`}
    </dl>
    <table class="shares above"><caption>What the labels show, with the target as a line</caption>
      <thead><tr><th scope="col">Claim</th><th scope="col" class="num">Right</th><th scope="col" class="num">Between</th><td></td></tr></thead>
      <tbody>
        ${result.claims.map(({ claim, right, labelled, lower, upper }) => html`<${IntervalRow} name=${claim === '*' ? 'the whole row' : words(claim)} right=${right} labelled=${labelled} low=${lower} high=${upper} target=${plan.target} />`)}
        ${result.fields.map(({ field, right, labelled, alone }) => html`<${IntervalRow} name=${words(field)} right=${right} labelled=${labelled} low=${alone[0]} high=${alone[1]} target=${plan.target} />`)}
      </tbody></table>
  </div>`
}

/** The most further labels that a certificate reckons with. */
const MOST_MORE = 2_000

/** What is said where no number of labels that is looked at is likely to show the claim. */
function beyondReach(left: number): string {
  if (left > MOST_MORE) return `more than ${count(MOST_MORE)}`
  return `${count(left)} at most, and even these are not likely to show it`
}

interface IntervalProps {
  readonly name: string
  readonly right: number
  readonly labelled: number
  readonly low: number
  readonly high: number
  readonly target: number
}

function IntervalRow({ name, right, labelled, low, high, target }: IntervalProps): VNode {
  return html`<tr><th scope="row">${name}</th><td class="num">${count(right)} of ${count(labelled)}</td><td class="num">${percent(low, 1)} and ${percent(high, 1)}</td>
    <td class="bar" aria-hidden="true"><${IntervalBar} low=${low} high=${high} target=${target} /></td></tr>`
}

/** An interval of a share as a bar from 0 to 1, with the target as a line. */
export function IntervalBar({ low, high, target }: Pick<IntervalProps, 'low' | 'high' | 'target'>): VNode {
  const x = (share: number) => (share * 100).toFixed(1)
  return html`<svg class="barline" viewBox="0 0 100 8" preserveAspectRatio="none"><rect class="track" width="100" height="8" />
    <rect class=${low >= target ? 'good' : high < target ? 'bad' : 'accent'} x=${x(low)} width=${Math.max(0.6, (high - low) * 100).toFixed(1)} y="1" height="6" />
    <line class="target" x1=${x(target)} x2=${x(target)} y1="0" y2="8" /></svg>`
}

export interface ReliabilityBin {
  readonly from: number
  readonly to: number
  readonly n: number
  readonly confidence: number
  readonly accuracy: number
  readonly low: number
  readonly high: number
}

/** Confidence against the truth: points on the diagonal are as sure as they are right. */
export function Reliability({
  bins,
  brier,
}: {
  readonly bins: readonly ReliabilityBin[]
  readonly brier: number | null
}): VNode {
  const x = (share: number) => (10 + share * 180).toFixed(1)
  const y = (share: number) => (190 - share * 180).toFixed(1)
  return html`<figure class="plot square">
    <svg viewBox="0 0 200 200" role="img" aria-label="Share of right rows by stated confidence; the figures follow">
      <line class="diagonal" x1=${x(0)} y1=${y(0)} x2=${x(1)} y2=${y(1)} />
      ${bins.map(({ confidence, accuracy, low, high }) => html`<g><line class="line" x1=${x(confidence)} x2=${x(confidence)} y1=${y(low)} y2=${y(high)} /><circle class="dot" cx=${x(confidence)} cy=${y(accuracy)} r="3.5" /></g>`)}
    </svg>
    <table class="shares"><thead><tr><th scope="col">Confidence</th><th scope="col" class="num">Rows</th><th scope="col" class="num">Stated</th><th scope="col" class="num">Right</th></tr></thead>
      <tbody>${bins.map(({ from, to, n, confidence, accuracy }) => html`<tr><th scope="row">${from} to ${to}</th><td class="num">${count(n)}</td><td class="num">${percent(confidence)}</td><td class="num">${percent(accuracy)}</td></tr>`)}</tbody></table>
    ${brier !== null && html`<figcaption>Brier score ${brier.toFixed(3)} (0 is perfect)</figcaption>`}
  </figure>`
}
