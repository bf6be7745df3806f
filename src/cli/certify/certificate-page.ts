/** The certificate as a page that people read, in pure functions. */
import { pluralise, printable } from '../../catalogue/problem-report.ts'
import { MOST_MORE } from '../../evidence/certificate/certificate.ts'
import { type Certificate, type ClaimResult, ROW_CLAIM } from '../../evidence/certificate/certificate-types.ts'
import { mostBelow } from '../../evidence/statistics/sequential.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { formatCount } from '../ui/terminal.ts'
import type { Evaluation } from './evaluate.ts'
import type { FieldAgreement } from './people.ts'

/** A page lists at most this many misses and this many cases. */
const MAX_LISTED = 30
const STATE_TEXT = { shown: 'SHOWN', missed: 'MISSED', more: 'MORE LABELS NEEDED' } as const

/** Formats everything that the labels show. The answers of the run appear only for rows that are labelled. */
export function formatCertificate({ certificate, misses, agreement, cases, given }: Evaluation): string {
  const { about, plan, result } = certificate
  const people = [...new Set(given.map(({ by }) => by))].sort()
  const versions = Object.entries(about.versions).map(([name, text]) => `${name} ${text === '' ? 'none' : text}`)
  const sections = [
    [
      `Certificate of run ${about.run}: ${STATE_TEXT[result.state]}`,
      `catalogue "${printable(about.catalogue)}", ${pluralise(plan.population, 'row')}, codebook ${about.codebook.name} (${about.codebook.hash.slice(0, 12)})`,
      `made at ${about.made_at}; ${versions.map((text) => printable(text)).join('; ')}`,
      `labels of ${pluralise(result.labelled, 'row')} in the order of the draw${result.waiting > 0 ? `, and of ${result.waiting} that wait for an earlier row` : ''}${people.length === 0 ? '' : `, by ${people.map((name) => printable(name)).join(', ')}`}; seed ${plan.seed}`,
    ],
    result.claims.flatMap((claim) => formatClaim(claim, certificate)),
    formatCut(certificate),
    formatFields(certificate),
    formatStrata(certificate),
    formatMisses(misses),
    formatAgreement(agreement),
    formatCases(cases),
    [
      `What "shown" means: with probability at least ${percent(1 - plan.delta)} nothing that is ever called shown here is false,`,
      'whenever one looks. It speaks about the rows of this run, as judged by these people, and about no other rows.',
    ],
  ]
  return sections
    .filter((lines) => lines.length > 0)
    .map(joinLines)
    .join('\n\n')
}

function formatClaim(claim: ClaimResult, { plan }: Certificate): string[] {
  const what = claim.claim === ROW_CLAIM ? `all of ${plan.fields.join(', ')} are right` : `${claim.claim} is right`
  const head = `Claim: ${what} in at least ${plan.target} of the rows, with an error probability of ${plan.delta}${plan.claims.length > 1 ? ` over ${plan.claims.length} claims` : ''}.`
  const counts = `${claim.right} of ${claim.labelled} right; of all rows ${interval([claim.lower, claim.upper])}`
  const text = {
    shown: `Shown: ${counts}.`,
    missed: `Missed: ${counts}. The target does not hold.`,
    more: `Not decided yet: ${counts}. ${moreText(claim, plan)}`,
  }[claim.state]
  return [head, text]
}

function moreText({ more, right, labelled }: ClaimResult, { population, target }: Certificate['plan']): string {
  const left = population - labelled
  if (more === null && left > MOST_MORE)
    return `As rows went so far, not even ${formatCount(MOST_MORE)} more labels are likely to show it.`
  if (more === null) {
    const allowed = population - mostBelow(population, target) - 1
    return `As rows went so far, not even the labels of all ${pluralise(left, 'row')} left are likely to show it: of all ${formatCount(population)} the target allows ${formatCount(allowed)} to be wrong, already wrong: ${formatCount(labelled - right)}.`
  }
  return `If rows go on as they went, ${pluralise(more, 'more labelled row')} suffice with an even chance.`
}

