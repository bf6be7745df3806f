/** Blind labels as the browser holds them: drawn records, the labels of one, and when a row is whole. */
import type { Frame } from '../page/frame.ts'
import type { BlindRecord, LabelData } from '../page/label-page.ts'
import type { ReviewField } from '../page/review-page.ts'
import { post } from './post.ts'
import type { Label } from './review-types.ts'

type BlindLabels = Readonly<Record<string, string>>

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

/** Whether every field that applies has a label. */
export function isWhole(labels: BlindLabels, fields: readonly ReviewField[]): boolean {
  return fields.every((field) => !doesApply(labels, field) || (labels[field.name] ?? '') !== '')
}

function doesApply(labels: BlindLabels, { appliesWhen }: ReviewField): boolean {
  return Object.entries(appliesWhen).every(([other, wanted]) =>
    (labels[other] ?? '').split('+').some((one) => wanted.includes(one)),
  )
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

export async function drawMore(
  frame: Frame,
  { run, target }: LabelData,
): Promise<{ readonly records: readonly BlindRecord[] } | { readonly fault: string }> {
  try {
    const body = { run, count: DRAWN, ...(target === '' ? {} : { target }) }
    const response = await post(frame, '/accuracy/draw', body, { timeoutMs: TIMEOUT_MS })
    const answer = (await response.json()) as { readonly records?: readonly BlindRecord[]; readonly message?: string }
    return answer.records === undefined
      ? { fault: answer.message ?? 'The rows could not be drawn.' }
      : { records: answer.records }
  } catch {
    return { fault: 'The service does not answer.' }
  }
}
