/** The types of a review in the browser: cards, corrections, decisions and where a sitting is. */
import type { ReviewData, ReviewField } from '../page/review-page.ts'

export type Label = string | number | readonly string[] | null

/** A card as the console sends it. */
export interface Card {
  readonly indicator_id: string
  readonly name: string
  readonly catalogue: string
  readonly units: string | null
  readonly description: string | null
  readonly sample_values: readonly { readonly date: string; readonly value: number }[]
  readonly why: string
  readonly labels: Readonly<Record<string, Label>>
  readonly titles: Readonly<Record<string, string>>
  readonly candidates: Readonly<Record<string, readonly Candidate[]>>
  readonly confidence: number
  readonly field_confidence: Readonly<Record<string, number>>
  readonly source: string
  readonly issues: readonly { readonly code: string; readonly message: string }[]
  readonly rules: Readonly<
    Record<string, { readonly value: Label; readonly sure: boolean; readonly rule: string; readonly because: string }>
  >
  readonly model: {
    readonly name: string | null
    readonly answer: Readonly<Record<string, Label>>
    readonly reason: string
  } | null
  readonly same_shape: number
  readonly shape_hash: string
  readonly siblings: readonly { readonly id: string; readonly name: string }[]
}

export interface Candidate {
  readonly code: string
  readonly title: string
  readonly parents: readonly string[]
}

export type Corrections = Readonly<Record<string, Label>>

/** A decision that was made on this page. */
export interface Done {
  readonly card: Card
  readonly corrections: Corrections
  readonly note: string
  /** The id under which it waits to be sent, or was sent. */
  readonly id: string
}

/** What a page of review remembers over a reload. */
export interface Sitting {
  /** This page, as the holder of cards. */
  readonly holder: string
  /** The run that the decisions make. */
  readonly run: string
  readonly begunAt: number
  readonly decided: number
  readonly corrected: number
  /** Shapes that were decided or called unsure here, and do not come again. */
  readonly without: readonly string[]
  /** Shapes that were put aside, and come again when the others are done. */
  readonly later: readonly string[]
  readonly done: readonly Done[]
  /** What was entered for the card before its decision. */
  readonly draft: { readonly shape: string; readonly corrections: Corrections; readonly note: string } | null
}

export type { ReviewData, ReviewField }
