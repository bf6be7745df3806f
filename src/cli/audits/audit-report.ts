/** What a run says of its checks: in which fields rules may decide alone on the catalogue, by which bound, and what would change that. */
import { pluralise, printable } from '../../catalogue/problem-report.ts'
import type { EvidenceResponse } from '../../restate/contract.ts'
import type { RunReport } from '../classify/run-report.ts'
import { formatCount } from '../ui/terminal.ts'

type FieldEvidence = EvidenceResponse['fields'][number]

/** Formats the lines of a report about audits; none where rules decided nothing that would need one. */
export function formatAudits({
  audited,
  evidence,
  by_source: sources,
  unverified,
}: Pick<RunReport, 'audited' | 'evidence' | 'by_source' | 'unverified'>): string[] {
  if (evidence === undefined) return sources.rules > 0 && unverified > 0 ? UNCHECKED : []
  const { fields, target } = evidence
  const models = modelsOf(evidence)
  const head = `  audited        ${pluralise(audited, 'row')}; the model was asked blind, to check the rules`
  if (fields.length === 0) return [head, ...NOTHING_SHOWN]
  const trusted = fields.filter(({ state }) => state === 'trusted').length
  const width = Math.max(...fields.map(({ field }) => printable(field).length))
  return [
    head,
    `  rules          decide alone in ${trusted} of ${pluralise(fields.length, 'field')}, where they ${claimOf(fields, models)} in at least ${target}`,
    ...fields.flatMap((one) => [
      `    ${printable(one.field).padEnd(width)}  ${verdictOf(one, target, models)}`,
      ...rightnessOf(one, models).map((line) => `    ${''.padEnd(width)}  ${line}`),
      ...one.removed.map((rule) => `    ${''.padEnd(width)}  removed: the rule ${removalOf(rule)}`),
    ]),
    ...adviceOn(fields),
  ]
}

const UNCHECKED = [
  '  rules          were not checked on this catalogue, as in mode rules or with --trust shipped, so that what they decide',
  '                 alone is unverified; in mode hybrid with --trust catalogue, a model is asked blind about a sample of the rows',
]

const NOTHING_SHOWN = [
  '  rules          decide nothing alone: no audit of this catalogue shows anything, because no model answered but the offline',
  '                 one, which guesses, or because no rule is sure of anything; set a model where the service runs to change that',
]

function modelsOf({ models = [] }: EvidenceResponse): string {
  if (models.length === 0) return 'the model'
  const names = models.map((name) => printable(name))
  return names.length === 1 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

/** What the rules that decide alone were shown to do. Only labels of people show that they are right. */
function claimOf(fields: readonly FieldEvidence[], models: string): string {
  const trusted = fields.filter(({ state }) => state === 'trusted')
  const byLabels = trusted.filter(({ measure }) => measure === 'labels').length
  const right = 'are right by the labels of people'
  if (byLabels === 0) return `agree with ${models}`
  return byLabels === trusted.length ? right : `agree with ${models}, or ${right},`
}

/** Says of a field whether rules may decide it, and what audits or labels have shown of it. */
function verdictOf(one: FieldEvidence, target: number, models: string): string {
  const { state, reason, counted, expected_more: more } = one
  const shown =
    counted > 0
      ? shownOf(one, models)
      : one.removed.length > 0
        ? 'nothing is shown since a rule was removed'
        : 'no audit has shown anything yet'
  if (state === 'trusted') return `trusted: ${shown}`
  if (state === 'undecided') {
    const further =
      more === null
        ? 'more audits are needed than a run has'
        : `about ${formatCount(more)} more audits may show ${target}`
    return `not yet trusted: ${shown}; ${further}`
  }
  if (reason === 'nothing-left') return 'not trusted: every rule was removed, and the model decides'
  const why =
    reason === 'below-target' ? `it is shown to be below ${target}` : `to show ${target} would take too many audits`
  return `not trusted: ${shown}; ${why}, and the model decides`
}

function shownOf({ measure, bound, misses, counted }: FieldEvidence, models: string): string {
  return measure === 'labels'
    ? `right by the labels of people in at least ${roundedDown(bound)} (${misses} of ${pluralise(counted, 'label')} differ)`
    : `agrees with ${models} in at least ${roundedDown(bound)} (${misses} of ${pluralise(counted, 'audit')} disagreed)`
}

/** Says how often the rules are right where that follows from their agreement with a model whose answers people labelled. */
function rightnessOf({ measure, rightness = null }: FieldEvidence, models: string): string[] {
  if (measure === 'labels' || rightness === null || rightness <= 0) return []
  return [
    `right in at least ${roundedDown(rightness)}, as labels of people show how often answers of ${models} are right`,
  ]
}

function removalOf({ rule, audits, misses, measure }: FieldEvidence['removed'][number]): string {
  return measure === 'labels'
    ? `${printable(rule)}, which is wrong by ${misses} of ${pluralise(audits, 'label')}`
    : `${printable(rule)}, which disagreed in ${misses} of ${pluralise(audits, 'audit')}`
}

/** Says what would let rules decide the fields that are not trusted. */
function adviceOn(fields: readonly FieldEvidence[]): string[] {
  const isAny = (state: FieldEvidence['state']) => fields.some((one) => one.state === state)
  return [
    ...(isAny('undecided')
      ? ['  not yet        audits of later runs on this catalogue count together with these, and may earn the field']
      : []),
    ...(isAny('untrusted') ? ['  not trusted    a lower --target may be met'] : []),
  ]
}

/** A bound as text with three decimals, rounded down, so that no more is said than was shown. */
function roundedDown(bound: number): string {
  return (Math.floor(bound * 1_000) / 1_000).toFixed(3)
}
