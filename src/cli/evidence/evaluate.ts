/** Evaluates a certificate: brings the drawn rows, their answers and their labels together, and says what is still to be labelled. */
import { isSameLabel } from '../../classification/fields.ts'
import type { Classification } from '../../classification/types.ts'
import { evaluateCertificate } from '../../evidence/certificate.ts'
import { buildCertificate } from '../../evidence/certificate-check.ts'
import type { Certificate, DrawnRow, RowLabel } from '../../evidence/certificate-types.ts'
import type { CertificateStore, RunRow, StoredLabel } from '../../store/types.ts'
import { agreementOf, type Case, casesOf, type FieldAgreement, textOf } from './people.ts'
import type { SettledPlan } from './plan.ts'
import { judgeRow, type LabelledRow, labelsById, rowLabelOf } from './row-labels.ts'
import type { CertifiedRun, Population } from './run-part.ts'

/** A field of a labelled row whose answer is not right by the labels. Shown only after the label was given. */
export interface Miss {
  readonly id: string
  readonly name: string
  readonly field: string
  /** The label as people gave it; "?" where nobody could tell, "open" where two disagree. */
  readonly label: string
  readonly answer: string
  readonly by: string
}

export interface Evaluation {
  readonly certificate: Certificate
  /** The labels that the certificate rests on, as they are stored. */
  readonly given: readonly StoredLabel[]
  readonly misses: readonly Miss[]
  readonly agreement: readonly FieldAgreement[]
  readonly cases: readonly Case[]
  /** The rows that are to be labelled next, in the order of the draw; none where all claims are decided and none were asked for. */
  readonly next: readonly DrawnRow[]
  /** The place in the draw of the first row without labels, from 1. */
  readonly nextPlace: number
  /** All rows of the run that are labelled, in the order of the draw. */
  readonly labelled: readonly LabelledRow[]
}

export interface EvaluationParts {
  readonly run: CertifiedRun
  readonly population: Population
  readonly settled: SettledPlan
  /** How many rows are to be labelled next; undefined for as many as are likely needed to decide the claims. */
  readonly count?: number | undefined
}

const ROWS_PER_QUERY = 1_000
/** The rows of a labelling file where the number that is needed cannot be foretold, and the most of any file. */
const UNKNOWN_COUNT = 300
const MAX_COUNT = 500

export async function evaluate(certificates: CertificateStore, parts: EvaluationParts): Promise<Evaluation> {
  const { run, population, settled, count } = parts
  const { plan, order } = settled
  const { labelled, answers } = await readLabelled(certificates, run, order, plan.fields)
  const byId = new Map(labelled.map((row) => [row.id, row]))
  const rowLabels = labelled.flatMap((row): RowLabel[] => {
    const answer = answers.get(row.id)
    return answer === undefined ? [] : [rowLabelOf(row, answer)]
  })
  const firstOpen = order.findIndex(({ id }) => !byId.has(id))
  const counted = firstOpen === -1 ? order.length : firstOpen
  const now = evaluateCertificate(plan, order.slice(0, counted), rowLabels)
  const wanted = count ?? (now.state === 'more' ? moreOf(now.claims) : 0)
  const open = order.slice(counted).filter(({ id }) => !byId.has(id))
  const next = open.slice(0, wanted)
  // Labels behind the first open row wait for it; they stand in the certificate as far as the next file goes.
  const lastNext = order.findIndex(({ id }) => id === next.at(-1)?.id)
  const end = 1 + order.findLastIndex(({ id }, place) => byId.has(id) && place <= Math.max(lastNext, counted - 1))
  const drawn = order.slice(0, end)
  const { catalogue, runId } = run.scope
  const { codebook, hash } = run.scheme
  const certificate = buildCertificate({
    about: {
      run: runId,
      catalogue,
      codebook: { name: `${codebook.name}@${codebook.version}`, hash },
      versions: { ...population.versions },
      made_at: new Date().toISOString(),
    },
    plan,
    drawn,
    labels: rowLabels,
  })
  const inside = drawn.flatMap(({ id }) => byId.get(id) ?? [])
  return {
    certificate,
    given: inside.flatMap(({ fields }) => fields.flatMap(({ labels }) => labels)),
    misses: inside.flatMap((row) => missesOf(row, answers.get(row.id)?.classification)),
    agreement: agreementOf(labelled, plan.fields, plan.seed),
    cases: casesOf(labelled),
    next,
    nextPlace: counted + 1,
    labelled,
  }
}

function moreOf(claims: Certificate['result']['claims']): number {
  const open = claims.filter(({ state }) => state === 'more')
  return Math.min(MAX_COUNT, Math.max(1, ...open.map(({ more }) => more ?? UNKNOWN_COUNT)))
}

/** Reads all labels of the catalogue, and the answers of the run to the rows that have them, in the order of the draw. */
export async function readLabelled(
  certificates: CertificateStore,
  { scope, scheme }: CertifiedRun,
  order: readonly DrawnRow[],
  fields: readonly string[],
): Promise<{ readonly labelled: readonly LabelledRow[]; readonly answers: ReadonlyMap<string, RunRow> }> {
  const all = await certificates.findLabels({ catalogue: scope.catalogue, codebookHash: scheme.hash })
  const byId = labelsById(all)
  const ids = order.flatMap(({ id }) => (byId.has(id) ? [id] : []))
  const answers = new Map<string, RunRow>()
  const labelled: LabelledRow[] = []
  for (let from = 0; from < ids.length; from += ROWS_PER_QUERY) {
    const part = ids.slice(from, from + ROWS_PER_QUERY)
    const rows = await certificates.findRunRows(scope, part)
    for (const id of part) {
      const row = rows.get(id)
      if (row === undefined) continue
      const own = (byId.get(id) ?? []).filter(({ inputHash }) => inputHash === row.inputHash)
      const judged = judgeRow(id, own, fields)
      if (judged === undefined) continue
      labelled.push(judged)
      answers.set(id, row)
    }
  }
  return { labelled, answers }
}

function missesOf({ id, fields }: LabelledRow, answer: Classification | undefined): Miss[] {
  if (answer === undefined) return []
  return fields.flatMap((verdict): Miss[] => {
    const { field, state, labels } = verdict
    const found = textOf({ label: answer.labels[field] ?? null, isKnown: true })
    const label = state === 'open' ? 'open' : textOf({ label: verdict.label, isKnown: state === 'settled' })
    if (state === 'settled' && isAnswer(verdict, answer)) return []
    const by = [...new Set(labels.map((one) => one.by))].join(', ')
    return [{ id, name: answer.name, field, label, answer: found, by }]
  })
}

function isAnswer({ field, label }: LabelledRow['fields'][number], { labels }: Classification): boolean {
  return isSameLabel(label, labels[field] ?? null)
}
