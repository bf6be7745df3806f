/** Sources as texts for people: by a codebook that has no rules, nothing decided what no model and no person did. */
import { codebookNameOf } from '../../classification/result-body.ts'
import type { Source } from '../../classification/types.ts'
import { codeOf } from '../../codebooks/built-in.ts'
import { formatCount } from './terminal.ts'

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
