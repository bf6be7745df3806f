/** The types of a review in the browser: cards, corrections, decisions and where a sitting is. */
import type { ReviewItem } from '../../review/review-item.ts'
import type { ReviewData, ReviewField } from '../page/review-page.ts'

export type Corrections = ReviewItem['labels']
export type Label = Corrections[string]

/** A card as the console sends it. */
export interface Card extends ReviewItem {
  /** All texts that the codebook judges by, without the name. */
  readonly texts: readonly { readonly name: string; readonly text: string }[]
  /** Some of the records that its decision settles. */
  readonly siblings: readonly { readonly id: string; readonly name: string }[]
}

/** What is known of a card that is accepted with its group. */
export type GroupRecord = Pick<Card, 'indicator_id' | 'catalogue' | 'shape_hash' | 'labels' | 'name' | 'same_shape'>

/** A decision that was made on this page. */
export interface Done {
  readonly card: Card
  readonly corrections: Corrections
  readonly note: string
  /** The id under which it waits to be sent, or was sent. */
  readonly id: string
}

/** A decision that was refused, which stays until its card is settled. */
export interface RefusedDecision {
  readonly id: string
  readonly message: string
  /** The name of the record. */
  readonly name: string
  /** What was decided, so that it can be mended; null where a group was accepted, or another page decided. */
  readonly done: Done | null
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
  readonly refused: readonly RefusedDecision[]
  /** What was entered for the card before its decision. */
  readonly draft: { readonly shape: string; readonly corrections: Corrections; readonly note: string } | null
}

export type { Candidate } from '../../review/review-item.ts'
export type { ReviewData, ReviewField }
