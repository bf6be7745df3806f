/** The shapes under which the answers of people are stored, and whether such an answer settles a result already. */
import { askableFields } from '../classification/fields.ts'
import type { PreparedScheme } from '../classification/scheme.ts'
import { humanShapeOf } from '../classification/shape.ts'
import type { Classification, Indicator, Labels, Reading } from '../classification/types.ts'
import { meets } from '../codebooks/codebook.ts'
import { sha256 } from '../lib/sha256.ts'
import type { StoredAnswer } from '../store/types.ts'

/** The reading of an indicator by rules and readers, and a shape under which human answers to it are stored. */
export interface PersonShape {
  readonly reading: Reading
  readonly shape: string
  readonly shapeHash: string
}

/**
 * The two shapes of an indicator. An answer under `shared` holds for all indicators that are alike; one under `exact` only for
 * those that are alike also in what the fields of the single record are read from.
 */
export interface PersonShapes {
  readonly shared: PersonShape
  readonly exact: PersonShape
}

export function personShapesOf(scheme: PreparedScheme, record: Indicator): PersonShapes {
  const reading = scheme.code?.read(record) ?? {}
  const shapeFor = (isExact: boolean): PersonShape => {
    const shape = humanShapeOf(scheme, record, reading, isExact)
    return { reading, shape, shapeHash: sha256(shape) }
  }
  return { shared: shapeFor(false), exact: shapeFor(true) }
}

/**
 * Chooses the shape for an answer, and the labels that answer every indicator of it: all askable fields that apply. The fields
 * whose label may differ between alike indicators are left out, unless the person corrected one of them; the answer then
 * holds for the exact shape alone.
 */
export function vouchedAnswer(
  scheme: PreparedScheme,
  shapes: PersonShapes,
  { labels, corrected }: { readonly labels: Labels; readonly corrected: ReadonlySet<string> },
): { readonly shape: PersonShape; readonly labels: Labels } {
  const perRecord = scheme.code?.perRecord ?? []
  const isExact = perRecord.some((name) => corrected.has(name))
  const vouched = askableFields(scheme.codebook).filter(({ name, appliesWhen }) => {
    const isOfRecord = !isExact && perRecord.includes(name)
    return !isOfRecord && (appliesWhen === null || meets(labels, appliesWhen))
  })
  return {
    shape: isExact ? shapes.exact : shapes.shared,
    labels: Object.fromEntries(vouched.map(({ name }) => [name, labels[name] ?? null])),
  }
}

/**
 * Whether the next run takes the result from a human answer by this codebook, so that no person has to look at it. A result
 * that rests on one already and is still in doubt is in doubt for another reason.
 */
export function isAnswered(
  { hash }: PreparedScheme,
  result: Classification,
  { shared, exact }: PersonShapes,
  humanAnswers: ReadonlyMap<string, StoredAnswer>,
): boolean {
  const answers = [humanAnswers.get(shared.shapeHash), humanAnswers.get(exact.shapeHash)]
  if (!answers.some((answer) => answer?.codebookHash === hash)) return false
  const isOlder = result.codebook_hash !== hash || result.issues.some(({ code }) => code === 'older-codebook')
  return result.source !== 'person' || isOlder
}
