/** What `certify` says beside the certificate: the next steps, sentinel rows and drift, in pure functions. */

import { pluralise, printable } from '../../catalogue/problem-report.ts'
import type { Drift } from '../../evidence/drift.ts'
import { joinLines } from '../../lib/visible-text.ts'
import { share, table } from './certificate-page.ts'
import type { Certified, CertifyOptions } from './certify-run.ts'
import type { DriftReport } from './drift.ts'
import { fileWordOf, placeOf } from './options.ts'
import type { KeptSentinels } from './sentinels.ts'

/** The object that `certify --json` prints, whose property names must not change. */
export function certifiedJson({ evaluation, files }: Certified) {
  const { certificate, misses, agreement, cases, next } = evaluation
  const { about, plan, result } = certificate
  const { digest: _, strata: __, ...claimed } = plan
  return {
    state: result.state,
    ...about,
    plan: claimed,
    result,
    misses,
    agreement,
    cases,
    to_label: next.length,
    files,
  }
}

/** The sentences for the person at the terminal: what was written, and what to do next. */
export function formatNext({ evaluation, files }: Certified, { run, by }: CertifyOptions): string[] {
  const { certificate, cases, next } = evaluation
  const { state, cut } = certificate.result
  const open = new Set(cases.flatMap(({ id, decided }) => (decided === null ? [id] : []))).size
  const command = `npm run certify -- --run ${run}`
  return [
    files.certificate === null || files.page === null ? '' : `Wrote ${files.certificate} and the page ${files.page}.`,
    files.labels === null
      ? ''
      : `${pluralise(next.length, 'row')} to label: fill in ${placeOf(files.labels)} (none where a field has no label, ? where you cannot tell), then: ${command} --labels ${fileWordOf(files.labels)} --by "${by}"`,
    files.cases === null
      ? ''
      : `Decide the ${pluralise(open, 'row')} in ${placeOf(files.cases)}, then: ${command} --adjudicate ${fileWordOf(files.cases)} --by NAME`,
    open > 0 && files.cases === null
      ? `Two people disagree on ${pluralise(open, 'row')}, and all rows drawn after them wait for a third decision: ${command} --cases cases.csv`
      : '',
    files.left_over === null
      ? ''
      : `Wrote the rows below the cut to ${placeOf(files.left_over)}: classify them with a stronger model (npm run classify -- ${fileWordOf(files.left_over)} --mode model --no-reuse), or have people decide them.`,
    cut !== null && files.left_over === null
      ? `The rows below the cut are written with: ${command} --left-over left-over.jsonl`
      : '',
    state === 'missed' && cut === null ? 'No cut by confidence holds the target either, by the labels so far.' : '',
  ].filter((line) => line !== '')
}

export function formatSentinels({ rows, detectable }: KeptSentinels, { run }: Certified): string {
  const fall = detectable === null ? 'no fall that is small enough to matter' : `a fall of accuracy of ${detectable}`
  return `Kept ${pluralise(rows, 'sentinel row')} of the catalogue "${printable(run.scope.catalogue)}": with probability 0.8 they show ${fall} or more. Ask them again: npm run certify -- --run ${run.scope.runId} --drift`
}

const VERDICT = { worse: 'WORSE', better: 'BETTER', 'no-change-shown': 'NO CHANGE SHOWN' } as const
const MAX_LISTED = 20

export function formatDrift({ catalogue, before, after, row, fields, gone }: DriftReport): string {
  const setting = ({ run, mode, codebook, models, prompts }: DriftReport['before']) =>
    `run ${run}, mode ${mode}, codebook ${codebook}, model ${models.map((name) => printable(name)).join(', ') || 'none'}, prompt ${prompts.join(', ')}`
  const detectable = row.detectable === null ? 'none' : String(row.detectable)
  return joinLines([
    `Drift of the catalogue "${printable(catalogue)}": ${VERDICT[row.verdict]}`,
    `before: ${setting(before)}`,
    `after:  ${setting(after)}`,
    '',
    `${pluralise(row.rows, 'sentinel row')}; all fields right in ${share(row.before)} before and ${share(row.after)} after: a change of ${signed(row.change)} (95 % interval ${signed(row.interval[0])} to ${signed(row.interval[1])}, p = ${row.p.toFixed(3)}).`,
    `The smallest fall that these rows show with probability 0.8: ${detectable}.`,
    '',
    'Each field by itself (twenty such comparisons show one change where there is none)',
    ...table(
      ['field', 'before', 'after', 'change', '95 % interval', 'p'],
      Object.entries(fields).map(([name, one]) => [
        name,
        share(one.before),
        share(one.after),
        signed(one.change),
        `${signed(one.interval[0])} to ${signed(one.interval[1])}`,
        one.p.toFixed(3),
      ]),
    ),
    ...(gone.length === 0 ? [] : [`The codebook has these fields no longer: ${gone.join(', ')}`]),
    ...listed('Right before and wrong now', row.lost),
    ...listed('Wrong before and right now', row.gained),
  ])
}

function listed(title: string, ids: Drift['lost']): string[] {
  if (ids.length === 0) return []
  const more = ids.length > MAX_LISTED ? ` and ${ids.length - MAX_LISTED} more` : ''
  return [
    `${title}: ${ids
      .slice(0, MAX_LISTED)
      .map((id) => printable(id, 60))
      .join(', ')}${more}`,
  ]
}

function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`
}
