/** The questions of a plan: which one stands at a position, what of it is still open, and how positions are packed into chunks. */
import { type PackRule, packChunks } from '../../classification/chunks.ts'
import type { SourcedDecision } from '../../classification/merge.ts'
import { promptItemOf } from '../../classification/question.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import { estimateTokens } from '../../classification/tokens.ts'
import type { Indicator, Mode } from '../../classification/types.ts'
import { buildUserPrompt, type PromptItem } from '../../classification/user-prompt.ts'
import { isOfflineGuess } from '../../lib/model-names.ts'
import { sha256 } from '../../lib/sha256.ts'
import type { StoredAnswer } from '../../store/types.ts'
import { type BatchQuestion, type Chunks, labelsOfAnswers, type ModelAnswers, type Resolution } from './types.ts'

/**
 * The question to the model about the indicator at `position`; undefined where this batch never asks a model about it.
 */
export function questionAt(resolutions: readonly Resolution[], position: number): BatchQuestion | undefined {
  const resolution = resolutions[position]
  return resolution?.kind === 'ask' || resolution?.kind === 'await' ? resolution : undefined
}

/** The positions about which only the escalation model is asked, because the primary model's answer is stored and in doubt. */
export function positionsInDoubt(resolutions: readonly Resolution[]): number[] {
  return resolutions.flatMap((way, position) => (way.kind === 'ask' && way.inDoubt === true ? [position] : []))
}

/** The question as it is asked from the start, where an answer in doubt does not count. */
export function withoutDoubt<Question extends BatchQuestion>(question: Question): Question {
  if (question.inDoubt !== true) return question
  const { inDoubt: _, ...plain } = question
  return { ...plain, answers: answersShown(question) } as Question
}

/** The stored answers whose labels a model is shown as known; an answer in doubt is not shown to the model that judges it. */
function answersShown({ answers, inDoubt }: Pick<BatchQuestion, 'answers' | 'inDoubt'>): readonly StoredAnswer[] {
  return inDoubt === true ? answers.filter(({ source }) => source === 'person') : answers
}

/** What the model is shown and asked of a question. Labels of stored answers and of models are shown as known. */
export function itemOf(
  key: string,
  question: BatchQuestion,
  mode: Mode,
  answers: Pick<ModelAnswers, 'decisions' | 'partial' | 'widened'>,
  position: number,
  tier: 'primary' | 'escalation',
): PromptItem {
  const { fields, codes } = question
  // The escalation model judges every field anew, so that it is not told what the first model answered.
  const open = tier === 'escalation' ? fields : openFieldsAt(answers, question, position)
  const decided = tier === 'escalation' ? [] : answersAt(answers, position)
  const shown = Object.entries({ ...codes, ...answers.widened.get(position) }).filter(([name]) => open.includes(name))
  const asked = { ...question, fields: open, codes: Object.fromEntries(shown) }
  return promptItemOf(key, asked, mode, labelsOfAnswers([...answersShown(question), ...decided]))
}

/** The answers of models to the question at `position` so far: those that another batch stored, then those to this batch. */
function answersAt({ decisions, partial }: Pick<ModelAnswers, 'decisions' | 'partial'>, position: number) {
  const stored = partial.get(position)
  return [...(stored === undefined ? [] : [stored]), ...(decisions.get(position) ?? [])]
}

/** The fields of a question that no model has answered yet. */
export function openFieldsAt(
  answers: Pick<ModelAnswers, 'decisions' | 'partial'>,
  { fields }: Pick<BatchQuestion, 'fields'>,
  position: number,
): readonly string[] {
  const answered = labelsOfAnswers(answersAt(answers, position))
  return fields.filter((name) => !(name in answered))
}

/** Whether a stored answer has a label for every field that the question asks. */
export function answersAll(
  { decision }: Pick<StoredAnswer, 'decision'>,
  { fields }: Pick<BatchQuestion, 'fields'>,
): boolean {
  return fields.every((name) => name in decision.labels)
}

/** The hash by which a run that reuses no answers finds its own answer to an indicator when it is resumed. */
export function ownAnswerOf(runId: string, { indicator_id: id }: Pick<Indicator, 'indicator_id'>): string {
  return sha256(JSON.stringify([runId, id])).slice(0, 32)
}

/** Packs positions into requests by the number of questions and the length of each. */
export function packPositions(
  { codebook }: PreparedScheme,
  resolutions: readonly Resolution[],
  positions: readonly number[],
  rule: PackRule,
  mode: Mode,
  widened: ModelAnswers['widened'] = new Map(),
): Chunks {
  const tokensAt = (position: number) => {
    const question = questionAt(resolutions, position)
    if (question === undefined) return 0
    const codes = { ...question.codes, ...widened.get(position) }
    const item = promptItemOf('k1', { ...question, codes }, mode, labelsOfAnswers(answersShown(question)))
    return estimateTokens(buildUserPrompt(codebook, [item]))
  }
  const tokens = new Map(positions.map((position) => [position, tokensAt(position)]))
  return packChunks(positions, rule, (position) => tokens.get(position) ?? 0)
}

/** Stored answers as decisions: those of people keep their source, all others are reuse. */
export function decisionsOfAnswers(answers: readonly StoredAnswer[]): SourcedDecision[] {
  return answers.map(({ decision, source, model }) => {
    return { decision, source: source === 'person' ? 'person' : 'reuse', model, isGuess: isOfflineGuess(model) }
  })
}
