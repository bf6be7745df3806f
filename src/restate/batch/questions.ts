/** The questions of a plan: which one stands at a position, and how positions are packed into chunks. */
import { type PackRule, packChunks } from '../../classification/chunks.ts'
import { buildUserPrompt, estimateTokens } from '../../classification/prompt.ts'
import type { Chunks, Question, Resolution } from './types.ts'

/**
 * The question to the model about the indicator at `position`; undefined where this batch never asks a model about it.
 */
export function questionAt(resolutions: readonly Resolution[], position: number): Question | undefined {
  const resolution = resolutions[position]
  return resolution?.kind === 'ask' || resolution?.kind === 'await' ? resolution : undefined
}

/** Packs positions into requests by the number of questions and the length of each. */
export function packPositions(
  resolutions: readonly Resolution[],
  positions: readonly number[],
  rule: PackRule,
): Chunks {
  const tokensAt = new Map(positions.map((position) => [position, tokensOf(questionAt(resolutions, position))]))
  return packChunks(positions, rule, (position) => tokensAt.get(position) ?? 0)
}

function tokensOf(question: Question | undefined): number {
  return question === undefined ? 0 : estimateTokens(buildUserPrompt([{ key: 'k1', ...question }]))
}
