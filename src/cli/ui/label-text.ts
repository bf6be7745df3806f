/** Labels and sources as texts for people: codes with their titles, and what decided by a codebook that has no rules. */
import { labelText } from '../../catalogue/results-writer.ts'
import { codebookNameOf } from '../../classification/result-body.ts'
import type { LabelValue, Source } from '../../classification/types.ts'
import { codeOf } from '../../codebooks/built-in.ts'
import { titledCode } from '../../codebooks/code-list.ts'
import type { Codebook } from '../../codebooks/codebook.ts'
import { formatCount } from './terminal.ts'

/** Writes a label, in which the codes of a code list have their titles; "" for no label. */
export function shownLabel(codebook: Codebook | undefined, field: string, label: LabelValue): string {
  const type = codebook?.field.get(field)?.type
  if (type?.kind !== 'codes' || label === null) return labelText(label)
  return [label]
    .flat()
    .map((code) => titledCode(type.list, String(code)))
    .join('; ')
}

/** The name of a source. By a codebook without rules, what no model and no person decided was decided by nothing. */
export function sourceName(source: string, codebook: string): string {
  return source === 'rules' && codeOf(codebookNameOf(codebook)) === null ? 'nothing' : source
}

/**
 * Lists the sources that decided any indicator by `codebook`, a name with or without its version, as in "rules 80, model 5";
 * returns an empty text where no source decided one.
 */
export function formatSources(
  counts: Readonly<Partial<Record<Source | 'unchanged', number>>>,
  codebook: string,
): string {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([source, count]) => `${sourceName(source, codebook)} ${formatCount(count)}`)
    .join(', ')
}
