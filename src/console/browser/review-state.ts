/** What a page of review does with its cards, in pure functions: corrections, what a decision says, what a sitting remembers. */
import { count } from '../page/format.ts'
import type { Refused } from './review-outbox.ts'
import type { Card, Corrections, Done, GroupRecord, Label, ReviewData, ReviewField, Sitting } from './review-types.ts'

/** The most decisions that a page keeps to take back. */
const KEPT_DONE = 50
const MAX_WITHOUT = 5_000

/** The label that a field has after the corrections. */
export function labelAfter(card: Card, corrections: Corrections, field: string): Label {
  return Object.hasOwn(corrections, field) ? (corrections[field] ?? null) : (card.labels[field] ?? null)
}

/** Whether a field applies by the labels that the card has now. */
export function doesApply(card: Card, corrections: Corrections, { appliesWhen }: ReviewField): boolean {
  return Object.entries(appliesWhen).every(([other, wanted]) => {
    const label = labelAfter(card, corrections, other)
    return [label].flat().some((one) => wanted.includes(String(one)))
  })
}

/** The label that would be written: none in a field that does not apply. */
export function currentLabel(
  card: Card,
  corrections: Corrections,
  fields: readonly ReviewField[],
  name: string,
): Label {
  const field = fields.find((one) => one.name === name)
  return field === undefined || doesApply(card, corrections, field) ? labelAfter(card, corrections, name) : null
}

export function isSame(one: Label | undefined, other: Label | undefined): boolean {
  const text = (label: Label | undefined) => JSON.stringify(Array.isArray(label) ? label.toSorted() : (label ?? null))
  return text(one) === text(other)
}

/** The corrections with one more: the choice of a value, which is taken out where the card has it already. */
export function choose(card: Card, corrections: Corrections, field: ReviewField, value: string | null): Corrections {
  const next =
    field.most > 1 && value !== null ? toggled(labelAfter(card, corrections, field.name), value, field.most) : value
  const { [field.name]: _before, ...rest } = corrections
  return isSame(next, card.labels[field.name]) || isSameText(next, card.labels[field.name])
    ? rest
    : { ...rest, [field.name]: next }
}

/** A number of the codebook is chosen as its text. */
function isSameText(one: Label, other: Label | undefined): boolean {
  return typeof one === 'string' && typeof other === 'number' && one === String(other)
}

function toggled(label: Label, value: string, most: number): readonly string[] {
  const known = Array.isArray(label) ? label.map(String) : label === null ? [] : [String(label)]
  if (known.includes(value)) return known.filter((one) => one !== value)
  return [...known, value].slice(-most)
}

/** What is written of a card: the fields that differ from what is stored of it. */
export function recordOf(card: Card, corrections: Corrections, note: string, before: Corrections | undefined) {
  const { indicator_id, catalogue, shape_hash } = card
  if (before === undefined) return { indicator_id, catalogue, shape_hash, corrections, note, seen: seenOf(card) }
  // A card that comes again was stored with other corrections, so that those are what differs now.
  const fields = new Set([...Object.keys(before), ...Object.keys(corrections)])
  const changed = [...fields].filter(
    (field) => !isSame(labelAfter(card, corrections, field), labelAfter(card, before, field)),
  )
  return {
    ...{ indicator_id, catalogue, shape_hash, note, seen: {} },
    corrections: Object.fromEntries(changed.map((field) => [field, labelAfter(card, corrections, field)])),
  }
}

/** What is written of a card that is accepted with its group. */
export function recordOfGroup({ indicator_id, catalogue, shape_hash, labels }: GroupRecord) {
  return { indicator_id, catalogue, shape_hash, seen: seenOf({ labels }) }
}

function seenOf({ labels }: Pick<Card, 'labels'>): Corrections {
  return Object.fromEntries(Object.entries(labels).filter(([, label]) => label !== null))
}

export function newSitting(now: number, random: () => string): Sitting {
  return {
    ...{ holder: random(), run: runIdOf(now, random), begunAt: now, decided: 0, corrected: 0, without: [], later: [] },
    ...{ done: [], refused: [], draft: null },
  }
}

/** The id of a run such as `review-20261129081500-1a2b3c4d`. */
export function runIdOf(now: number, random: () => string): string {
  const time = new Date(now).toISOString().replace(/\D/g, '').slice(0, 14)
  return `review-${time}-${random().replace(/-/g, '').slice(0, 8)}`
}

