/** Whether an earlier result of an indicator still holds, so that the batch need not classify the indicator again. */
import { CODEBOOK_VERSION } from '../../classification/codebook.ts'
import { agreesWithRules } from '../../classification/merge.ts'
import { PROMPT_VERSION } from '../../classification/prompt.ts'
import type { Mode } from '../../classification/types.ts'
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
export function isStillValid(known: LatestResult, one: Prepared, options: BatchOptions, model: string): boolean {
  const { classification } = known
  const { mode, force, overridePerson } = options
  if (known.inputHash !== one.inputHash || known.unanswered) return false
  if (classification.source === 'person') return overridePerson === false
  if (force || classification.codebook_version !== CODEBOOK_VERSION) return false
  // The rules cost nothing, so the result is built again where they now read more from the indicator than they did.
  if (!agreesWithRules(classification, one.reading, mode)) return false
  if (MODE_STRENGTH[known.mode] < MODE_STRENGTH[mode]) return false
  // A result of the rules alone does not depend on the prompt or the model.
  return known.askedModel === null || (known.askedModel === model && classification.prompt_version === PROMPT_VERSION)
}
