/** Blind labels as the browser holds them: drawn records, the labels of one, what is missing, and what was labelled here. */
import { count } from '../page/format.ts'
import type { Frame } from '../page/frame.ts'
import type { BlindRecord, LabelData, Progress } from '../page/label-page.ts'
import type { ReviewField } from '../page/review-page.ts'
import { post } from './post.ts'
import type { Label } from './review-types.ts'

export type BlindLabels = Readonly<Record<string, string>>

/** A row that was labelled on this page. */
export interface LabelledHere {
  /** The id under which it waits to be sent, or was sent. */
  readonly id: string
  readonly record: BlindRecord
  readonly labels: BlindLabels
  readonly note: string
}

/** How a labelling file says that a field has no label, and that nobody can tell. */
const NONE = 'none'
const UNKNOWN = '?'
const TIMEOUT_MS = 120_000
const DRAWN = 10

/** The labels with one more; of a field with several labels a second choice of the same one takes it out. */
export function pickBlind(labels: BlindLabels, { name, most }: ReviewField, value: string | null): BlindLabels {
  const given = value ?? NONE
  if (most === 1 || given === NONE || given === UNKNOWN) return { ...labels, [name]: given }
  const known = (labels[name] ?? '').split('+').filter((one) => one !== '' && one !== NONE && one !== UNKNOWN)
  const next = known.includes(given) ? known.filter((one) => one !== given) : [...known, given].slice(-most)
  return { ...labels, [name]: next.join('+') }
}

/** The fields that apply and have no label yet, in their order. A row without any is whole. */
export function missingIn(labels: BlindLabels, fields: readonly ReviewField[]): readonly ReviewField[] {
  return fields.filter((field) => doesApply(labels, field) && (labels[field.name] ?? '') === '')
}

function doesApply(labels: BlindLabels, { appliesWhen }: ReviewField): boolean {
  return Object.entries(appliesWhen).every(([other, wanted]) =>
    (labels[other] ?? '').split('+').some((one) => wanted.includes(one)),
  )
}

/** The label of a field for the rules on what goes together; undefined where there is none yet, or nobody can tell. */
export function blindLabelOf(labels: BlindLabels, fields: readonly ReviewField[], name: string): Label | undefined {
  const field = fields.find((one) => one.name === name)
  if (field === undefined || labels[name] === UNKNOWN) return undefined
  return doesApply(labels, field) ? chosenIn(labels[name]) : null
}

/** The labels that were typed for other rows in a field, the newest first. */
export function givenBlind(done: readonly LabelledHere[], { name, form }: ReviewField): readonly string[] {
  if (form === null) return []
  const given = done.toReversed().flatMap(({ labels }) => labels[name] ?? [])
  return [...new Set(given.filter((label) => label !== '' && label !== NONE && label !== UNKNOWN))]
}

/** What was chosen, as a card has it; undefined for a field without a label. */
export function chosenIn(label: string | undefined): Label | undefined {
  if (label === undefined || label === '') return undefined
  return label === NONE ? null : label.split('+')
}

export function canTell(label: string | undefined): string {
  if (label === undefined || label === '') return '…'
  return label === UNKNOWN ? 'cannot tell' : label
}

/** How far the labels are, such as "5 of about 52 labelled, 3 of them here". `since` were labelled since the progress was told. */
export function progressText(progress: Progress | null, { since, here }: { since: number; here: number }): string {
  if (progress === null) return here === 0 ? '' : `${count(here)} labelled here`
  const labelled = progress.labelled + since
  const about = Math.max(labelled, progress.about)
  return `${count(labelled)} of about ${count(about)} labelled${here === 0 ? '' : `, ${count(here)} of them here`}`
}

export interface Drawn {
  readonly records: readonly BlindRecord[]
  readonly progress: Progress
}

export async function drawMore(frame: Frame, { run, target }: LabelData): Promise<Drawn | { readonly fault: string }> {
  try {
    const body = { run, count: DRAWN, ...(target === '' ? {} : { target }) }
    const response = await post(frame, '/accuracy/draw', body, { timeoutMs: TIMEOUT_MS })
    const answer = (await response.json()) as Partial<Drawn> & { readonly message?: string }
    return answer.records === undefined || answer.progress === undefined
      ? { fault: answer.message ?? 'The rows could not be drawn.' }
      : { records: answer.records, progress: answer.progress }
  } catch {
    return { fault: 'The service does not answer.' }
  }
}
