/** One item of the review list: a shape that a person should decide, with what rules and the model said about it. */
import { askableFields } from '../classification/fields.ts'
import { questionShapeOf } from '../classification/question.ts'
import type { PreparedScheme } from '../classification/scheme.ts'
import type { Classification, Finding, Issue, Labels, Reading } from '../classification/types.ts'
import { isBlocked } from '../classification/validate.ts'
import { type CodeList, pathOf } from '../codebooks/code-list.ts'
import { sha256 } from '../lib/sha256.ts'
import type { KnownIndicator, Store, StoredAnswer } from '../store/types.ts'
import { shownLabel } from './label-text.ts'

/** The reasons for a review, the most serious first; the list of items has the same order. */
export const REASONS = ['conflict', 'no-answer', 'doubt', 'older-codebook', 'unverified'] as const

export type ReviewReason = (typeof REASONS)[number]

/**
 * One shape that needs review, represented by its worst indicator. The property names are those of `review --json`, where the
 * labels stand beside them by the names of their fields as well.
 */
export interface ReviewItem {
  readonly indicator_id: string
  readonly name: string
  readonly catalogue: string
  readonly units: string | null
  readonly description: string | null
  readonly sample_values: readonly { readonly date: string; readonly value: number }[]
  readonly why: ReviewReason
  /** The labels of the result now, null where there is none. */
  readonly labels: Labels
  /** The labels of code fields with the titles of their codes and of the parents; fields without a code are missing. */
  readonly titles: Readonly<Record<string, string>>
  /** The likeliest codes of each code field by what the record says, the likeliest first. */
  readonly candidates: Readonly<Record<string, readonly Candidate[]>>
  readonly confidence: number
  /** The confidence of each field that has one. */
  readonly field_confidence: Readonly<Record<string, number>>
  readonly source: string
  readonly status: string
  readonly issues: readonly Issue[]
  /** What rules and readers say of the askable fields; fields that nothing reads are missing. */
  readonly rules: Readonly<Record<string, Finding>>
  /** The model's answer, field by field; null where the model did not answer or its answer is no longer stored. */
  readonly model: {
    readonly name: string | null
    readonly answer: Labels
    readonly confidence: Readonly<Record<string, number>>
    readonly reason: string
  } | null
  /** The number of indicators that need review and have this shape, so that one human answer decides all of them. */
  readonly same_shape: number
  /** The ids of the first few indicators of the shape. */
  readonly same_shape_ids: readonly string[]
  /** SHA-256 of the shape, by which the item is known from one list to the next. */
  readonly shape_hash: string
}

/** A code that a record may have, with its title and those of its parents from the top level down. */
export interface Candidate {
  readonly code: string
  readonly title: string
  readonly parents: readonly string[]
}

/** The indicators that need review and have the same shape. */
export interface ReviewGroup {
  /** The indicator that represents the shape in the list of review items. */
  readonly worst: KnownIndicator
  readonly reading: Reading
  readonly shapeHash: string
  /** The ids of the first few indicators of the shape. */
  readonly ids: readonly string[]
  readonly count: number
}

const SHOWN_SAMPLES = 6
const SHOWN_CANDIDATES = 5
/** A review item carries at most this many characters of a description. */
const SHOWN_DESCRIPTION_LENGTH = 500

/** Why a person should look at a result. */
export function reasonOf({ codebook, hash }: PreparedScheme, result: Classification): ReviewReason {
  const codes = new Set(result.issues.map((issue) => issue.code))
  if (codes.has('older-codebook') || (result.source === 'person' && result.codebook_hash !== hash))
    return 'older-codebook'
  if (codes.has('rule-conflict') || isBlocked(codebook, result.issues)) return 'conflict'
  if (codes.has('no-answer') || codes.has('no-rule')) return 'no-answer'
  return result.status === 'unverified' ? 'unverified' : 'doubt'
}

/** Builds the items of the groups, with the model's answers where they are still stored. */
export async function buildItems(
  store: Store,
  scheme: PreparedScheme,
  groups: readonly ReviewGroup[],
): Promise<ReviewItem[]> {
  const hashes = groups.map((group) => answerHashOf(scheme, group))
  const answers = await store.findAnswers(hashes.filter((hash) => hash !== ''))
  return groups.map((group, index) => itemOf(scheme, group, answers.get(hashes[index] ?? '')))
}

/** The hash under which a model's answer is stored; "" where no model was asked. */
function answerHashOf(scheme: PreparedScheme, { worst, reading }: ReviewGroup): string {
  const { askedModel, classification, mode } = worst.latest
  if (askedModel === null) return ''
  const context = { mode, model: askedModel, promptVersion: classification.prompt_version }
  return sha256(questionShapeOf(scheme, worst.indicator, reading, context))
}

function itemOf(
  scheme: PreparedScheme,
  { worst, reading, shapeHash, ids, count }: ReviewGroup,
  answer: StoredAnswer | undefined,
): ReviewItem {
  const { codebook } = scheme
  const { indicator, latest } = worst
  const result = latest.classification
  const description = (indicator.description ?? '').slice(0, SHOWN_DESCRIPTION_LENGTH).toWellFormed()
  const labels = Object.fromEntries(codebook.fields.map(({ name }) => [name, result.labels[name] ?? null]))
  const findings = askableFields(codebook).flatMap(({ name }) => {
    const finding = reading[name]
    return finding === undefined ? [] : [[name, finding] as const]
  })
  return {
    ...labels,
    indicator_id: indicator.indicator_id,
    name: indicator.name,
    catalogue: result.catalogue,
    units: indicator.units ?? null,
    description: description === '' ? null : description,
    sample_values: indicator.sample_values.slice(-SHOWN_SAMPLES),
    why: reasonOf(scheme, result),
    labels,
    titles: titlesOf(scheme, labels),
    candidates: candidatesOf(scheme, worst),
    confidence: result.confidence,
    field_confidence: result.field_confidence,
    source: result.source,
    status: result.status,
    issues: result.issues,
    rules: Object.fromEntries(findings),
    model:
      answer === undefined
        ? null
        : {
            name: answer.model,
            answer: answer.decision.labels,
            confidence: answer.decision.confidence,
            reason: answer.decision.reason,
          },
    same_shape: count,
    same_shape_ids: ids,
    shape_hash: shapeHash,
  }
}

function titlesOf({ codebook }: PreparedScheme, labels: Labels): Record<string, string> {
  return Object.fromEntries(
    codebook.fields.flatMap(({ name, type }) => {
      const text = type.kind === 'codes' ? shownLabel(codebook, name, labels[name] ?? null) : ''
      return text === '' ? [] : [[name, text]]
    }),
  )
}

function candidatesOf({ codebook, shortlisters }: PreparedScheme, { indicator }: KnownIndicator) {
  return Object.fromEntries(
    askableFields(codebook).flatMap(({ name, type }) => {
      if (type.kind !== 'codes') return []
      const codes = shortlisters.get(name)?.find(indicator, SHOWN_CANDIDATES) ?? []
      return [[name, codes.map((code) => candidateOf(type.list, code))] as const]
    }),
  )
}

/** A code of the list with its titles. */
export function candidateOf(list: CodeList, code: string): Candidate {
  const parents = pathOf(list, code)
  const title = parents.pop() ?? ''
  return { code, title, parents }
}
