/** Certifies a run: settles the plan, takes labels and third decisions, evaluates, and writes the files that come of it. */
import { stat } from 'node:fs/promises'
import { pluralise } from '../../catalogue/problem-report.ts'
import type { ResultsFormat } from '../../catalogue/results-writer.ts'
import type { Indicator } from '../../classification/types.ts'
import { ServiceError } from '../../errors.ts'
import { toVisibleJson } from '../../lib/visible-text.ts'
import type { Store } from '../../store/types.ts'
import { readWhole } from '../review/file-access.ts'
import { type Append, writeOutput } from '../ui/output-file.ts'
import { formatCount, say } from '../ui/terminal.ts'
import { formatBlindForm, type RecordToLabel } from './blind-form.ts'
import { calibrate } from './calibrate.ts'
import { formatCertificateFile } from './certificate-file.ts'
import { formatCertificate } from './certificate-page.ts'
import { type Evaluation, evaluate } from './evaluate.ts'
import { keepOutcomes } from './label-outcomes.ts'
import { pagePathOf, placeOf, refuseSameFiles } from './options.ts'
import { describeCase } from './people.ts'
import { type ClaimOptions, settlePlan } from './plan.ts'
import { type CertifiedRun, findCertifiedRun, type RunChoice, readPopulation } from './run-part.ts'
import { takeLabels } from './take-labels.ts'

export interface CertifyOptions extends RunChoice, ClaimOptions {
  readonly labels?: string | undefined
  readonly adjudicate?: string | undefined
  readonly by: string
  readonly count?: number | undefined
  readonly out?: string | undefined
  readonly cases?: string | undefined
  readonly leftOver?: string | undefined
  readonly certificate?: string | undefined
}

/** What came of a certification, and the files that were written. */
export interface Certified {
  readonly run: CertifiedRun
  readonly evaluation: Evaluation
  /** The page for people. */
  readonly page: string
  readonly files: {
    readonly certificate: string | null
    readonly page: string | null
    /** The labelling file with the next rows; null where no row is to be labelled. */
    readonly labels: string | null
    readonly cases: string | null
    readonly left_over: string | null
  }
}

const ROWS_PER_QUERY = 1_000

export async function certifyRun(store: Store, options: CertifyOptions, signal: AbortSignal): Promise<Certified> {
  const { by, count, labels } = options
  await refuseSameFiles(options)
  const run = await findCertifiedRun(store, options)
  const population = await readPopulation(store, run, signal)
  const settled = await settlePlan(store.certificates, run, population, options)
  const { fields } = settled.plan
  for (const [name, adjudicates] of [[labels, false] as const, [options.adjudicate, true] as const]) {
    if (name === undefined) continue
    const file = { name: name === '-' ? 'standard input' : name, bytes: await readWhole(name), by, fields, adjudicates }
    const taken = await takeLabels(store.certificates, run, file)
    const left = taken.unfilled === 0 ? '' : `; ${pluralise(taken.unfilled, 'row')} not filled in yet`
    const what = adjudicates ? 'third decisions on' : 'labels of'
    say(`Stored ${what} ${pluralise(taken.rows, 'row')} by ${by}${left}.`)
  }
  const evaluation = await evaluate(store.certificates, { run, population, settled, count })
  if ((await keepOutcomes(store.certificates, run, evaluation)) > 0)
    say('What these labels say of the rules counts as evidence in later runs of the catalogue.')
  const calibrated = await calibrate(store.calibrations, run, evaluation)
  if (calibrated > 0)
    say(
      `The confidence of later runs of the catalogue is calibrated on these ${pluralise(calibrated, 'labelled row')}.`,
    )
  const page = formatCertificate(evaluation)
  const written = await writeCertificate(evaluation, page, options)
  return {
    run,
    evaluation,
    page,
    files: {
      ...written,
      labels: await writeNext(store, run, evaluation, options),
      cases: await writeCases(store, run, evaluation, options.cases),
      left_over: await writeLeftOver(store, run, evaluation, options.leftOver, population.rows),
    },
  }
}

/** Writes the certificate and its page; nothing before the first row is labelled, because there is nothing to certify. */
async function writeCertificate({ certificate, given }: Evaluation, page: string, options: CertifyOptions) {
  if (certificate.result.labelled === 0 && options.certificate === undefined) return { certificate: null, page: null }
  const path = options.certificate ?? `certificate-${options.run}.json`
  const option = { option: '--certificate' }
  await writeOutput(path, (append) => append(formatCertificateFile(certificate, given)), option)
  if (path === '-') return { certificate: path, page: null }
  const pagePath = pagePathOf(path)
  await writeOutput(pagePath, (append) => append(`${page}\n`), option)
  return { certificate: path, page: pagePath }
}

/** Writes the rows that are to be labelled next. A file of the default name that is there already is kept: it may be filled in. */
async function writeNext(
  store: Store,
  run: CertifiedRun,
  { next, nextPlace, certificate }: Evaluation,
  { out }: CertifyOptions,
): Promise<string | null> {
  if (next.length === 0) return null
  const path = out ?? `labels-${run.scope.runId}-${nextPlace}.csv`
  if (out === undefined && (await exists(path))) {
    say(`${path} is there already, and is kept: fill it in, or name another file with --out.`)
    return path
  }
  const ids = next.map(({ id }) => id)
  await writeForm(store, run, path, { option: '--out', ids, fields: certificate.plan.fields })
  return path
}

