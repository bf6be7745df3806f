/** Evaluates a certificate: brings the drawn rows, their answers and their labels together, and says what is still to be labelled. */
import type { Classification } from '../../classification/types.ts'
import { evaluateCertificate, ROWS_WEIGHT } from '../../evidence/certificate/certificate.ts'
import { buildCertificate } from '../../evidence/certificate/certificate-check.ts'
import type {
  Certificate,
  CertificatePlan,
  ClaimResult,
  DrawnRow,
  RowLabel,
} from '../../evidence/certificate/certificate-types.ts'
import { createSequentialTest } from '../../evidence/statistics/sequential.ts'
import type { CertificateStore, RunRow, RunRowWithInput, StoredLabel } from '../../store/types.ts'
import { agreementOf, type Case, casesOf, type FieldAgreement, textOf } from './people.ts'
import type { SettledPlan } from './plan.ts'
import { isRight, judgeRow, type LabelledRow, labelsById, rowLabelOf } from './row-labels.ts'
import type { CertifiedRun, Population } from './run-part.ts'

/** A field of a labelled row whose answer is not right by the labels. Shown only after the label was given. */
export interface Miss {
  readonly id: string
  readonly name: string
  readonly field: string
  /** The label as people gave it; "?" where nobody could tell. */
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
  /** What the run said of them, by id. */
  readonly answers: ReadonlyMap<string, RunRowWithInput>
}

export interface EvaluationParts {
  readonly run: CertifiedRun
  readonly population: Population
  readonly settled: SettledPlan
  /** How many rows are to be labelled next; undefined for as many as are likely needed to decide the claims. */
  readonly count?: number | undefined
}

const ROWS_PER_QUERY = 1_000
/** The fewest and the most rows of a labelling file whose size nobody chose. */
const LEAST_COUNT = 20
const MAX_COUNT = 300

export async function evaluate(certificates: CertificateStore, parts: EvaluationParts): Promise<Evaluation> {
  const { run, population, settled, count } = parts
  const { plan, order } = settled
  const { labelled, answers } = await readLabelled(certificates, run, order, plan.fields)
  const byId = new Map(labelled.map((row) => [row.id, row]))
  const rowLabels = rowLabelsOf(labelled, answers)
  const settledIds = new Set(rowLabels.map(({ id }) => id))
  const firstOpen = order.findIndex(({ id }) => !settledIds.has(id))
  const counted = firstOpen === -1 ? order.length : firstOpen
  const now = evaluateCertificate(plan, order.slice(0, counted), rowLabels)
  // A row in dispute holds up all behind it, so that its third decision comes before further labels.
  const isHeldUp = byId.has(order[counted]?.id ?? '')
  const wanted = count ?? (now.state === 'more' && !isHeldUp ? leastMore(plan, now.claims) : 0)
  const open = order.slice(counted).filter(({ id }) => !byId.has(id))
  const next = open.slice(0, wanted)
  // Labels behind an open row wait for it; they stand in the certificate as far as the next file goes.
  const bare = order.findIndex(({ id }) => !byId.has(id))
  const window = Math.max((bare === -1 ? order.length : bare) - 1, placeOf(order, next.at(-1)))
  const end = 1 + order.findLastIndex(({ id }, place) => byId.has(id) && place <= window)
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
    answers,
  }
}

function placeOf(order: readonly DrawnRow[], row: DrawnRow | undefined): number {
  return row === undefined ? -1 : order.findIndex(({ id }) => id === row.id)
}

/** Whether the answers to labelled rows are right. A row in dispute is left out until its third decision. */
export function rowLabelsOf(labelled: readonly LabelledRow[], answers: ReadonlyMap<string, RunRow>): RowLabel[] {
  return labelled.flatMap((row) => {
    const answer = answers.get(row.id)
    return answer === undefined || isDisputed(row) ? [] : [rowLabelOf(row, answer)]
  })
}

function isDisputed({ fields }: LabelledRow): boolean {
  return fields.some(({ state }) => state === 'open')
}

/**
 * The least further labels with which all open claims can be shown, if all of them are right. Looking again costs nothing, so
 * that nobody labels more at once than may be needed.
 */
function leastMore({ target, delta, population }: CertificatePlan, claims: readonly ClaimResult[]): number {
  let least = LEAST_COUNT
  for (const { state, right, labelled } of claims) {
    if (state !== 'more') continue
    // The share of the evidence that the cut may have until it helps.
    const test = createSequentialTest({ target, delta: (delta / claims.length) * ROWS_WEIGHT, population })
    let more = 1
    while (more < MAX_COUNT && labelled + more < population && !test.isShown(right + more, labelled - right)) more += 1
    least = Math.max(least, more)
  }
  return least
}

/** Reads all labels of the catalogue, and the answers of the run to the rows that have them, in the order of the draw. */
export async function readLabelled(
  certificates: CertificateStore,
  { scope, scheme }: CertifiedRun,
  order: readonly DrawnRow[],
  fields: readonly string[],
): Promise<{ readonly labelled: readonly LabelledRow[]; readonly answers: ReadonlyMap<string, RunRowWithInput> }> {
  const all = await certificates.findLabels({ catalogue: scope.catalogue, codebookHash: scheme.hash })
  const byId = labelsById(all)
  const ids = order.flatMap(({ id }) => (byId.has(id) ? [id] : []))
  const answers = new Map<string, RunRowWithInput>()
  const labelled: LabelledRow[] = []
  for (let from = 0; from < ids.length; from += ROWS_PER_QUERY) {
    const part = ids.slice(from, from + ROWS_PER_QUERY)
    const rows = await certificates.findRunRows(scope, part)
    for (const id of part) {
      const row = rows.get(id)
      if (row === undefined) continue
      const own = (byId.get(id) ?? []).filter(({ inputHash }) => inputHash === row.inputHash)
      const judged = judgeRow({ id, labels: own }, scheme.codebook, fields)
      if (judged === undefined) continue
      labelled.push(judged)
      answers.set(id, row)
    }
  }
  return { labelled, answers }
}

/** The fields of a row that are not right; nothing for a row in dispute, whose third decision shall be taken without the answer. */
function missesOf(row: LabelledRow, answer: Classification | undefined): Miss[] {
  if (answer === undefined || isDisputed(row)) return []
  return row.fields.flatMap((verdict): Miss[] => {
    const { field, state, label, labels } = verdict
    const found = answer.labels[field] ?? null
    if (isRight(verdict, found)) return []
    const by = [...new Set(labels.map((one) => one.by))].join(', ')
    const said = textOf({ label, isKnown: state === 'settled' })
    return [{ id: row.id, name: answer.name, field, label: said, answer: textOf({ label: found, isKnown: true }), by }]
  })
}
