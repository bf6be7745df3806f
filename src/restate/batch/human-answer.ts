/** When a person's word on a shape answers, and when a result says it already. */
import { AGGREGATIONS, CODEBOOK_VERSION, DECIDED_FIELDS, ORIENTATIONS, TYPES } from '../../classification/codebook.ts'
import type { Classification } from '../../classification/types.ts'
import type { StoredAnswer } from '../../store/types.ts'

/** False where a newer codebook has dropped one of its labels: then the word means nothing any more. */
export function isCurrentWord({ decision }: StoredAnswer): boolean {
  return (
    TYPES.includes(decision.type) &&
    AGGREGATIONS.includes(decision.temporal_aggregation) &&
    ORIENTATIONS.includes(decision.orientation)
  )
}

/** Whether a result is already what the word makes of it. */
export function keepsWord(known: Classification, word: StoredAnswer): boolean {
  if (known.source !== 'person' || DECIDED_FIELDS.some((field) => known[field] !== word.decision[field])) return false
  // Given anew under this codebook, the word ends the doubt that the older one had left.
  return known.status === 'accepted' || isOlder(word)
}

/** A word from another codebook stands, as no model may overrule a person, but a person should look again. */
export function markOlderWord(classification: Classification, answer: StoredAnswer): Classification {
  if (answer.source !== 'person' || !isOlder(answer)) return classification
  const message = `a person decided this by codebook ${answer.codebookVersion}, which is not the one in use`
  return {
    ...classification,
    status: 'needs-review',
    issues: [...classification.issues, { code: 'older-codebook', message }],
  }
}

function isOlder(word: StoredAnswer): boolean {
  return word.codebookVersion !== CODEBOOK_VERSION
}
