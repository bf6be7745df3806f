/** Whether an earlier result of an indicator still holds, so that the batch need not classify the indicator again. */
import { appliesTo, askableFields, isDecisive, isSameLabel } from '../../classification/fields.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Classification, Mode, Reading } from '../../classification/types.ts'
import { isValueOf } from '../../codebooks/codebook.ts'
import { isModelSource } from '../../evidence/confidence.ts'
import type { LatestResult } from '../../store/types.ts'
import type { Prepared } from './prepare.ts'
import type { BatchOptions } from './types.ts'

/** The strength of each mode: a result made in a weaker mode is made again in a stronger one. */
const MODE_STRENGTH: Readonly<Record<Mode, number>> = { rules: 0, hybrid: 1, model: 2 }

/**
 * Whether the earlier result `known` still holds: the content, codebook, prompt and model are the same, the mode is no
 * weaker than the requested one, and the model really answered. `model` is the configured primary model. A person's
 * result holds whatever the versions and the mode are, also where `force` has all other indicators classified again.
 */
export function isStillValid(
  scheme: PreparedScheme,
  known: LatestResult,
  one: Prepared,
  options: BatchOptions,
  { model, runId }: { readonly model: string; readonly runId: string },
): boolean {
  const { classification } = known
  const { mode, force, overridePerson } = options
  if (known.inputHash !== one.inputHash || known.unanswered) return false
  if (classification.source === 'person' && isPersonsAlone(classification, scheme)) return overridePerson === false
  // What a run that forces has classified already, it need not classify again: audits come before their batch.
  const isForced = force && classification.run_id !== runId
  if (isForced || classification.codebook_hash !== scheme.hash) return false
  // The rules cost nothing, so the result is built again where they now read more from the indicator than they did.
  if (!agreesWithRules(scheme, classification, one.reading, mode)) return false
  if (MODE_STRENGTH[known.mode] < MODE_STRENGTH[mode]) return false
  // A result of the rules alone does not depend on the prompt or the model.
  return known.askedModel === null || (known.askedModel === model && classification.prompt_version === PROMPT_VERSION)
}

/**
 * Whether a result that rests on a person stands whatever the codebook says now. Fields that a model decided beside the person
 * stand under their own codebook only, and where another codebook has a further field or dropped a label, the result lacks
 * something that has to be asked.
 */
function isPersonsAlone(
  { codebook_hash: hash, field_source: sources, labels }: Classification,
  scheme: PreparedScheme,
): boolean {
  if (hash === scheme.hash) return true
  const isByModel = Object.values(sources).some(isModelSource)
  return !isByModel && askableFields(scheme.codebook).every((field) => isValueOf(field, labels[field.name]))
}

/**
 * Whether a stored result agrees with what the rules read now in every field that a rule decided. They disagree where a new
 * release reads a field better, and in mode hybrid where the rule may not stand in for a model any more. What a model or a
 * person decided stands.
 */
function agreesWithRules({ codebook }: PreparedScheme, known: Classification, reading: Reading, mode: Mode): boolean {
  return Object.entries(reading).every(([name, finding]) => {
    const source = known.field_source[name]
    if (source === undefined || source === 'person' || isModelSource(source)) return true
    const field = codebook.field.get(name)
    if (field === undefined || !appliesTo(field, known.labels)) return true
    if (mode === 'hybrid' && field.asked && !isDecisive(finding)) return false
    return isSameLabel(known.labels[name], finding.value)
  })
}
