/** When a human answer decides an indicator, when a result already rests on a human answer, and how a human answer of another codebook is marked. */
import { AGGREGATIONS, CODEBOOK_VERSION, DECIDED_FIELDS, ORIENTATIONS, TYPES } from '../../classification/codebook.ts'
import type { Classification } from '../../classification/types.ts'
import type { StoredAnswer } from '../../store/types.ts'

/**
 * Whether the codebook of this release has all labels of the answer. An answer with a dropped label decides nothing any
 * more.
 */
export function hasKnownLabels({ decision }: StoredAnswer): boolean {
  return (
    TYPES.includes(decision.type) &&
    AGGREGATIONS.includes(decision.temporal_aggregation) &&
    ORIENTATIONS.includes(decision.orientation)
  )
}

/** Whether the result `known` is already the one that the human answer would give, so that nothing has to change. */
export function restsOnHumanAnswer(known: Classification, answer: StoredAnswer): boolean {
  const differs = DECIDED_FIELDS.some((field) => known[field] !== answer.decision[field])
  if (known.source !== 'person' || differs) return false
  // A person who gave the answer again under this codebook has ended the doubt about it, so a result still marked as
  // doubtful is out of date.
  return known.status === 'accepted' || isOfOtherCodebook(answer)
}

/**
 * Marks a result that rests on a human answer of another codebook: the result stands, as no model may overrule a
 * person, but a person should look at the indicator again.
 */
export function markOlderHumanAnswer(classification: Classification, answer: StoredAnswer): Classification {
  if (answer.source !== 'person' || !isOfOtherCodebook(answer)) return classification
  const message = `a person decided this by codebook ${answer.codebookVersion}, which is not the one in use`
  return {
    ...classification,
    status: 'needs-review',
    issues: [...classification.issues, { code: 'older-codebook', message }],
  }
}

function isOfOtherCodebook(answer: StoredAnswer): boolean {
  return answer.codebookVersion !== CODEBOOK_VERSION
}