export function afterDecision(sitting: Sitting, done: Done): Sitting {
  const isCorrected = Object.keys(done.corrections).length > 0
  return {
    ...sitting,
    decided: sitting.decided + 1,
    corrected: sitting.corrected + (isCorrected ? 1 : 0),
    without: [...sitting.without, done.card.shape_hash].slice(-MAX_WITHOUT),
    done: [...sitting.done, done].slice(-KEPT_DONE),
    // What was refused of the card is mended.
    refused: sitting.refused.filter((one) => one.done?.card.shape_hash !== done.card.shape_hash),
    draft: null,
  }
}

/** The sitting without its last decision, whose card comes again. */
export function afterUndo(sitting: Sitting): Sitting {
  const last = sitting.done.at(-1)
  return last === undefined ? sitting : withoutDecision(sitting, last.id)
}

/** A card that is put aside for later, or left to others because the reviewer is not sure of it. */
export function afterAside(sitting: Sitting, { shape_hash: hash }: Card, comesAgain: boolean): Sitting {
  const name = comesAgain ? 'later' : 'without'
  return { ...sitting, [name]: [...sitting[name], hash].slice(-MAX_WITHOUT), draft: null }
}

/** The sitting after a decision was refused: its card comes again, and what is wrong stays until it is settled. */
export function afterRefusal(sitting: Sitting, { id, message, about }: Refused): Sitting {
  const done = sitting.done.find((one) => one.id === id) ?? null
  const refused = { id, message, done, name: done?.card.name ?? about }
  return {
    ...withoutDecision(sitting, id),
    refused: [...sitting.refused.filter((one) => one.id !== id), refused],
  }
}

/** What a decision did, until the service says otherwise. */
export function settledText({ same_shape: records }: Card, corrections: Corrections): string {
  const what = Object.keys(corrections).length === 0 ? 'Accepted' : 'Corrected'
  return `${what}: ${count(records)} ${records === 1 ? 'record' : 'records'} settled.`
}

/** What is left before the service says so: without the cards that were decided, and with one that was taken back. */
export function leftAfter(left: ReviewData['left'], cards: readonly GroupRecord[], sign: 1 | -1): ReviewData['left'] {
  const records = cards.reduce((sum, card) => sum + card.same_shape, 0)
  return {
    ...left,
    shapes: Math.max(0, left.shapes + sign * cards.length),
    indicators: Math.max(0, left.indicators + sign * records),
  }
}

/** The labels that were typed for other cards in a field, the newest first. */
export function givenIn(done: readonly Done[], { name, form }: ReviewField): readonly string[] {
  if (form === null) return []
  const given = done.flatMap(({ corrections }) => (Object.hasOwn(corrections, name) ? [corrections[name]] : []))
  return [...new Set(given.toReversed().flatMap((label) => (typeof label === 'string' ? [label] : [])))]
}

/** The sitting without a decision that was refused, whose card comes again. */
export function withoutDecision(sitting: Sitting, id: string): Sitting {
  const refused = sitting.done.find((done) => done.id === id)
  if (refused === undefined) return sitting
  const { shape_hash: hash } = refused.card
  return {
    ...sitting,
    decided: sitting.decided - 1,
    corrected: sitting.corrected - (Object.keys(refused.corrections).length > 0 ? 1 : 0),
    without: sitting.without.filter((one) => one !== hash),
    done: sitting.done.filter((done) => done.id !== id),
  }
}

/** The place of the first field that applies, needs a label and has none; undefined where the card can be decided. */
export function openField(card: Card, corrections: Corrections, fields: readonly ReviewField[]): number | undefined {
  const at = fields.findIndex((field) => {
    return !field.nullable && doesApply(card, corrections, field) && labelAfter(card, corrections, field.name) === null
  })
  return at < 0 ? undefined : at
}

/** A reviewer begins where the answer is least sure. */
export function firstInDoubt(card: Card, { fields }: Pick<ReviewData, 'fields'>): number {
  const rank = (index: number) => {
    const name = fields[index]?.name ?? ''
    if (card.issues.some(({ message }) => message.startsWith(`${name}:`))) return -1
    return card.labels[name] === null && card.field_confidence[name] === undefined
      ? 2
      : (card.field_confidence[name] ?? 1)
  }
  const order = fields.map((_, index) => index).sort((a, b) => rank(a) - rank(b) || a - b)
  return order[0] ?? 0
}

/** The sitting after a group was accepted, of which no card comes again. */
export function afterGroup(sitting: Sitting, group: readonly GroupRecord[]): Sitting {
  const without = [...sitting.without, ...group.map((one) => one.shape_hash)].slice(-MAX_WITHOUT)
  return { ...sitting, decided: sitting.decided + group.length, without, draft: null }
}
