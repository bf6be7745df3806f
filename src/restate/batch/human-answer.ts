/** When a human answer decides an indicator, when a result rests on it already, and how an old one is marked. */
import { AGGREGATIONS, CODEBOOK_VERSION, DECIDED_FIELDS, ORIENTATIONS, TYPES } from '../../classification/codebook.ts'
import type { Classification } from '../../classification/types.ts'
import type { StoredAnswer } from '../../store/types.ts'

/** False where a newer codebook has dropped one of the answer's labels, so that the answer means nothing any more. */
export function hasKnownLabels({ decision }: StoredAnswer): boolean {
  return (
    TYPES.includes(decision.type) &&
    AGGREGATIONS.includes(decision.temporal_aggregation) &&
    ORIENTATIONS.includes(decision.orientation)
  )
}

/** Whether a result is the one that the human answer would give. */
export function restsOnHumanAnswer(known: Classification, answer: StoredAnswer): boolean {
  const differs = DECIDED_FIELDS.some((field) => known[field] !== answer.decision[field])
  if (known.source !== 'person' || differs) return false
  // An answer that a person gave again under this codebook ends the doubt that the older one had left.
  return known.status === 'accepted' || isOfOtherCodebook(answer)
}

/**
 * Marks a result that rests on a human answer of another codebook: it stands, as no model may overrule a person, but a
 * person should look at it again.
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
