/** When a human answer decides an indicator, when a result already rests on human answers, and how a human answer of another codebook is marked. */
import { isSameLabel } from '../../classification/fields.ts'
import type { PreparedScheme } from '../../classification/scheme.ts'
import type { Classification } from '../../classification/types.ts'
import { isValueOf } from '../../codebooks/codebook.ts'
import type { StoredAnswer } from '../../store/types.ts'

/**
 * Whether the codebook has all labels of the answer. An answer with a label or a field that was dropped decides nothing any
 * more.
 */
export function hasKnownLabels({ codebook }: PreparedScheme, { decision }: StoredAnswer): boolean {
  const labels = Object.entries(decision.labels)
  return labels.every(([name, label]) => {
    const field = codebook.field.get(name)
    return field !== undefined && isValueOf(field, label)
  })
}

/** Whether the result `known` is already the one that the human answers would give, so that nothing has to change. */
export function restsOnHumanAnswers(
  scheme: PreparedScheme,
  known: Classification,
  answers: readonly StoredAnswer[],
): boolean {
  const differs = answers.some(({ decision }) =>
    Object.entries(decision.labels).some(([name, label]) => !isSameLabel(known.labels[name], label)),
  )
  if (known.source !== 'person' || differs) return false
  // A person who gave the answer again under this codebook has ended the doubt about it, so a result still marked as
  // doubtful is out of date.
  return known.status !== 'needs-review' || answers.some((answer) => answer.codebookHash !== scheme.hash)
}

/**
 * Marks a result that rests on a human answer of another codebook: the result stands, as no model may overrule a
 * person, but a person should look at the indicator again.
 */
export function markOlderHumanAnswer(
  { hash }: Pick<PreparedScheme, 'hash'>,
  classification: Classification,
  answers: readonly StoredAnswer[],
): Classification {
  const older = answers.find((answer) => answer.source === 'person' && answer.codebookHash !== hash)
  if (older === undefined) return classification
  const message = `a person decided this by codebook ${older.codebook}, which is not the one in use`
  return {
    ...classification,
    status: 'needs-review',
    issues: [...classification.issues, { code: 'older-codebook', message }],
  }
}