/** Writes the rows that others labelled and `by` did not, for a second person. Resolves with the number of rows. */
export async function writeSecond(
  store: Store,
  options: CertifyOptions,
  signal: AbortSignal,
): Promise<{ readonly path: string; readonly rows: number }> {
  const run = await findCertifiedRun(store, options)
  const population = await readPopulation(store, run, signal)
  const settled = await settlePlan(store.certificates, run, population, options)
  const { labelled } = await evaluate(store.certificates, { run, population, settled })
  const ids = labelled.flatMap(({ id, fields }) => {
    const isOwn = fields.some(({ labels }) => labels.some(({ by }) => by === options.by))
    return isOwn ? [] : [id]
  })
  if (ids.length === 0) {
    const reason = `no row of run ${options.run} has labels of another person than ${options.by}`
    throw new ServiceError('input-invalid', `--second: ${reason}: name the second person with --by NAME`)
  }
  const path = options.out ?? `labels-${options.run}-second.csv`
  if (options.out === undefined && (await exists(path))) {
    throw new ServiceError('input-invalid', `${path} is there already: fill it in, or name another file with --out`)
  }
  const chosen = ids.slice(0, options.count ?? ids.length)
  await writeForm(store, run, path, { option: '--out', ids: chosen, fields: settled.plan.fields })
  return { path, rows: chosen.length }
}

/** Writes the rows on which two people disagree, with both labels and without the answer, for a third decision. */
async function writeCases(
  store: Store,
  run: CertifiedRun,
  { cases, certificate }: Evaluation,
  path: string | undefined,
): Promise<string | null> {
  if (path === undefined) return null
  const open = cases.filter(({ decided }) => decided === null)
  if (open.length === 0) {
    say('No label is disputed, so that no file of cases is written.')
    return null
  }
  const ids = [...new Set(open.map(({ id }) => id))]
  const given = new Map(
    ids.map((id) => [
      id,
      open
        .filter((one) => one.id === id)
        .map(describeCase)
        .join('; '),
    ]),
  )
  const disputed = new Set(open.map(({ field }) => field))
  const fields = certificate.plan.fields.filter((name) => disputed.has(name))
  await writeForm(store, run, path, { option: '--cases', ids, fields, given })
  return path
}

/** Writes the records below the cut, in the form that `classify` reads. */
async function writeLeftOver(
  store: Store,
  run: CertifiedRun,
  { certificate }: Evaluation,
  path: string | undefined,
  rows: readonly { readonly id: string; readonly confidence: number }[],
): Promise<string | null> {
  if (path === undefined) return null
  const { cut } = certificate.result
  if (cut === null) {
    say(
      'There is no cut: either the target holds for all rows, or for no part of them yet. No file of rows left over is written.',
    )
    return null
  }
  const ids = rows.flatMap(({ id, confidence }) => (confidence < cut.confidence ? [id] : []))
  let written = 0
  const writeRows = async (append: Append) => {
    for (let from = 0; from < ids.length; from += ROWS_PER_QUERY) {
      const found = await store.certificates.findRunRows(run.scope, ids.slice(from, from + ROWS_PER_QUERY))
      const records = [...found.values()].flatMap(({ indicator }) => indicator ?? [])
      written += records.length
      await append(records.map((record) => `${toVisibleJson(record)}\n`).join(''))
    }
  }
  await writeOutput(path, writeRows, { option: '--left-over' })
  if (written < ids.length)
    say(
      `${formatCount(ids.length - written)} rows left over were submitted with other texts since, and are not in ${placeOf(path)}.`,
    )
  return path
}

interface FormRows {
  readonly option: string
  readonly ids: readonly string[]
  readonly fields: readonly string[]
  readonly given?: ReadonlyMap<string, string>
}

async function writeForm(store: Store, run: CertifiedRun, path: string, { option, ids, fields, given }: FormRows) {
  const records: RecordToLabel[] = []
  for (let from = 0; from < ids.length; from += ROWS_PER_QUERY) {
    const part = ids.slice(from, from + ROWS_PER_QUERY)
    const rows = await store.certificates.findRunRows(run.scope, part)
    for (const id of part) {
      const indicator = indicatorOf(rows.get(id), id)
      const known = given === undefined ? {} : { given: given.get(id) ?? '' }
      records.push({ indicator, catalogue: run.scope.catalogue, ...known })
    }
  }
  const format: ResultsFormat = /\.jsonl$/i.test(path) ? 'jsonl' : 'csv'
  const { codebook } = run.scheme
  await writeOutput(path, (append) => append(formatBlindForm(records, fields, { format, codebook })), { option })
}

function indicatorOf(row: { readonly indicator: Indicator | null } | undefined, id: string): Indicator {
  if (row?.indicator !== undefined && row.indicator !== null) return row.indicator
  const reason = 'was submitted with other texts since the run, so that nobody can judge what the run saw'
  throw new ServiceError('input-invalid', `The drawn row "${id}" ${reason}: certify the later run`)
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