function formatCut({ result, plan }: Certificate): string[] {
  const { cut } = result
  if (cut === null) return []
  return [
    `The cut: at a confidence of at least ${cut.confidence} the target of ${plan.target} holds (${cut.right} of ${cut.labelled} right), for ${formatCount(cut.rows)} of ${formatCount(plan.population)} rows.`,
    `Left over: ${pluralise(cut.left, 'row')} of lower confidence, for people or for a stronger model.`,
  ]
}

function formatFields({ result, plan }: Certificate): string[] {
  return [
    `Fields (proven: together with all that is claimed; alone: the ${percent(1 - plan.delta)} interval of this field by itself)`,
    ...table(
      ['field', 'right', 'labelled', 'proven at least', 'alone'],
      result.fields.map(({ field, right, labelled, proven, alone }) => [
        field,
        String(right),
        String(labelled),
        proven === 0 ? '-' : share(proven),
        interval(alone),
      ]),
    ),
  ]
}

function formatStrata({ result }: Certificate): string[] {
  return [
    'Rows by source and confidence (each interval by itself; the claims rest on all rows together)',
    ...table(
      ['source', 'confidence', 'rows', 'labelled', 'right', 'alone'],
      result.strata.map(({ source, from, to, size, labelled, right, alone }) => [
        source,
        `${from}–${to}`,
        formatCount(size),
        String(labelled),
        String(right),
        labelled === 0 ? '-' : interval(alone),
      ]),
    ),
  ]
}

function formatMisses(misses: Evaluation['misses']): string[] {
  if (misses.length === 0) return []
  const lines = misses.slice(0, MAX_LISTED).map(({ id, name, field, label, answer, by }) => {
    const said =
      label === 'open' ? 'people disagree' : label === '?' ? 'nobody could tell' : `label ${printable(label)}`
    return `  ${printable(id, 60)}  ${printable(name, 80)}: ${field}: ${said} (${printable(by)}), answer ${printable(answer)}`
  })
  return [`Labels that the answers do not meet (${misses.length})`, ...lines, ...rest(misses.length)]
}

function formatAgreement(agreement: readonly FieldAgreement[]): string[] {
  if (agreement.length === 0) return []
  return [
    'Agreement of people who labelled the same rows blind (Krippendorff’s alpha; 1 is perfect, 0 is chance)',
    ...table(
      ['field', 'rows', 'equal', 'alpha', '95 % interval', 'differ'],
      agreement.map(({ field, rows, observed, alpha, interval: range, disagreements }) => [
        field,
        String(rows),
        observed === null ? '-' : share(observed),
        // Where all labels are the same, chance agrees as well, and alpha says nothing.
        alpha === null ? 'all the same' : alpha.toFixed(3),
        range === null ? '-' : `${range[0].toFixed(3)}–${range[1].toFixed(3)}`,
        String(disagreements),
      ]),
    ),
  ]
}

function formatCases(cases: Evaluation['cases']): string[] {
  if (cases.length === 0) return []
  const lines = cases.slice(0, MAX_LISTED).map(({ id, field, labels, decided }) => {
    const given = labels.map(({ by, label }) => `${printable(label)} (${printable(by)})`).join(', ')
    const third = decided === null ? 'to be decided' : `decided: ${printable(decided.label)} (${printable(decided.by)})`
    return `  ${printable(id, 60)}: ${field}: ${given}; ${third}`
  })
  return [`Cases for the codebook: people gave different labels (${cases.length})`, ...lines, ...rest(cases.length)]
}

function rest(count: number): string[] {
  return count > MAX_LISTED ? [`  and ${count - MAX_LISTED} more, which --json lists`] : []
}

export function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  return [header, ...rows].map((row) =>
    `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd(),
  )
}

/** A share with four decimals, rounded down so that no lower bound says too much. */
export function share(value: number): string {
  return (Math.floor(value * 10_000 + 1e-9) / 10_000).toFixed(4)
}

/** An interval with four decimals, rounded outwards. */
export function interval([low, high]: readonly [number, number]): string {
  return `${share(low)}–${(Math.ceil(high * 10_000 - 1e-9) / 10_000).toFixed(4)}`
}

function percent(value: number): string {
  return `${Number((value * 100).toFixed(2))} %`
}
