/** The certificate as a file: its form, and the check that recomputes it from the database. */

import { z } from 'zod'
import { printable } from '../../catalogue/problem-report.ts'
import { codebookNameOf } from '../../classification/result-body.ts'
import { messageOf } from '../../errors.ts'
import { verifyCertificate } from '../../evidence/certificate/certificate-check.ts'
import { type Certificate, certificateSchema } from '../../evidence/certificate/certificate-types.ts'
import { isRecord, parseOutsideJson } from '../../lib/json/json.ts'
import { visibleJson } from '../../lib/visible-text.ts'
import type { Store, StoredLabel } from '../../store/types.ts'
import { findScheme } from '../codebook/codebook-option.ts'
import { readLabelled, rowLabelsOf } from './evaluate.ts'
import { textOf } from './people.ts'
import { type CertifiedRun, readPopulation } from './run-part.ts'

/** A label as the file keeps it beside the certificate, so that readers see what people said. */
const givenSchema = z.strictObject({
  id: z.string(),
  field: z.string(),
  label: z.union([z.string(), z.number(), z.null(), z.array(z.string()).readonly()]),
  is_known: z.boolean(),
  by: z.string(),
  at: z.string(),
  blind: z.boolean(),
  adjudicates: z.boolean(),
})

type Given = z.infer<typeof givenSchema>

function givenOf(label: StoredLabel): Given {
  const { indicatorId: id, field, isKnown: is_known, by, at, blind, adjudicates } = label
  return { id, field, label: label.label, is_known, by, at, blind, adjudicates }
}

/** Formats a certificate with the labels that it rests on as JSON. */
export function formatCertificateFile(certificate: Certificate, given: readonly StoredLabel[]): string {
  return `${visibleJson(JSON.stringify({ ...certificate, given: given.map(givenOf) }, null, 1))}\n`
}

/** A certificate file, or the sentences that say what is wrong with it. */
type ReadFile =
  | { readonly certificate: Certificate; readonly given: readonly Given[] }
  | { readonly problems: string[] }

export function parseCertificateFile(text: string): ReadFile {
  const value = parseOutsideJson(text)
  if (!isRecord(value)) return { problems: ['it is not a JSON object'] }
  const { given, ...rest } = value
  const certificate = certificateSchema.safeParse(rest)
  const labels = z.array(givenSchema).safeParse(given)
  const issues = [
    ...(certificate.error?.issues ?? []),
    ...(labels.error?.issues ?? []).map(({ path, message }) => ({ path: ['given', ...path], message })),
  ]
  if (certificate.success && labels.success) return { certificate: certificate.data, given: labels.data }
  return { problems: issues.map(({ path, message }) => `${path.map(String).join('.') || 'the file'}: ${message}`) }
}

export interface CheckOutcome {
  /** What does not agree, one sentence each; none where everything does. */
  readonly problems: readonly string[]
  readonly certificate: Certificate | null
}

/** Recomputes a certificate from the rows, plans and labels that the database holds now. */
export async function checkCertificate(store: Store, text: string, signal: AbortSignal): Promise<CheckOutcome> {
  const read = parseCertificateFile(text)
  if ('problems' in read) return { problems: read.problems, certificate: null }
  const { certificate, given } = read
  const { about, drawn, plan } = certificate
  const codebook = codebookNameOf(about.codebook.name)
  const parts = await store.certificates.findRunParts(about.run)
  const isThere = parts.some(
    (part) =>
      part.catalogue === about.catalogue && part.codebook === codebook && part.codebookHash === about.codebook.hash,
  )
  if (!isThere) {
    const what = `run ${printable(about.run)} of the catalogue "${printable(about.catalogue)}" by ${printable(about.codebook.name)}`
    return { problems: [`the database has no row of ${what}`], certificate }
  }
  const run: CertifiedRun = {
    scope: { runId: about.run, catalogue: about.catalogue, codebook },
    scheme: await findScheme(`${codebook}@${about.codebook.hash}`, store),
  }
  const { rows } = await readPopulation(store, run, signal)
  const { labelled, answers } = await readLabelled(store.certificates, run, drawn, plan.fields)
  const labels = rowLabelsOf(labelled, answers)
  const there = new Set(rows.map(({ id }) => id))
  const problems = drawn.flatMap(({ id }) =>
    there.has(id) ? [] : [`the drawn row ${printable(id)} is not in the run`],
  )
  problems.push(...planProblems(certificate, await store.certificates.findPlan(run.scope)))
  const stored = labelled.flatMap(({ fields }) => fields.flatMap((field) => field.labels.map(givenOf)))
  problems.push(...givenProblems(given, stored))
  try {
    problems.push(...verifyCertificate(certificate, { rows, labels }))
  } catch (error) {
    // The statistics refuse what no honest certificate can hold, such as a claim that is named twice.
    if (!(error instanceof RangeError)) throw error
    problems.push(messageOf(error))
  }
  return { problems, certificate }
}

function planProblems(
  { plan, about }: Certificate,
  stored: Awaited<ReturnType<Store['certificates']['findPlan']>>,
): string[] {
  if (stored === undefined) return [`the database holds no plan of a certificate of run ${printable(about.run)}`]
  const keys = ['seed', 'target', 'delta', 'claims', 'fields'] as const
  return keys.flatMap((key) => {
    const [file, database] = [JSON.stringify(plan[key]), JSON.stringify(stored[key])]
    return file === database ? [] : [`the ${key} is ${printable(file)} in the file and ${database} in the database`]
  })
}

function givenProblems(file: readonly Given[], stored: readonly Given[]): string[] {
  const keyOf = ({ id, field, by, adjudicates }: Given) => JSON.stringify([id, field, by, adjudicates])
  const nameOf = ({ id, field, by, adjudicates }: Given) =>
    `the ${adjudicates ? 'third decision' : 'label'} of ${printable(id)} in ${printable(field)} by ${printable(by)}`
  const shown = (one: Given) =>
    `${printable(textOf({ label: one.label, isKnown: one.is_known }))} of ${printable(one.at)}`
  const now = new Map(stored.map((label) => [keyOf(label), label]))
  const known = new Set(file.map(keyOf))
  const changed = file.flatMap((label) => {
    const other = now.get(keyOf(label))
    if (other === undefined) return [`${nameOf(label)} is not in the database`]
    if (JSON.stringify(givenSchema.parse(label)) === JSON.stringify(givenSchema.parse(other))) return []
    return [`${nameOf(label)} is ${shown(label)} in the file and ${shown(other)} in the database`]
  })
  const added = stored.filter((label) => !known.has(keyOf(label)))
  return [...changed, ...added.map((label) => `${nameOf(label)} is in the database and not in the file`)]
}
