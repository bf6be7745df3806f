/** What needs a person, one item a shape, worst first, each with its evidence. */
import { createHash } from 'node:crypto'
import { CODEBOOK_VERSION, DECIDED_FIELDS } from '../../classification/codebook.ts'
import { readIndicator } from '../../classification/rules.ts'
import { personShapeOf, shapeOf } from '../../classification/shape.ts'
import type { Classification, DecidedField, Decision, Issue, RuleReading } from '../../classification/types.ts'
import { BLOCKING_CODES } from '../../classification/validate.ts'
import type { KnownIndicator, Store } from '../../store/types.ts'

/** Why a result needs a person, the gravest first: the order in which items are listed. */
export const REASONS = ['conflict', 'no-answer', 'doubt', 'older-codebook'] as const

export type ReviewReason = (typeof REASONS)[number]

export interface ReviewItem {
  readonly indicator_id: string
  readonly name: string
  readonly units: string | null
  readonly description: string | null
  readonly sample_values: readonly { readonly date: string; readonly value: number }[]
  readonly why: ReviewReason
  readonly type: string
  readonly temporal_aggregation: string
  readonly orientation: string
  readonly unit: Classification['unit']
  readonly frequency: string
  readonly cumulative: string
  readonly confidence: number
  readonly source: string
  readonly issues: readonly Issue[]
  readonly rules: Readonly<Record<DecidedField, { value: string; sure: boolean; rule: string; because: string }>>
  /** What the model answered, field by field; null where none did or its answer is not kept. */
  readonly model: {
    readonly name: string | null
    readonly answer: Pick<Decision, DecidedField>
    readonly confidence: Readonly<Record<DecidedField, number>>
    readonly reason: string
  } | null
  /** Open indicators that the answer settles, this one included. */
  readonly same_shape: number
  /** Some of them. */
  readonly same_shape_ids: readonly string[]
}

export interface OpenItems {
  readonly items: readonly ReviewItem[]
  /** Indicators and shapes that need a person, also beyond the limit. */
  readonly indicators: number
  readonly shapes: number
  /** Indicators whose shape a person has answered since: the next run settles them. */
  readonly answered: number
}

export interface PersonShape {
  readonly reading: RuleReading
  readonly shape: string
  readonly shapeHash: string
}

interface Group {
  readonly worst: KnownIndicator
  readonly reading: RuleReading
  readonly ids: readonly string[]
  readonly count: number
}

const SHOWN_IDS = 5
const SHOWN_SAMPLES = 6
const SHOWN_DESCRIPTION = 500

export function personShape({ indicator }: KnownIndicator): PersonShape {
  const reading = readIndicator(indicator)
  const shape = personShapeOf(indicator, reading)
  return { reading, shape, shapeHash: sha256(shape) }
}

/** Reads all that is open; keeps one indicator a shape. */
export async function findOpenItems(store: Store, limit: number): Promise<OpenItems> {
  const groups = new Map<string, Group>()
  let indicators = 0
  let answered = 0
  for await (const page of store.listNeedingReview({ codebookVersion: CODEBOOK_VERSION })) {
    const shaped = page.map((known) => ({ known, ...personShape(known) }))
    const words = await store.findHumanAnswers([...new Set(shaped.map((one) => one.shapeHash))])
    for (const { known, reading, shapeHash } of shaped) {
      if (words.get(shapeHash)?.codebookVersion === CODEBOOK_VERSION) {
        answered += 1
        continue
      }
      indicators += 1
      const group = groups.get(shapeHash)
      const id = known.indicator.indicator_id
      if (group === undefined) groups.set(shapeHash, { worst: known, reading, ids: [id], count: 1 })
      else {
        const isWorse = compareKnown(known, group.worst) < 0
        const ids = group.ids.length < SHOWN_IDS ? [...group.ids, id] : group.ids
        const kept = isWorse ? { worst: known, reading } : { worst: group.worst, reading: group.reading }
        groups.set(shapeHash, { ...kept, ids, count: group.count + 1 })
      }
    }
  }
  const sorted = [...groups.values()].sort(compareGroups).slice(0, limit)
  return { items: await withAnswers(store, sorted), indicators, shapes: groups.size, answered }
}

/** The gravest reason first, then the least confident, then what settles the most, then by id. */
function compareGroups(a: Group, b: Group): number {
  return compareGravity(a.worst, b.worst) || b.count - a.count || compareIds(a.worst, b.worst)
}

function compareKnown(a: KnownIndicator, b: KnownIndicator): number {
  return compareGravity(a, b) || compareIds(a, b)
}

function compareGravity(a: KnownIndicator, b: KnownIndicator): number {
  const rank = ({ latest }: KnownIndicator) => REASONS.indexOf(reasonOf(latest.classification))
  return rank(a) - rank(b) || a.latest.classification.confidence - b.latest.classification.confidence
}

function compareIds(a: KnownIndicator, b: KnownIndicator): number {
  return a.indicator.indicator_id < b.indicator.indicator_id ? -1 : 1
}

export function reasonOf(classification: Classification): ReviewReason {
  const codes = new Set(classification.issues.map((issue) => issue.code))
  if (classification.source === 'person') return 'older-codebook'
  if (codes.has('rule-conflict') || [...BLOCKING_CODES].some((code) => codes.has(code))) return 'conflict'
  return codes.has('no-answer') ? 'no-answer' : 'doubt'
}

/** Model answers are kept by the shape that names the model and the prompt of that time. */
async function withAnswers(store: Store, groups: readonly Group[]): Promise<ReviewItem[]> {
  const hashes = groups.map(({ worst, reading }) => {
    const { askedModel, classification } = worst.latest
    if (askedModel === null) return ''
    return sha256(
      shapeOf(worst.indicator, reading, { model: askedModel, promptVersion: classification.prompt_version }),
    )
  })
  const answers = await store.findAnswers(hashes.filter((hash) => hash !== ''))
  return groups.map(({ worst, reading, ids, count }, index) => {
    const { indicator, latest } = worst
    const { classification: c } = latest
    const answer = answers.get(hashes[index] ?? '')
    const cut = (indicator.description ?? '').slice(0, SHOWN_DESCRIPTION).toWellFormed()
    return {
      indicator_id: indicator.indicator_id,
      name: indicator.name,
      units: indicator.units ?? null,
      description: cut === '' ? null : cut,
      sample_values: indicator.sample_values.slice(-SHOWN_SAMPLES),
      why: reasonOf(c),
      type: c.type,
      temporal_aggregation: c.temporal_aggregation,
      orientation: c.orientation,
      unit: c.unit,
      frequency: c.frequency,
      cumulative: c.cumulative.pattern,
      confidence: c.confidence,
      source: c.source,
      issues: c.issues,
      rules: Object.fromEntries(DECIDED_FIELDS.map((field) => [field, reading[field]])) as ReviewItem['rules'],
      model:
        answer === undefined
          ? null
          : {
              name: answer.model,
              answer: {
                type: answer.decision.type,
                temporal_aggregation: answer.decision.temporal_aggregation,
                orientation: answer.decision.orientation,
              },
              confidence: answer.decision.confidence,
              reason: answer.decision.reason,
            },
      same_shape: count,
      same_shape_ids: ids,
    }
  })
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
