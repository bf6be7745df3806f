/** Writes human decisions as a gold file for `eval`: one JSON object a line, with an indicator and its labels. */
import { askableFields } from '../../classification/fields.ts'
import type { Codebook } from '../../codebooks/codebook.ts'
import { toVisibleJson } from '../../lib/visible-text.ts'
import type { Store, StoredDecision } from '../../store/types.ts'

/** Yields a line for each decision by this codebook, of one catalogue or of all. */
export async function* goldLines(store: Store, codebook: Codebook, catalogue?: string): AsyncGenerator<string> {
  const options = { codebook: codebook.name, ...(catalogue === undefined ? {} : { catalogue }) }
  for await (const page of store.exportDecisions(options)) {
    for (const decision of page) yield `${goldLine(codebook, decision)}\n`
  }
}

/** A label that is missing says nothing where the field needs one, so it is left out. */
export function goldLine(codebook: Codebook, { indicator, labels: decided }: StoredDecision): string {
  const labels = askableFields(codebook).flatMap(({ name, nullable }) => {
    const label = decided[name] ?? null
    return label === null && !nullable ? [] : [[name, label] as const]
  })
  const { indicator_id, name, sample_values, ...texts } = indicator
  return toVisibleJson({ indicator_id, name, ...texts, sample_values, labels: Object.fromEntries(labels) })
}
